"""What the ledger holds of all that a batch touches, its refused deliveries among it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from monitor.ledger.closings import ClosedAs, DeliveryKey
from monitor.ledger.entries import EventKey, Loaded, PatientKey, RecordKey, TopicPartition
from monitor.ledger.port import Ledger
from monitor.ledger.redrive import redriven_from
from monitor.ledger.refusals import Refused
from monitor.ledger.standing import patient_of
from monitor.quarantine import place_of
from monitor.wire.closed_day import CLOCK_TOPIC
from monitor.wire.delivery import Delivery, Event, Rejection

Batch = Sequence[tuple[Delivery, Event | Rejection]]


async def touched(ledger: Ledger, group: str, batch: Batch) -> Loaded:
    """Read what deciding a batch needs.

    How many open refusals mark a patient is read after the state that guards it: whoever changes
    that number writes the state too. Refusals of further patients, and those that redrives name or
    a restart brought back, take another round, which is rare.
    """
    sent = [delivery for delivery, _ in batch if delivery.topic != CLOCK_TOPIC]
    settling = _names(event for one, event in batch if one.topic != CLOCK_TOPIC)
    events, records, patients = _names(event for _, event in batch)
    everybody = set(patients)
    partitions = sorted({TopicPartition(one.topic, one.partition) for one in sent})
    places = {named for one in sent if (named := redriven_from(one)) is not None}
    while True:
        loaded = await ledger.load(group, events, records, sorted(everybody), partitions)
        refused = await ledger.refusals(*settling, sorted(places))
        more = {*_redelivered(sent, loaded), *_redriven_on(refused)} - places
        if not more and refused.marks.keys() <= everybody:
            return replace(loaded, refused=refused)
        places |= more
        everybody |= refused.marks.keys()


def _names(
    decoded: Iterable[Event | Rejection],
) -> tuple[list[EventKey], list[RecordKey], list[PatientKey]]:
    """The events, records and patients that are named."""
    events = [one for one in decoded if isinstance(one, Event)]
    return (
        sorted({EventKey(one.source, one.event_id) for one in events}),
        sorted({RecordKey(one.source, one.fact.record_id) for one in events}),
        sorted(set(map(patient_of, events))),
    )


def _redelivered(sent: Sequence[Delivery], loaded: Loaded) -> Iterable[DeliveryKey]:
    """Places of deliveries that were recorded before: they may have been refused then."""
    for delivery in sent:
        place = TopicPartition(delivery.topic, delivery.partition)
        if delivery.offset <= loaded.offsets.get(place, -1):
            yield place_of(delivery)


def _redriven_on(refused: Refused) -> Iterable[DeliveryKey]:
    """Places at which refused deliveries were refused once more."""
    for one in refused.refusals:
        if one.closed_as is ClosedAs.REFUSED_AGAIN and one.closed_by is not None:
            yield one.closed_by
