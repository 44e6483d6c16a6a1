"""The decisions of one batch: deliveries folded one by one over what the ledger holds.

Pure: reads no clock and writes nothing. The second copy of an event in a batch is a duplicate and
the second fact of a patient sees the first, because everything goes through one overlay.
"""

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.clinical.state import PatientState, dump_state, load_state
from monitor.clinical.transitions import (
    Arrival,
    Beside,
    Moved,
    Outcome,
    Ruleset,
    apply,
    as_broken,
    with_refused,
)
from monitor.ledger.entries import (
    AcceptedRow,
    Changes,
    EventKey,
    Loaded,
    NoticeRow,
    OffsetAdvance,
    PatientKey,
    QuarantineRow,
    RecordKey,
    RecordRow,
    StateRow,
)
from monitor.ledger.standing import Effect, Verdict, judge, patient_of
from monitor.recording import (
    Place,
    Receipt,
    accepted_row,
    notice_row,
    quarantine_row,
    refusal,
    too_large,
)
from monitor.wire.delivery import Delivery, Event, Reason, Rejection

RulesFor = Callable[[str], Ruleset | None]
DetectedAt = Callable[[Event, datetime.date | None], datetime.datetime]


@dataclass(slots=True)
class _Patient:
    """A patient in the overlay: the row that was loaded, and the state as the batch left it.

    `written` is the latest state that was written out, and its text: no state is written twice.
    """

    loaded: StateRow | None
    state: PatientState
    next_due_on: datetime.date | None
    ruleset_hash: str
    changed: bool = False
    written: tuple[PatientState, str] | None = None


class Fold:
    """One batch. Feed `take` in arrival order, then ask for the `changes`."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        rules_for: RulesFor,
        detected_at: DetectedAt,
        deployment: str,
    ) -> None:
        self._loaded = loaded
        self._rules_for = rules_for
        self._detected_at = detected_at
        self._deployment = deployment
        self._events = dict(loaded.events)
        self._records: dict[RecordKey, RecordRow] = dict(loaded.records)
        self._patients: dict[PatientKey, _Patient] = {}
        self._accepted: list[AcceptedRow] = []
        self._notices: list[NoticeRow] = []
        self._quarantined: list[QuarantineRow] = []
        self.receipts: list[Receipt] = []

    def take(self, delivery: Delivery, decoded: Event | Rejection, at: datetime.datetime) -> None:
        """Decide one delivery. Raises what our own rules raise; nothing of it is kept then."""
        event = decoded if isinstance(decoded, Event) else None
        rejection = self._accept(delivery, decoded) if isinstance(decoded, Event) else decoded
        if rejection is not None:
            self.refuse(delivery, rejection, at, event)

    def refuse(
        self, delivery: Delivery, rejection: Rejection, at: datetime.datetime, event: Event | None
    ) -> None:
        """Put a delivery into quarantine with its original bytes; `event` where it was decoded."""
        self._quarantined.append(quarantine_row(delivery, rejection, at, event))
        self.receipts.append(Receipt(delivery, "rejected", rejection))

    def flag_broken(self, patient: PatientKey) -> None:
        """Mark a patient whose fact failed in our own code; nothing is due until the next fact."""
        held = self._patient(patient)
        held.state, held.next_due_on = as_broken(held.state), None
        held.changed = True

    def _accept(self, delivery: Delivery, event: Event) -> Rejection | None:
        """Accept an event, or say why not. The overlay changes only at the end."""
        key = EventKey(event.source, event.event_id)
        known = self._events.get(key)
        if known is not None:
            if known != event.content_hash:
                return refusal(event, Reason.DUPLICATE_CONFLICT)
            self.receipts.append(Receipt(delivery, "duplicate"))
            return None
        ruleset = self._rules_for(event.fact.study_id)
        if ruleset is None:
            return refusal(event, Reason.UNKNOWN_STUDY)
        record_key = RecordKey(event.source, event.fact.record_id)
        verdict = judge(self._records.get(record_key), event)
        if verdict.effect is Effect.CONFLICT:
            self._note_refused(record_key, verdict)
            return refusal(event, Reason.VERSION_CONFLICT)
        return self._apply(delivery, event, record_key, verdict, ruleset)

    def _note_refused(self, record_key: RecordKey, verdict: Verdict) -> None:
        self._records[record_key] = verdict.row
        self._set_refused(verdict.row.patient, record_key, verdict.row.refused_version)

    def _set_refused(self, key: PatientKey, record_key: RecordKey, version: int | None) -> None:
        held = self._patient(key)
        state = with_refused(held.state, *record_key, version)
        held.changed = held.changed or state is not held.state
        held.state = state

    def _apply(
        self,
        delivery: Delivery,
        event: Event,
        record_key: RecordKey,
        verdict: Verdict,
        ruleset: Ruleset,
    ) -> Rejection | None:
        row = self._records.get(record_key)
        day_before = self._patient(row.patient).state.day_of_record(record_key) if row else None
        named = (event.source, event.event_id, self._detected_at(event, day_before))
        fact, loser = event.fact, verdict.moved_from
        change = {Effect.STANDS: fact, Effect.BESIDE: Beside(fact)}.get(verdict.effect)
        arrivals = [(patient_of(event), Arrival(*named, change), ruleset)]
        if loser is not None:
            rules = self._rules_for(loser.study_id) or ruleset
            arrivals.insert(0, (loser, Arrival(*named, Moved(fact.record_id)), rules))
        outcomes = [
            (key, rules, apply(self._patient(key).state, arrival, rules))
            for key, arrival, rules in arrivals
        ]
        said = tuple(notice for _, _, done in outcomes for notice in done.notices)
        rows = [notice_row(notice, self._deployment) for notice in said]
        after = outcomes[-1][2].state
        document = dump_state(after)
        if too_large(fact, after, document, rows):
            return refusal(event, Reason.TOO_LARGE)
        self._keep(outcomes)
        self._patient(patient_of(event)).written = (after, document)
        self._records[record_key] = verdict.row
        self._sync_refused(record_key, verdict)
        self._notices += rows
        self._remember(delivery, event, loser, named[2], verdict.effect.value)
        outcome = "stale" if verdict.effect is Effect.STALE else "applied"
        self.receipts.append(Receipt(delivery, outcome, None, said))
        return None

    def _keep(self, outcomes: Sequence[tuple[PatientKey, Ruleset, Outcome]]) -> None:
        for key, rules, outcome in outcomes:
            held = self._patient(key)
            held.state, held.next_due_on = outcome.state, outcome.next_due_on
            held.ruleset_hash, held.changed = rules.parameters.config_hash, True

    def _sync_refused(self, record_key: RecordKey, verdict: Verdict) -> None:
        """Let the patient for whom the record stands carry its unanswered conflict."""
        for key in {verdict.moved_from, verdict.row.patient} - {None}:
            refused = verdict.row.refused_version if key == verdict.row.patient else None
            self._set_refused(key, record_key, refused)  # type: ignore[arg-type]

    def _remember(
        self,
        delivery: Delivery,
        event: Event,
        moved_from: PatientKey | None,
        at: datetime.datetime,
        outcome: str,
    ) -> None:
        place = Place(
            arrival=self._patient(patient_of(event)).state.version,
            outcome=outcome,
            moved_from=moved_from,
            moved_arrival=self._patient(moved_from).state.version if moved_from else None,
        )
        row = accepted_row(delivery, event, place, at)
        self._events[row.key] = event.content_hash
        self._accepted.append(row)

    def _patient(self, key: PatientKey) -> _Patient:
        held = self._patients.get(key)
        if held is None:
            row = self._loaded.states.get(key)
            state = (
                load_state(row.document)
                if row
                else PatientState(study_id=key.study_id, patient_id=key.patient_id)
            )
            held = _Patient(
                row, state, row.next_due_on if row else None, row.ruleset_hash if row else ""
            )
            self._patients[key] = held
        return held

    def changes(self, group: str, offsets: Sequence[OffsetAdvance]) -> Changes:
        """Everything that one transaction has to write."""
        return Changes(
            group=group,
            offsets=offsets,
            accepted=self._accepted,
            records={
                key: (self._loaded.records.get(key), row)
                for key, row in self._records.items()
                if row is not self._loaded.records.get(key)
            },
            states={
                key: (held.loaded, self._state_row(held))
                for key, held in self._patients.items()
                if held.changed
            },
            notices=self._notices,
            quarantined=self._quarantined,
        )

    def _state_row(self, held: _Patient) -> StateRow:
        state, written = held.state, held.written
        return StateRow(
            version=state.version,
            document=written[1] if written and written[0] is state else dump_state(state),
            next_due_on=held.next_due_on,
            ruleset_hash=held.ruleset_hash,
            incomplete=state.incomplete,
        )
