"""Changes to what a message says: fields dropped, doubled, renamed, retyped, nested, overdone."""

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

RAW: Final = "<raw>"  # stands for JSON that Python's writer cannot write
LONG: Final = 300

NUMBERS: Final[tuple[bytes, ...]] = (
    *(b"-1", b"-0", b"0", b"0.1", b"1e-7", b"1e12", b"1e400", b"-1e400", b"1e-400", b"1E+2"),
    *(b"9" * 64, b"9" * 65, b"9" * 5000, b"0." + b"3" * 62, b"0." + b"3" * 80, b"1.00"),
    *(b"1e999999999", b"1e99999999999999999999", b"NaN", b"Infinity", b"-Infinity", b"01", b"+1"),
    *(b"999999999999.999999999999", b"2147483648", b"9223372036854775808", b"1.", b".5", b"0x1"),
)
DATES: Final = (
    *("2025-02-30", "1899-12-31", "1900-01-01", "2100-12-31", "2101-01-01", "0000-00-00", "9999"),
    *("2025-03-01T08:00:00", "2025-03-01T08:00:00Z", "2025-03-01T24:00:00Z", "20250301"),
    *("2025-03-01t08:00:60+08:00", "2025-03-01T08:00:00.123456789+14:00", "2025-W09-6"),
    *("1900-01-01T00:00:00+23:59", "2100-12-31T23:59:59-23:59", "2025-03-01T08:00:00+99:99"),
    *("\u0662\u0660\u0662\u0665-03-01", " 2025-03-01", "2025-03-01\n", "2024-02-29", "2025-02-29"),
)
TEXTS: Final = (
    *("", " ", "\x00", "zq9x\x00", "\ud800", "\udfffzq9x", "\ufffe", "\u202e", "\u2028", "é", "é"),
    *(
        "😀" * 64,
        "a" * 64,
        "a" * 65,
        "a" * 256,
        "a" * 257,
        "a" * 5000,
        "../../etc",
        "'; --",
        "${x}",
    ),
    *("null", "true", "NaN", "1", "1.5", "-1", "1e5", "1e400000000", "9" * 101, "٣", "\uff11", "ǅ"),
    *("final", "registered", "cancelled", "entered_in_error", "FINAL", "detected", "measured"),
    *(
        "split",
        "merged",
        "absent",
        "PD",
        "CT",
        "lung",
        "VAF_PCT",
        "\r\n",
        "\x7f",
        "\x85",
        "\\",
        '"',
    ),
)
NAMES: Final = (
    *("status", "targets", "images", "quantity", "study_id", "record_id", "lesions", "reported"),
    *("data", "type", "id", "source", "time", "specversion", "data_base64", "subject", "", "\x00"),
    *("dataschema", "datacontenttype", "__proto__", "model_config", "zq9x", "\ud800", "a" * 300),
)
OTHER_KINDS: Final = (
    *("null", "true", "false", "0", "1", "-1", "1.5", '""', '"zq9x"', "[]", "{}", "[[]]", "[1]"),
    '{"zq9x": 1}',
)


class Twin(str):
    """A name that may stand in an object beside its equal."""

    __slots__ = ()

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


def changed(rng: Random, line: bytes) -> bytes:
    """A message with one to three changes of what it says."""
    event = json.loads(line)
    raw = b"0"
    for _ in range(1 if rng.random() < 0.7 else rng.randint(2, 3)):
        holder, key = _place(rng, event)
        if rng.random() < (0.4 if type(holder[key]) in {int, float} else 0.1):
            raw = rng.choice(NUMBERS)
            holder[key] = RAW
        else:
            rng.choice(_EDITS)(rng, holder, key)
    return (
        json.dumps(event, ensure_ascii=rng.random() < 0.5)
        .encode(errors="surrogatepass")
        .replace(b'"<raw>"', raw)
    )


def respelt(rng: Random, line: bytes) -> bytes:
    """The same message written otherwise: order, spaces, unknown fields, null, another name."""
    event = json.loads(line)
    content = event["data"]
    content["unknown"] = _other_kind(rng)
    content["record_id"] = f"zq9x{rng.random()}"
    members = list(content.items())
    rng.shuffle(members)
    event["data"] = dict(members)
    event["extension"] = rng.choice(TEXTS[8:20])
    spaces = rng.choice((None, None, 1, "\t"))
    return json.dumps(event, indent=spaces, ensure_ascii=rng.random() < 0.5).encode()


def any_json(rng: Random, depth: int = 0) -> Any:
    """Any JSON value, a few levels deep."""
    choice = rng.random()
    if depth > 4 or choice < 0.4:
        return rng.choice((_other_kind(rng), rng.choice(TEXTS), rng.choice(DATES), rng.random()))
    inner = range(rng.randint(0, 4))
    if choice < 0.6:
        return [any_json(rng, depth + 1) for _ in inner]
    return {rng.choice(NAMES): any_json(rng, depth + 1) for _ in inner}


def _other_kind(rng: Random) -> Any:
    return json.loads(rng.choice(OTHER_KINDS))


def _place(rng: Random, event: dict[str, Any]) -> tuple[Any, Any]:
    """Somewhere in the message: what holds a value, and under which name or number."""
    holder: Any = event
    key: Any = "data" if rng.random() < 0.85 and "data" in event else rng.choice([*event])
    while rng.random() < 0.9:
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        holder = inner
        key = rng.choice([*inner]) if isinstance(inner, dict) else rng.randrange(len(inner))
    return holder, key


def _drop(_: Random, holder: Any, key: Any) -> None:
    if len(holder) > 1:  # something stays to be changed
        del holder[key]


def _rename(rng: Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict) and len(holder) > 1:
        holder[rng.choice(NAMES)] = holder.pop(key)


def _double(rng: Random, holder: Any, key: Any) -> None:
    """Give a name twice, or an entry of a list very often."""
    if isinstance(holder, dict):
        holder[Twin(key)] = holder[key]
    else:
        holder.extend([holder[key]] * rng.choice((1, 2, 99, 100, LONG)))


def _retype(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = _other_kind(rng)


def _nest(rng: Random, holder: Any, key: Any) -> None:
    for _ in range(rng.choice((1, 1, 2, 20, 30, 40))):
        holder[key] = [holder[key]] if rng.random() < 0.5 else {"zq9x": holder[key]}


def _date(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = rng.choice(DATES)


def _text(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = rng.choice(TEXTS)


def _spelling(rng: Random, holder: Any, key: Any) -> None:
    """A text with another end or another case; a number as text."""
    old = str(holder[key])[:LONG]
    if old[4:5] == "-" and rng.random() < 0.5:
        _date(rng, holder, key)
        return
    holder[key] = rng.choice((old.upper(), old + rng.choice(TEXTS), old[:-1], old))


def _move(rng: Random, holder: Any, key: Any) -> None:
    """Put a neighbour's value here."""
    near = [*holder.values()] if isinstance(holder, dict) else holder
    holder[key] = rng.choice(near)


_EDITS: Final[tuple[Callable[[Random, Any, Any], None], ...]] = (
    *(_drop, _drop, _rename, _double, _retype, _retype, _nest),
    *(_date, _text, _spelling, _spelling, _move),
)
