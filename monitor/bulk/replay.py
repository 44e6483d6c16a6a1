"""A patient's accepted events once more, in the ledger's order: the same facts and notices.

Pure. What was refused is not among them, so the marks of an incomplete patient do not come back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.clinical.findings import Notice
from monitor.clinical.state import PatientState
from monitor.clinical.transitions import (
    Arrival,
    Beside,
    Moved,
    RulesChanged,
    Ruleset,
    apply,
)
from monitor.ledger.entries import AcceptedRow, PatientKey
from monitor.wire.closed_day import CLOCK_TOPIC
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Delivery, Event, Rejection
from monitor.wire.rules_changed import RULES_TOPIC, read_rules_event

RulesetOf = Callable[[str], Ruleset | None]  # the recorded rules with this hash
Decoder = Callable[[Delivery], Event | Rejection]


class ReplayBroken(Exception):
    """An accepted event is missing, or this program cannot read it: stop, never guess."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """The state after all events, and every notice on the way."""

    state: PatientState
    notices: tuple[Notice, ...]


def replay(
    patient: PatientKey,
    accepted: Sequence[AcceptedRow],
    ruleset: Ruleset,
    decoder: Decoder,
    ruleset_of: RulesetOf = lambda _hash: None,
    first: Ruleset | None = None,
) -> Replayed:
    """Apply a patient's events as `Ledger.accepted` gives them. Raises ReplayBroken.

    `ruleset` holds for a patient whose rules never changed; a recorded change says which held
    before it, and which after it, and `ruleset_of` gives both. Where the ones before it are not
    known by their hash, as an older program spelt it, they are the ones recorded `first`.
    """
    changes = [read_rules_event(row.value) for row in accepted if row.topic == RULES_TOPIC]
    if changes:
        ruleset = _recorded(changes[0].from_hash, ruleset_of, first)
    state = PatientState(study_id=patient.study_id, patient_id=patient.patient_id)
    notices: list[Notice] = []
    for row in accepted:
        number = row.arrival if row.patient == patient else row.moved_arrival
        if number != state.version + 1:
            raise ReplayBroken(f"arrival {state.version + 1} is missing")
        if row.topic == RULES_TOPIC:
            ruleset = _recorded(read_rules_event(row.value).to_hash, ruleset_of)
        outcome = apply(state, _arrival(row, patient, decoder), ruleset)
        state = outcome.state
        notices += outcome.notices
    return Replayed(state, tuple(notices))


def _recorded(config_hash: str, ruleset_of: RulesetOf, otherwise: Ruleset | None = None) -> Ruleset:
    found = ruleset_of(config_hash) or otherwise
    if found is None:
        raise ReplayBroken("rules that a patient stood under were never recorded")
    return found


def once_more(row: AcceptedRow, decoder: Decoder) -> tuple[Delivery, Event | Rejection]:
    """The delivery of an inbox row, read again: by `decoder`, or a closed day as a file's line."""
    place = (row.topic, row.partition, row.offset)
    delivery = Delivery(*place, row.message_key, tuple(row.headers), row.value)
    if row.topic == CLOCK_TOPIC:
        return delivery, decode_line(row.value or b"")
    return delivery, decoder(delivery)


def _arrival(row: AcceptedRow, patient: PatientKey, decoder: Decoder) -> Arrival:
    source, event_id = row.key
    if row.patient != patient:
        return Arrival(source, event_id, row.received_at, Moved(row.record_id))
    if row.topic == RULES_TOPIC:
        return Arrival(source, event_id, row.received_at, RulesChanged())
    if row.outcome == "stale":
        return Arrival(source, event_id, row.received_at, None)
    _, event = once_more(row, decoder)
    if isinstance(event, Rejection):
        raise ReplayBroken(f"arrival {row.arrival} cannot be read any more: {event.reason}")
    change = Beside(event.fact) if row.outcome == "beside" else event.fact
    return Arrival(source, event_id, row.received_at, change)
