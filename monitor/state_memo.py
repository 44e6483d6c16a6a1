"""Stored states that were read lately, so that the same text is not parsed again.

A state is a pure function of its stored text, and the text is compared before a memory is used:
what the ledger holds decides, never what this process remembers.
"""

from collections import OrderedDict

from monitor.clinical.state import PatientState, load_state
from monitor.ledger.entries import PatientKey

PATIENTS_MAX = 2048  # about 120 kB each with 20 facts


class StateMemo:
    """The states of the patients touched last, at most `patients_max` of them."""

    def __init__(self, patients_max: int = PATIENTS_MAX) -> None:
        self._patients_max = patients_max
        self._known: OrderedDict[PatientKey, tuple[str, PatientState]] = OrderedDict()

    def read(self, patient: PatientKey, document: str) -> PatientState:
        """The state that a stored text says. Raises what `load_state` raises."""
        known = self._known.get(patient)
        if known is not None and known[0] == document:
            return known[1]
        state = load_state(document)
        self.remember(patient, document, state)
        return state

    def remember(self, patient: PatientKey, document: str, state: PatientState) -> None:
        """Keep a state with the text that says it."""
        self._known[patient] = (document, state)
        self._known.move_to_end(patient)
        if len(self._known) > self._patients_max:
            self._known.popitem(last=False)
