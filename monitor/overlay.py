"""The patients of a batch: as the ledger holds them, and as the batch has left them so far.

A state is written out as text only where the ledger keeps it, or where its size could matter.
"""

import datetime
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.clinical.course import course_of
from monitor.clinical.schedule import next_due_on
from monitor.clinical.state import PatientState, dump_state, load_state
from monitor.clinical.transitions import Outcome, Ruleset, as_broken, with_refused
from monitor.ledger.entries import PatientKey, RecordKey, StateRow
from monitor.recording import state_row

log = logging.getLogger(__name__)

STATE_BYTES_MAX = 1024 * 1024  # of one patient: it is read and written again with every fact
REFUSED_BYTES_MAX = 4096  # of a refused version: source, record id and number


@dataclass(slots=True)
class OverlaidPatient:
    """A patient in the overlay: the row that was loaded, and the state as the batch left it.

    `written` is the latest state that was written out, and its text: no state is written twice.
    `bytes_max` is a number of bytes that the text of the present state does not exceed.
    """

    loaded: StateRow | None
    state: PatientState
    next_due_on: datetime.date | None
    ruleset_hash: str
    bytes_max: int
    changed: bool = False
    written: tuple[PatientState, str] | None = None

    def keep(self, outcome: Outcome, ruleset: Ruleset, growth: int) -> None:
        """Take what an arrival left; `growth` is how many bytes it can have added at most."""
        self.state, self.next_due_on = outcome.state, outcome.next_due_on
        self.ruleset_hash, self.changed = ruleset.parameters.config_hash, True
        self.bytes_max += growth

    def set_refused(self, record: RecordKey, version: int | None) -> None:
        """Note, or with None forget, a version that was refused as a conflict."""
        state = with_refused(self.state, *record, version)
        if state is not self.state:
            self.state, self.changed = state, True
            self.bytes_max += REFUSED_BYTES_MAX

    def flag_broken(self) -> None:
        """Mark the patient incomplete; nothing is due until the next fact."""
        self.state, self.next_due_on = as_broken(self.state), None
        self.changed = True

    def unmark(self, ruleset: Ruleset | None) -> None:
        """Take away the mark of `flag_broken`; what is due is what the facts say again."""
        if self.state.broken:
            due = next_due_on(course_of(self.state, ruleset.parameters)) if ruleset else None
            self.state, self.next_due_on = as_broken(self.state, broken=False), due
            self.changed = True

    def outgrows(self, after: PatientState, growth: int) -> bool:
        """Whether a state is larger than may be kept, and larger than the present one."""
        if after.full and sum(1 for _ in after.records) > sum(1 for _ in self.state.records):
            return True
        if self.bytes_max + growth <= STATE_BYTES_MAX:
            return False
        before, size = len(self.text(self.state).encode()), len(self.text(after).encode())
        self.bytes_max = before
        return size > max(before, STATE_BYTES_MAX)

    def text(self, state: PatientState) -> str:
        """A state as it is written; the latest one is remembered."""
        if self.written is None or self.written[0] is not state:
            self.written = (state, dump_state(state))
        return self.written[1]


class Overlay:
    """The patients that a batch touches."""

    def __init__(self, loaded: Mapping[PatientKey, StateRow]) -> None:
        self._loaded = loaded
        self._patients: dict[PatientKey, OverlaidPatient] = {}

    def patient(self, key: PatientKey) -> OverlaidPatient:
        """The patient as the batch left it so far. Raises ValueError for a damaged state."""
        held = self._patients.get(key)
        if held is None:
            held = self._patients[key] = _overlaid(key, self._loaded.get(key))
        return held

    def count_marks(
        self, key: PatientKey, left: int, rules_for: Callable[[str], Ruleset | None]
    ) -> None:
        """Note that fewer are open of a patient that failed in our own code: `left` still are.

        With the last one the patient is complete again. The row is written in any case: it guards
        their number. A state that cannot be read, or whose due day cannot be told, stays marked.
        """
        try:
            held = self.patient(key)
            held.changed |= held.loaded is not None
            if left <= 0:
                held.unmark(rules_for(key.study_id))
        except Exception as problem:  # noqa: BLE001 - any error of ours is this patient's alone
            log.error("a mark could not be taken away: %s", type(problem).__name__)  # noqa: TRY400

    def changes(self) -> dict[PatientKey, tuple[StateRow | None, StateRow]]:
        """Every patient whom the batch changed: the row that was loaded, and the new one."""
        return {
            key: (
                held.loaded,
                state_row(held.state, held.text(held.state), held.next_due_on, held.ruleset_hash),
            )
            for key, held in self._patients.items()
            if held.changed
        }


def _overlaid(key: PatientKey, row: StateRow | None) -> OverlaidPatient:
    if row is None:
        state = PatientState(study_id=key.study_id, patient_id=key.patient_id)
        document = dump_state(state)
        size = len(document.encode())
        return OverlaidPatient(None, state, None, "", size, written=(state, document))
    state, size = load_state(row.document), len(row.document.encode())
    return OverlaidPatient(
        row, state, row.next_due_on, row.ruleset_hash, size, written=(state, row.document)
    )
