"""What a delivery may cost: counted on its bytes, before anything is read (contract 6).

The counts are far above any record of the contract: a read with every list full has about 33,000
values, and no list of a record may be longer than 100. They bound what a sender can make us do.
"""

from collections.abc import Iterable
from typing import Final

from monitor.wire.delivery import Reason
from monitor.wire.refusal import Refused

VALUE_BYTES_MAX: Final = 1024 * 1024
DEPTH_MAX: Final = 32
MEMBERS_MAX: Final = 1_000  # of one object
ENTRIES_MAX: Final = 10_000  # of one array
VALUES_MAX: Final = 50_000  # in one message
NUMBER_CHARACTERS_MAX: Final = 64
ATTRIBUTE_CHARACTERS_MAX: Final = 256
HEADERS_MAX: Final = 100
HEADERS_BYTES_MAX: Final = 64 * 1024
KEY_BYTES_MAX: Final = 4096
REDRIVE_HEADERS: Final = frozenset({"dlq.redrive-of", "redrivecount"})  # what a redrive adds
REDRIVE_HEADER_BYTES_MAX: Final = 512  # the longest name of a topic and three numbers are less

# How compressed bytes begin; no JSON begins so.
_COMPRESSED: Final = (
    *(b"\x1f\x8b", b"\x1f\x9d"),  # gzip, compress
    *(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),  # zip
    *(b"x\x01", b"x\x5e", b"x\x9c", b"x\xda"),  # zlib, as `deflate`
    *(b"BZh", b"\xfd7zXZ\x00", b"7z\xbc\xaf\x27\x1c"),  # bzip2, xz, 7-Zip
    *(b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"\xff\x06\x00\x00sNaPpY"),  # zstd, LZ4, Snappy
)
_PLAIN: Final = frozenset({"", "identity"})
_NOT_STRUCTURE: Final = bytes(set(range(256)) - set(b"[]{},"))


def check_value(value: bytes) -> None:
    """Refuse a body that is compressed, too long, too deep, or made of too many values.

    Costs a few milliseconds at most, whatever the bytes are. Raises Refused.
    """
    if value.startswith(_COMPRESSED):
        raise compressed(None)
    if len(value) > VALUE_BYTES_MAX:
        raise _too_large("the message is larger than 1 MiB")
    brackets = value.count(b"{") + value.count(b"[")
    if brackets > DEPTH_MAX or value.count(b",") >= MEMBERS_MAX:
        _check_structure(_structure(value))


def check_headers(key: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> None:
    """Refuse a record key or headers beyond their limits. Raises Refused.

    What a redrive adds does not count: who was within the limits stays within them.
    """
    if key is not None and len(key) > KEY_BYTES_MAX:
        raise _too_large("the record key is too long")
    sizes: list[int] = []
    added: set[str] = set()
    for name, value in headers:
        size = len(name) + len(value or b"")
        if name in REDRIVE_HEADERS - added and size <= REDRIVE_HEADER_BYTES_MAX:
            added.add(name)
        else:
            sizes.append(size)
    if len(sizes) > HEADERS_MAX:
        raise _too_large(f"more than {HEADERS_MAX} headers")
    if sum(sizes) > HEADERS_BYTES_MAX:
        raise _too_large("the headers are larger than 64 KiB")


def check_encoding(content_encoding: str) -> None:
    """Refuse a body whose `content-encoding` header says that it is compressed. Raises Refused."""
    if content_encoding.strip().lower() not in _PLAIN:
        raise compressed("content-encoding")


def number_too_long() -> Refused:
    """The refusal of a number with too many digits."""
    return _too_large("a number has too many digits")


def compressed(field: str | None) -> Refused:
    """The refusal of a compressed body, with what to do instead."""
    words = "the message is compressed; send plain JSON and let Kafka compress (compression.type)"
    return Refused(Reason.UNDECODABLE, field, f"{field}: {words}" if field else words)


def _structure(value: bytes) -> bytes:
    """The brackets and commas outside texts. Raises Refused for too many texts or values."""
    unescaped = value.replace(b"\\\\", b"").replace(b'\\"', b"")
    if unescaped.count(b'"') > 4 * VALUES_MAX:  # a name and a text for each value
        raise _too_many_values()
    structure = b"".join(unescaped.split(b'"')[::2]).translate(None, _NOT_STRUCTURE)
    if sum(map(structure.count, (b",", b"[", b"{"))) > VALUES_MAX:
        raise _too_many_values()
    return structure


def _check_structure(structure: bytes) -> None:
    """Walk through the nesting once, counting what lies side by side at each level."""
    limits: list[int] = []
    counts: list[int] = []
    for character in structure:
        if character in b"[{":
            if len(counts) == DEPTH_MAX:
                raise _too_large(f"nested deeper than {DEPTH_MAX} levels")
            limits.append(ENTRIES_MAX if character == _ARRAY else MEMBERS_MAX)
            counts.append(1)
        elif not counts:
            return  # no JSON
        elif character == _COMMA:
            counts[-1] += 1
            if counts[-1] > limits[-1]:
                raise _too_large(_WORDS[limits[-1]])
        else:
            counts.pop()
            limits.pop()


def _too_many_values() -> Refused:
    return _too_large(f"more than {VALUES_MAX} values in one message")


def _too_large(message: str) -> Refused:
    return Refused(Reason.TOO_LARGE, None, message)


_ARRAY: Final = ord("[")
_COMMA: Final = ord(",")
_WORDS: Final = {
    ENTRIES_MAX: f"more than {ENTRIES_MAX} entries in one list",
    MEMBERS_MAX: f"more than {MEMBERS_MAX} names in one object",
}
