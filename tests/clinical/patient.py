"""A patient of the pure core: facts are told one after the other, nothing else is there."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from monitor.clinical.findings import Notice
from monitor.clinical.parameters import Parameters
from monitor.clinical.state import PatientState, dump_state, load_state
from monitor.clinical.timeline import timeline
from monitor.clinical.transitions import Arrival, Ruleset, apply
from tests.clinical.facts import FIRST_DAY, PATIENT, STUDY, Given, number_of, on

DETECTED_AT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def parameters(rules: Mapping[str, object]) -> Parameters:
    """The defaults, but for dotted keys such as `recist.pd_abs`."""
    nested: dict[str, Any] = {}
    for key, value in rules.items():
        *tables, name = key.split(".")
        inner = nested
        for table in tables:
            inner = inner.setdefault(table, {})
        inner[name] = value
    return Parameters.model_validate(nested)


class Patient:
    """`notices` holds every notice so far; the state goes through its stored form each time.

    `today` is the day number on which facts are detected.
    """

    def __init__(self, rules: Mapping[str, object] | None = None) -> None:
        self.ruleset = Ruleset("test", parameters(rules or {}))
        self.state = PatientState(study_id=STUDY, patient_id=PATIENT)
        self.notices: list[Notice] = []
        self.today = (DETECTED_AT.date() - FIRST_DAY).days
        self._count = 0

    def tell(self, given: Given) -> list[str]:
        """Tell one fact; returns the notices it caused as `action FINDING`."""
        self._count += 1
        detected_at = datetime.datetime.fromisoformat(f"{on(self.today)}T00:00:00Z")
        arrival = Arrival(given.source, f"e{self._count}", detected_at, given.fact())
        outcome = apply(self.state, arrival, self.ruleset)
        document = dump_state(outcome.state)
        self.state = load_state(document)
        assert dump_state(self.state) == document
        self.notices += outcome.notices
        return [f"{one.said.action} {one.said.finding}" for one in outcome.notices]

    def tell_all(self, givens: Sequence[Given]) -> "Patient":
        for given in givens:
            self.tell(given)
        return self

    def timeline(self) -> Any:
        return timeline(self.state, self.ruleset)

    def standing(self) -> list[str]:
        """Findings that stand, as `FINDING @day record ids`, sorted."""
        return sorted(
            f"{row['finding']} @{number_of(row['effective_on'])} {' '.join(row['evidence'])}"
            for row in self.timeline()["standing_findings"]
        )

    def last(self, finding: str) -> Notice:
        """The latest notice about a finding of this name."""
        return [notice for notice in self.notices if notice.said.finding == finding][-1]
