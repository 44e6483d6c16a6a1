"""RETRACTION_AFTER_ACTION from the sequence of what was told (clinical-rules 4.2, 4.4)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from tests.auditor.judge import Judgement, finding_id, row
from tests.auditor.series import episode_at, episodes_of
from tests.auditor.values import Found, Record, day, of_kind

NAME: Final = "RETRACTION_AFTER_ACTION"
# Those whose withdrawal is told loudly, in catalogue order.
LOUD: Final = (
    *("RADIOGRAPHIC_PD", "OLIGOPROGRESSION", "POLYPROGRESSION"),
    *("MDT_REVIEW_REQUESTED", "SYSTEMIC_THERAPY_TRANSITION_TRIGGER"),
)
Key = tuple[str, str]
Row = Mapping[str, Any]


def actions_since(records: Sequence[Record], since: date) -> list[Record]:
    """Systemic therapies, local therapies of a new round and reviews on or after the day."""
    local = of_kind(records, "therapy.local")
    before = {t.data["round"] for t in local if t.clinical_day < since}
    acts = [t for t in local if t.data["round"] not in before]
    acts += of_kind(records, "therapy.systemic") + of_kind(records, "review.held")
    return [act for act in acts if act.clinical_day >= since]


def place(shown: Row, records: Sequence[Record]) -> tuple[str, int]:
    """Whose place a finding takes: those of its name in the episode of its date."""
    episode = episode_at(episodes_of(records), day(shown["effective_on"]))
    return (shown["finding"], episode.number)


class Retractions:
    """One patient's, taken after every single fact.

    `step` is given what `judgement` said after the fact, the standing records then, and the day
    on which the fact was detected.
    """

    def __init__(self, study: str, patient: str) -> None:
        self._study, self._patient = study, patient
        self._told: dict[str, Row] = {}
        self._keys: dict[str, tuple[Key, ...]] = {}
        self._made: dict[tuple[Key, tuple[Key, ...]], Found] = {}
        self._gone: list[tuple[Row, tuple[Key, ...], date]] = []  # and the day of detection

    def step(
        self,
        judged: Judgement,
        records: Sequence[Record],
        detected: date,
    ) -> None:
        """Take the state after one fact."""
        rows = judged.document["standing_findings"]
        now = {r["finding_id"]: r for r in rows if not r["held"]}
        self._gone = [gone for gone in self._gone if gone[0]["finding_id"] not in now]
        if judged.document["enrolled"]:  # what goes with the enrolment makes none
            self._act(records, detected)
            self._withdraw(now, records, detected)
        self._told = now
        self._keys = {name: judged.keys[name] for name in now}

    def _withdraw(self, now: Mapping[str, Row], records: Sequence[Record], detected: date) -> None:
        fresh = [shown for name, shown in now.items() if name not in self._told]
        places = {place(shown, records) for shown in fresh}
        for name, shown in self._told.items():
            if name in now or shown["finding"] not in LOUD or place(shown, records) in places:
                continue  # it stands, is told in no such way, or another came in its place
            evidence = self._keys[name]
            self._gone.append((shown, evidence, detected))
            for act in actions_since(records, day(shown["effective_on"])):
                self._make(act, shown, evidence, detected)

    def _act(self, records: Sequence[Record], detected: date) -> None:
        """An action that comes, or is dated so, later: between the finding and its withdrawal."""
        for shown, evidence, withdrawn in self._gone:
            for act in actions_since(records, day(shown["effective_on"])):
                if act.clinical_day <= withdrawn:
                    self._make(act, shown, evidence, detected)

    def _make(self, act: Record, shown: Row, evidence: tuple[Key, ...], detected: date) -> None:
        identifying = sorted({act.key, *evidence})
        empty = Found(NAME, detected, identifying, {"withdrawn": []})
        made = self._made.setdefault((act.key, evidence), empty)
        names = {*made.details["withdrawn"], shown["finding"]}
        made.details["withdrawn"] = [one for one in LOUD if one in names]

    def rows(self, *, held: bool) -> list[dict[str, Any]]:
        """What stands of them; `held` without an enrolment: then they are not told."""
        return [row(self._study, self._patient, f, held=held) for f in self._made.values()]

    def keys(self) -> dict[str, tuple[Key, ...]]:
        """The identifying evidence of each of them, by finding id."""
        made = self._made.values()
        named = (self._study, self._patient)
        return {finding_id(*named, found): tuple(found.identifying) for found in made}
