"""Two snapshots of the same tables: what is new or changed is sent, what vanished is held.

Nothing is taken away because it is not there any more: a row that vanished keeps its record as it
was, until somebody confirms it (clinical habit: absence means nothing). A row that is refused has
not vanished, nor has what it may belong to.
"""

from collections.abc import Mapping
from dataclasses import replace

from monitor.wire.adapters.conversion import (
    Conversion,
    Held,
    Made,
    Place,
    RecordKey,
    RowKey,
    made,
)
from monitor.wire.codec import TYPE_PREFIX, VERSION_SUFFIX

_COMMON = ("study_id", "patient_id", "record_id")


def since(
    previous: Conversion,
    current: Conversion,
    version: int,
    *,
    confirmed: bool,
    surely: Conversion | None = None,
) -> Conversion:
    """What to send after `previous` was sent: `current`, made with the higher `version`.

    What says the same is left out. A record that vanished, or changed while a row of it did, is
    held; with `confirmed` it is sent without the row, or as entered in error. Where options decide
    what `previous` gives, only what `surely` gives too was sent without doubt.
    """
    current = replace(current, compared=True, unread=len(previous.refusals))
    if not current.readable:
        return current
    before = {event.key: event for event in previous.events}
    sent = {event.key: event.fingerprint for event in (surely or previous).events}
    events, held = list[Made](), list[Held]()
    unchanged = again = 0
    gone, spared = _vanished(before, current)
    for event in current.events:
        earlier = before.get(event.key)
        same = earlier is not None and earlier.fingerprint == event.fingerprint
        if same and sent.get(event.key) == event.fingerprint:
            unchanged += 1
        elif earlier is None or same or not (lost := _lost(earlier, event)):
            again += same
            events.append(event)
        elif not confirmed:
            held.append(_held(earlier, lost))
        elif _spared(event, current):
            spared += 1
        else:
            events.append(event)
    events += (_taken_away(event, version) for event in gone if confirmed)
    held += (_held(event, event.rows) for event in gone if not confirmed)
    found = replace(current, events=tuple(events), held=tuple(held))
    return replace(found, unchanged=unchanged, spared=spared, again=again)


def _spared(event: Made, current: Conversion) -> bool:
    """Whether what is lost of a record may stand in a refused row."""
    return bool({None, event.patient} & current.blocked)


def _vanished(before: Mapping[RecordKey, Made], current: Conversion) -> tuple[list[Made], int]:
    """The records that are there no more, and how many more a refused row may be of."""
    there = {event.key for event in current.events} | current.withheld
    absent = [event for key, event in before.items() if key not in there]
    gone = [event for event in absent if not _spared(event, current)]
    return gone, len(absent) - len(gone)


def _lost(earlier: Made, event: Made) -> Mapping[RowKey, Place]:
    return {key: place for key, place in earlier.rows.items() if key not in event.rows}


def _held(earlier: Made, lost: Mapping[RowKey, Place]) -> Held:
    return Held(next(iter(lost.values())), len(lost), earlier.source)


def _taken_away(event: Made, version: int) -> Made:
    """The record as entered in error: it needs the common fields only (contract 2)."""
    content = {name: event.content[name] for name in _COMMON}
    content |= {"record_version": version, "status": "entered_in_error"}
    kind = event.type.removeprefix(TYPE_PREFIX).removesuffix(VERSION_SUFFIX)
    return made(kind, event.source, content, event.rows)
