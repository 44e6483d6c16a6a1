"""Changes to the bytes of a message, to its headers and to the way in which it travels."""

import json
from collections.abc import Callable
from random import Random
from typing import Final

Headers = tuple[tuple[str, bytes | None], ...]

TOKENS: Final = (
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"\\", b"\\u0000", b"\\ud800", b"null", b"\x00"),
    *(b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf4\x90\x80\x80", b"[" * 40),
    *(b'"data":', b'"id":"zq9x",', b"1e5", b"-", b"//", b"\n", b"\x1f\x8b\x08\x00", b"NaN"),
)
COMPRESSED: Final = (b"\x1f\x8b", b"PK\x03\x04", b"\x28\xb5\x2f\xfd", b"BZh9", b"\xfd7zXZ\x00")
HEADER_NAMES: Final = (
    *("ce_id", "ce_source", "ce_type", "ce_specversion", "ce_time", "ce_subject", "CE_ID", "ce_"),
    *("ce_dataschema", "ce_datacontenttype", "content-type", "Content-Encoding", "zq9x", "", "é"),
)
HEADER_VALUES: Final = (
    *(b"", b"1.0", b"zq9x", b"\xff", b"\x00", b"zq9x\n", b"x" * 257, b"x" * 70_000, None),
    *(b"application/json", b"application/cloudevents+json", b"application/cloudevents-batch+json"),
    *(b"gzip", b"identity", b"text/plain", b"application/json; charset=utf-16", b"2025-02-30"),
    *("\u202e".encode(), b"org.ctdnamonitor.ctdna.result.v2", b"2025-03-02T09:00:00Z"),
)
KEYS: Final = (None, b"", b"zq9x/zq9x", b"\xff\xfe", b"x" * 4096, b"x" * 4097)


def damaged(rng: Random, value: bytes, other: bytes) -> bytes:
    """The bytes with one to four of them, or a stretch, changed; `other` is spliced in."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        value = rng.choice(_DAMAGES)(rng, value, other)
    return value


def any_bytes(rng: Random, value: bytes) -> bytes | None:
    """Bytes of any kind; `value` is what some of them begin or end with."""
    choice = rng.random()
    if choice < 0.05:
        return None
    if choice < 0.2:
        return rng.choice(COMPRESSED) + rng.randbytes(rng.randrange(200))
    if choice < 0.5:
        return b"".join(rng.choices(TOKENS, k=rng.randint(1, 30)))
    if choice < 0.6:
        return value.decode().encode(rng.choice(("utf-16", "utf-32", "utf-7", "utf-8-sig")))
    return rng.randbytes(rng.choice((0, 1, 8, 200, 2000)))


def travelling(rng: Random, line: bytes) -> tuple[Headers, bytes]:
    """A structured event in one of the three modes: headers and value."""
    choice = rng.random()
    if choice < 0.3:
        return (("content-type", b"application/cloudevents+json"),), line
    if choice < 0.5:
        return (), line
    event = json.loads(line)
    content = event.pop("data", None)
    headers = [(f"ce_{name}", str(value).encode()) for name, value in event.items()]
    return tuple(headers), json.dumps(content, ensure_ascii=False).encode()


def reheaded(rng: Random, headers: Headers) -> Headers:
    """Headers dropped, doubled, renamed, overdone, in another case, with other values."""
    changed = list(headers)
    for _ in range(rng.randint(1, 3)):
        choice = rng.random()
        at = rng.randrange(len(changed)) if changed else 0
        if choice < 0.4 or not changed:
            changed.insert(at, (rng.choice(HEADER_NAMES), rng.choice(HEADER_VALUES)))
        elif choice < 0.6:
            del changed[at]
        elif choice < 0.75:
            changed[at] = (changed[at][0], rng.choice(HEADER_VALUES))
        elif choice < 0.9:
            changed[at] = (changed[at][0].upper(), changed[at][1])
        else:
            changed += [changed[at]] * rng.choice((1, 100))
    return tuple(changed)


def _flip(rng: Random, value: bytes, _: bytes) -> bytes:
    if not value:
        return value
    at = rng.randrange(len(value))
    return value[:at] + bytes([value[at] ^ (1 << rng.randrange(8))]) + value[at + 1 :]


def _insert(rng: Random, value: bytes, _: bytes) -> bytes:
    at = rng.randint(0, len(value))
    return value[:at] + rng.choice(TOKENS) + value[at:]


def _cut(rng: Random, value: bytes, _: bytes) -> bytes:
    at = rng.randint(0, len(value))
    return value[:at] + value[at + rng.randint(1, 20) :]


def _end(rng: Random, value: bytes, _: bytes) -> bytes:
    return value[: rng.randint(0, len(value))]


def _repeat(rng: Random, value: bytes, _: bytes) -> bytes:
    at = rng.randint(0, len(value))
    return value[:at] + value[at : at + 40] * rng.choice((2, 2, 50)) + value[at:]


def _splice(rng: Random, value: bytes, other: bytes) -> bytes:
    return value[: rng.randint(0, len(value))] + other[rng.randint(0, len(other)) :]


_DAMAGES: Final[tuple[Callable[[Random, bytes, bytes], bytes], ...]] = (
    *(_flip, _flip, _insert, _insert, _cut, _end, _repeat, _splice),
)
