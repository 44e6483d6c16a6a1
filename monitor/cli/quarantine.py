"""Refused deliveries as documents for programs, and in words for people."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.text import Text

from monitor.cli import words
from monitor.cli.advice import ADVICE
from monitor.clinical.findings import rfc3339
from monitor.ledger.archive import Archive
from monitor.ledger.closings import ClosedAs, Closing
from monitor.ledger.refusals import Kept, Wanted, delivery_key

PAGE = 500
TEXT_CHARACTERS_MAX = 4000  # of a value on the screen; `--raw` writes all of it
Document = dict[str, Any]


async def some(ledger: Archive, wanted: Wanted, limit: int) -> list[Kept]:
    """At most `limit` rows that are wanted, oldest first, without their values."""
    found: list[Kept] = []
    while len(found) < limit:
        after = found[-1].position if found else 0
        size = min(PAGE, limit - len(found))
        page = await ledger.kept(wanted, after, size, whole=False)
        found += page
        if len(page) < size:
            break
    return found


def document_of(one: Kept) -> Document:
    """A row without the original bytes."""
    row, letter = one.row, one.dead_letter
    study, patient = row.patient or (None, None)
    return {
        "place": str(delivery_key(row)),
        "reason": row.reason,
        "stage": row.stage,
        "field": row.field,
        "message": row.message,
        "error_class": row.error_class,
        "source": row.source,
        "id": row.event_id,
        "study_id": study,
        "patient_id": patient,
        "record_id": row.record_id,
        "record_version": row.record_version,
        "received_at": rfc3339(row.received_at),
        "original_timestamp": row.original_timestamp,
        "consumer_group": row.consumer_group,
        "app_version": row.app_version,
        "attempts": row.attempts,
        "redrive_count": row.redrive_count,
        "redriven_at": rfc3339(one.redriven_at) if one.redriven_at else None,
        "closed": _closed(one.closing),
        "dead_letter": None if letter is None else {
            "at": rfc3339(letter[0]), "partition": letter[1], "offset": letter[2],
        },
    }  # fmt: skip


def _closed(closing: Closing | None) -> Document | None:
    if closing is None:
        return None
    return {
        "at": rfc3339(closing.at),
        "as": closing.closed_as.value,
        "by": None if closing.by is None else str(closing.by),
        "who": closing.who,
        "why": closing.why,
    }


def whole_document(one: Kept) -> Document:
    """A row with everything that came: text where it is UTF-8, else base64."""
    row = one.row
    return {
        **document_of(one),
        "advice": ADVICE.get(row.reason),
        "key": _bytes(row.message_key),
        "headers": [[name, _bytes(value)] for name, value in row.headers],
        "value": _bytes(row.value),
    }


def _bytes(given: bytes | None) -> Document | None:
    if given is None:
        return None
    try:
        return {"text": given.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(given).decode()}


def show_some(found: Sequence[Kept], *, total: int, open_only: bool) -> None:
    """Rows for people, and how many more there are."""
    out = words.console()
    if not found:
        which = "open " if open_only else ""
        words.show(out, f"No {which}refused delivery{' matches' if total else ''}.")
        return
    for one in found:
        row = one.row
        head = Text(str(delivery_key(row)), "bold")
        head.append(f", {rfc3339(row.received_at)}, ")
        head.append(row.reason, "yellow")
        head.append(f", {state_of(one)}")
        named = f"{row.source or 'no source'}, id {row.event_id or 'unknown'}"
        words.show(out, head, words.reason_text(f"{row.message}\n{named}"))
    more = total - len(found)
    shown = f"{len(found)} of {total} shown (--limit)." if more > 0 else f"{total} in all."
    words.show(out, f"{shown} `monitor dlq show PLACE` tells everything of one.")


def state_of(one: Kept) -> str:
    """Whether it is open, or what became of it."""
    closing = one.closing
    if closing is None:
        redriven = f", redriven {rfc3339(one.redriven_at)}" if one.redriven_at else ""
        return f"open{redriven}"
    if closing.closed_as is ClosedAs.PARKED:
        return f"parked by {closing.who}"
    if closing.closed_as is ClosedAs.REFUSED_AGAIN:
        return f"refused again at {closing.by}"
    return f"closed: accepted at {closing.by}"


def show_whole(one: Kept) -> None:
    """Everything of one row, for people, and what to do next."""
    out, whole = words.console(), document_of(one)
    closing = whole.pop("closed")
    letter = whole.pop("dead_letter")
    words.show(out, Text(whole.pop("place"), "bold"), Text(state_of(one), "yellow"))
    lines = [(name, told) for name, told in whole.items() if told is not None]
    if letter is not None:
        lines.append(("dead_letter", f"partition {letter['partition']}, offset {letter['offset']}"))
    if closing is not None:
        lines += [(f"closed_{name}", told) for name, told in closing.items() if told is not None]
    _show_lines(out, lines)
    words.show(out, "", Text("Headers", "bold"))
    _show_lines(out, ((name, _shown(value)) for name, value in one.row.headers))
    words.show(out, "", Text("Key", "bold"), Text(_shown(one.row.message_key)))
    words.show(out, "", Text("Value", "bold"), Text(_shown(one.row.value)))
    if one.closing is None and (advice := ADVICE.get(one.row.reason)):
        words.show(out, "", Text("What to do next", "bold"), advice)


def _show_lines(out: Any, lines: Iterable[tuple[str, object]]) -> None:
    for name, told in lines:
        words.show(out, Text(f"{name:<20}{told}"))


def _shown(given: bytes | None) -> str:
    if given is None:
        return "(null)"
    text = given.decode(errors="backslashreplace")
    cut = text[:TEXT_CHARACTERS_MAX]
    return cut if cut == text else f"{cut}\n… {len(given)} bytes; --raw writes all of them"


def counts_text(counts: Mapping[str, int]) -> str:
    """Counts by reason in a line."""
    return ", ".join(f"{count} {reason}" for reason, count in sorted(counts.items())) or "none"


def as_json(found: Sequence[Document]) -> str:
    """A JSON array, one object a line."""
    return "[" + ",\n ".join(json.dumps(one, ensure_ascii=False) for one in found) + "]"
