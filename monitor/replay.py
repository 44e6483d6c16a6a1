"""A patient's accepted events once more, in the ledger's order: the same facts and notices.

Pure. What was refused is not among them, so the marks of an incomplete patient do not come back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from monitor.clinical.findings import Notice
from monitor.clinical.state import PatientState
from monitor.clinical.transitions import (
    Arrival,
    Beside,
    Moved,
    Outcome,
    RulesChanged,
    Ruleset,
    apply,
)
from monitor.ledger.entries import AcceptedRow, PatientKey
from monitor.ledger.rows import arrival_of
from monitor.wire.codec import TOPIC_OF, decode, decode_line
from monitor.wire.delivery import Delivery, Event, Rejection
from monitor.wire.rules_changed import RULES_TOPIC, read_rules_event
from monitor.wire.told_adopted import TOLD_TOPIC, read_told_adopted

RulesetOf = Callable[[str], Ruleset | None]  # the recorded rules with this hash
Decoder = Callable[[Delivery], Event | Rejection]


class ReplayBroken(Exception):
    """An accepted event is missing, or this program cannot read it: stop, never guess."""


class EventMissing(ReplayBroken):
    """An arrival number is missing."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The state after all events, and every notice on the way."""

    state: PatientState
    notices: tuple[Notice, ...]


class Replay:
    """Takes one patient's events, as `Ledger.accepted` gives them, one after the other.

    `ruleset` holds for a patient whose rules never changed; a recorded change says which held
    before it, and which after it, and `ruleset_of` gives both. Where the ones before it are not
    known by their hash, as an older program spelt it, they are the ones recorded `first`.
    Without a `decoder` an event is read as what its inbox row says that it is.

    Of what was told before a row that adopts it, the notices are not known: `notices` holds those
    after `adopted`, a number of the patient's sequence.
    """

    def __init__(
        self,
        patient: PatientKey,
        accepted: Sequence[AcceptedRow],
        ruleset: Ruleset,
        decoder: Decoder | None = None,
        ruleset_of: RulesetOf = lambda _hash: None,
        first: Ruleset | None = None,
    ) -> None:
        changes = [read_rules_event(row.value) for row in accepted if row.topic == RULES_TOPIC]
        self._patient = patient
        self._decoder = decoder
        self._ruleset_of = ruleset_of
        self.ruleset = _recorded(changes[0].from_hash, ruleset_of, first) if changes else ruleset
        self.state = PatientState(study_id=patient.study_id, patient_id=patient.patient_id)
        self.notices: list[Notice] = []
        self.adopted = 0
        self.last: Outcome | None = None

    def take(self, row: AcceptedRow) -> None:
        """Apply the next event. Raises ReplayBroken."""
        if arrival_of(row, self._patient) != self.state.version + 1:
            raise EventMissing(f"arrival {self.state.version + 1} is missing")
        if row.topic == RULES_TOPIC:
            self.ruleset = _recorded(read_rules_event(row.value).to_hash, self._ruleset_of)
        if row.topic == TOLD_TOPIC:
            before = read_told_adopted(row.value)
            self.state = replace(self.state, told=dict(before.told), sequence=before.sequence)
            self.notices, self.adopted = [], before.sequence
        self.last = apply(self.state, self._arrival(row), self.ruleset)
        self.state = self.last.state
        self.notices += self.last.notices

    def _arrival(self, row: AcceptedRow) -> Arrival:
        source, event_id = row.key
        if row.patient != self._patient:
            return Arrival(source, event_id, row.received_at, Moved(row.record_id))
        if row.topic == RULES_TOPIC:
            return Arrival(source, event_id, row.received_at, RulesChanged())
        if row.outcome == "stale" or row.topic == TOLD_TOPIC:
            return Arrival(source, event_id, row.received_at, None)
        _, event = once_more(row, self._decoder)
        if isinstance(event, Rejection):
            raise ReplayBroken(f"arrival {row.arrival} cannot be read any more: {event.reason}")
        if event.content_hash != row.content_hash:
            raise ReplayBroken(f"arrival {row.arrival} is not what was accepted")
        change = Beside(event.fact) if row.outcome == "beside" else event.fact
        return Arrival(source, event_id, row.received_at, change)


def replay(
    patient: PatientKey,
    accepted: Sequence[AcceptedRow],
    ruleset: Ruleset,
    decoder: Decoder | None = None,
    ruleset_of: RulesetOf = lambda _hash: None,
    first: Ruleset | None = None,
) -> Replayed:
    """Apply all of a patient's events; arguments as for `Replay`. Raises ReplayBroken."""
    course = Replay(patient, accepted, ruleset, decoder, ruleset_of, first)
    for row in accepted:
        course.take(row)
    return Replayed(course.state, tuple(course.notices))


def _recorded(config_hash: str, ruleset_of: RulesetOf, otherwise: Ruleset | None = None) -> Ruleset:
    found = ruleset_of(config_hash) or otherwise
    if found is None:
        raise ReplayBroken("rules that a patient stood under were never recorded")
    return found


def once_more(
    row: AcceptedRow, decoder: Decoder | None = None
) -> tuple[Delivery, Event | Rejection]:
    """The delivery of an inbox row, read again.

    Without a `decoder` as what travels on the topic of its type, whatever name the topic had. What
    travels on none, such as a closed day, is read as a file's line.
    """
    place = (row.topic, row.partition, row.offset)
    delivery = Delivery(*place, row.message_key, tuple(row.headers), row.value)
    plain = TOPIC_OF.get(row.type)
    if plain is None:
        return delivery, decode_line(row.value or b"")
    return delivery, decoder(delivery) if decoder else decode(delivery, {row.topic: plain})
