"""What can differ between what is stored or published and what the accepted events give.

Pure: compares rows, reads and writes nothing.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from msgspec.structs import replace as with_fields

from monitor.clinical.findings import Notice
from monitor.clinical.state import PatientState, dump_state, load_state
from monitor.ledger.archive import Said
from monitor.ledger.entries import NoticeRow, StateRow
from monitor.notified import Copies, Notified, fingerprint, key_of
from monitor.recording import notice_row
from monitor.wire.notices import DEPLOYMENT_PREFIX, encode_binary

# Words may change with the program or with the name of the rules; a notice says the same then.
_WORDING = ("version", "ruleset", "config_hash")


class Kind(StrEnum):
    """The kinds of differences; their names are those of the metric."""

    EVENT_MISSING = "event_missing"
    EVENT_UNREADABLE = "event_unreadable"
    STATE_MISSING = "state_missing"
    STATE_DIFFERS = "state_differs"
    NOTICE_MISSING = "notice_missing"
    NOTICE_UNEXPECTED = "notice_unexpected"
    NOTICE_DIFFERS = "notice_differs"
    WORDING = "wording"
    TOPIC_MISSING = "topic_missing"
    TOPIC_UNEXPECTED = "topic_unexpected"
    TOPIC_DIFFERS = "topic_differs"


MEANING: Mapping[Kind, str] = {
    Kind.EVENT_MISSING: "an accepted event is not in the database any more",
    Kind.EVENT_UNREADABLE: "an accepted event cannot be read or decided as it once was",
    Kind.STATE_MISSING: "a patient with accepted events has no state",
    Kind.STATE_DIFFERS: "a patient's state is not what the accepted events give",
    Kind.NOTICE_MISSING: "a notice follows from the accepted events and is not in the database",
    Kind.NOTICE_UNEXPECTED: "a notice is in the database and does not follow from any event",
    Kind.NOTICE_DIFFERS: "a notice in the database says something else, or is damaged",
    Kind.WORDING: "the same is said in other words, as another version of the program would",
    Kind.TOPIC_MISSING: "a notice was published and is not on its topic",
    Kind.TOPIC_UNEXPECTED: "a notice is on its topic and not in the database",
    Kind.TOPIC_DIFFERS: "a notice is on its topic with another content than in the database",
}
UNREPLAYABLE = frozenset({Kind.EVENT_MISSING, Kind.EVENT_UNREADABLE})
Differences = Counter[Kind]


@dataclass(frozen=True, slots=True)
class Expected:
    """What follows from a patient's accepted events; of `adopted` notices only the topic knows."""

    state: StateRow
    notices: tuple[NoticeRow, ...]
    adopted: int


def state_difference(
    stored: StateRow | None, expected: StateRow, same_rules: Callable[[str, str], bool]
) -> Kind | None:
    """How a stored state differs from the expected one. Raises NewerState."""
    if stored is None:
        return Kind.STATE_MISSING
    if stored.version > expected.version:
        return Kind.EVENT_MISSING
    try:
        held = load_state(stored.document)
    except ValueError:
        return Kind.STATE_DIFFERS
    # Nothing is due of a patient whose last fact could not be decided, until the next one.
    idle = held.broken and stored.next_due_on is None
    due = None if idle else expected.next_due_on
    around = replace(
        expected, document="", revision=0, next_due_on=due, ruleset_hash=stored.ruleset_hash
    )
    if around != replace(stored, document="", revision=0) or not same_rules(
        stored.ruleset_hash, expected.ruleset_hash
    ):
        return Kind.STATE_DIFFERS
    wanted = load_state(expected.document)
    marked = with_fields(held, refused=tuple(sorted(held.refused)))
    if dump_state(marked) == expected.document:
        return None
    return Kind.WORDING if _without_words(marked) == _without_words(wanted) else Kind.STATE_DIFFERS


def _without_words(state: PatientState) -> str:
    told = {
        key: with_fields(said, explanation="", rule_version=1) for key, said in state.told.items()
    }
    return dump_state(with_fields(state, told=told))


def rows_of(
    notices: Sequence[Notice], said: Sequence[Said], deployment_at: Callable[[Notice], str],
    names: frozenset[str],
) -> tuple[NoticeRow, ...]:  # fmt: skip
    """The rows of replayed notices, each in the name of the deployment that recorded it."""
    told_by = {one.row.notice_id: _deployment_of(one.row) for one in said}
    return tuple(
        notice_row(notice, found if (found := told_by.get(notice.notice_id)) in names
                   else deployment_at(notice))
        for notice in notices
    )  # fmt: skip


def _deployment_of(row: NoticeRow) -> str:
    source = dict(row.headers).get("ce_source", b"").decode(errors="replace")
    return source.removeprefix(DEPLOYMENT_PREFIX)


def notice_differences(said: Sequence[Said], expected: Expected) -> Iterator[Kind]:
    """How stored notices differ from the expected ones."""
    wanted = {row.notice_id: row for row in expected.notices}
    for one in said:
        row = wanted.pop(one.row.notice_id, None)
        if row is not None:
            yield from filter(None, [notice_difference(one.row, row)])
        elif one.row.sequence > expected.adopted:
            yield Kind.NOTICE_UNEXPECTED
        elif not is_whole(one.row):
            yield Kind.NOTICE_DIFFERS
    yield from [Kind.NOTICE_MISSING] * len(wanted)


def notice_difference(stored: NoticeRow, expected: NoticeRow) -> Kind | None:
    """How one notice differs from what it should be, or None."""
    if _plain(stored) == _plain(expected):
        return None
    columns = {"document": "", "headers": (), "value": b""}
    same_name = _deployment_of(stored) == _deployment_of(expected)
    same_columns = same_name and replace(stored, **columns) == replace(expected, **columns)  # type: ignore[arg-type]
    if same_columns and is_whole(stored) and _meaning(stored) == _meaning(expected):
        return Kind.WORDING
    return Kind.NOTICE_DIFFERS


def _plain(row: NoticeRow) -> NoticeRow:
    return replace(row, headers=tuple(row.headers))


def is_whole(row: NoticeRow) -> bool:
    """Whether the bytes that are sent are those of the document."""
    try:
        document = json.loads(row.document)
        sent = encode_binary(document, deployment=_deployment_of(row), cause_id=row.cause_id)
    except (ValueError, KeyError, TypeError):
        return False
    return (tuple(sent[0]), sent[1]) == (tuple(row.headers), row.value)


def _meaning(row: NoticeRow) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(row.document)
    rule = {name: value for name, value in document["rule"].items() if name not in _WORDING}
    return document | {"explanation": "", "rule": rule}


def looks_like(row: NoticeRow) -> bytes:
    """The fingerprint of a notice's message."""
    return fingerprint(key_of(row.patient), row.headers, row.value)


def topic_differences(
    said: Sequence[Said], copies: Mapping[str, Copies], notified: Notified
) -> Iterator[Kind]:
    """How the topic differs from what the database says of it."""
    stored = {one.row.notice_id: one for one in said}
    for notice_id, one in stored.items():
        found = copies.get(notice_id)
        if found is not None:
            if found.fingerprints != (looks_like(one.row),):
                yield Kind.TOPIC_DIFFERS
        elif one.published is not None and notified.holds(one.published):
            yield Kind.TOPIC_MISSING
    yield from [Kind.TOPIC_UNEXPECTED] * len(copies.keys() - stored.keys())
