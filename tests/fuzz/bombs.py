"""Messages made to cost much: each must be refused within 50 ms and little memory."""

import io
import statistics
import time
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final, NamedTuple

from monitor.wire.delivery import Event, Rejection

MIB: Final = 1024 * 1024
MILLISECONDS_MAX: Final = 50
MEMORY_MAX: Final = 32 * MIB
TRIES: Final = 5

Read = Callable[[bytes], Event | Rejection]


class Cost(NamedTuple):
    """What one bomb costs: processor time (median), the peak of memory, how it is answered."""

    name: str
    size: int
    milliseconds: float
    peak: int
    answer: str

    @property
    def complaint(self) -> str | None:
        """What is wrong with the cost or the answer, or None."""
        if self.answer == "accepted":
            return "is accepted"
        if self.milliseconds > MILLISECONDS_MAX:
            return f"costs more than {MILLISECONDS_MAX} ms"
        return f"needs more than {MEMORY_MAX // MIB} MiB" if self.peak > MEMORY_MAX else None


@cache
def bombs() -> Mapping[str, bytes]:
    """Every bomb by its name; those within 1 MiB fill it."""
    return {
        "a million brackets": b"[" * 10**6,
        "a million nested objects": b'{"a":' * 10**6,
        "a depth of 200,000 in 1 MiB": b'{"a":' * 200_000,
        "33 levels": b'{"a":' * 33 + b"1" + b"}" * 33,
        "a number of 100,000 digits": b'{"a":' + b"9" * 10**5 + b"}",
        "a fraction of 100,000 digits": b'{"a":0.' + b"9" * 10**5 + b"}",
        "a number of a million digits": b'{"a":' + b"9" * 10**6 + b"}",
        "an exponent without end": b'{"a":1e' + b"9" * 10**5 + b"}",
        "20 MB": b'{"a":"' + b"x" * 20 * MIB + b'"}',
        "a zip of 100 MiB": _zip(),
        "a gzip of 100 MiB": _gzip(),
        "a million list entries": b'{"a":[' + b"1," * 10**6 + b"1]}",
        "numbers in a list": _filled(b"1,"),
        "fractions in a list": _filled(b"1.5,"),
        "empty objects in a list": _filled(b"{},"),
        "empty lists in a list": _filled(b"[],"),
        "texts in a list": _filled(b'"",'),
        "brackets in texts": _filled(b'"[",'),
        "objects of null": _filled(b'{"a":null},'),
        "one name for ever": _filled(b'"a":1,', b"{", b"}"),
        "names twice in objects": _filled(b'{"":0,"":0},'),
        "very many names": b"{%s}" % b",".join(b'"%x":1' % number for number in range(95_000)),
        "escaped NULs": _filled(b"\\u0000", b'{"data":{"study_id":"', b'"}}'),
        "half surrogate pairs": _filled(b"\\ud800", b'{"data":{"study_id":"', b'"}}'),
        "escaped backslashes": _filled(b"\\\\", b'{"data":' + b"[" * 40 + b'"', b'"}'),
        "escaped quotes without end": b"[]" * 40 + b'"' + b'\\"' * 500_000,
        "quotes without end": b"[" * 40 + b'"' * 10**6,
        "spaces": b" " * MIB,
        "raw NULs": b"\x00" * MIB,
        "no UTF-8 at its very end": b'{"a":"' + b"x" * (MIB - 10) + b"\xff",
        "four-byte letters": _filled("😀".encode(), b'{"data":{"study_id":"', b'"}}'),
    }


def cost(name: str, value: bytes, read: Read) -> Cost:
    """Measure one bomb: the time first, then again for the memory."""
    times = []
    for _ in range(TRIES):
        begun = time.process_time()
        read(value)
        times.append(time.process_time() - begun)
    tracemalloc.start()
    try:
        answer = read(value)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    word = answer.reason.value if isinstance(answer, Rejection) else "accepted"
    return Cost(name, len(value), 1000 * statistics.median(times), peak, word)


def _filled(unit: bytes, before: bytes = b'{"a":[', after: bytes = b"]}") -> bytes:
    """As many units as fit into 1 MiB; a comma at the end of the last one is left out."""
    inside = unit * ((MIB - len(before) - len(after)) // len(unit))
    return before + inside.removesuffix(b",") + after


def _gzip() -> bytes:
    packer = zlib.compressobj(level=9, wbits=31)
    block = bytes(MIB)
    return b"".join(packer.compress(block) for _ in range(100)) + packer.flush()


def _zip() -> bytes:
    packed = io.BytesIO()
    block = bytes(MIB)
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive,
        archive.open("bomb", "w") as member,
    ):
        for _ in range(100):
            member.write(block)
    return packed.getvalue()
