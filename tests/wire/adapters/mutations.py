"""Tables as they should not be: valid ones with cells, lines and bytes changed."""

import random
from collections.abc import Callable, Mapping

ODD = (
    *("", " ", "0", "-1", "1e99", "9" * 200, "NaN", "<5", "\x00", "\x85", "\ufeff", "x" * 5000),
    *("2014", "2014-02", "2014-02-31", "T01", "T01.1", "T01.2", "T01/T02", "T01/T01", "/", "."),
    *("TARGET", "NON-TARGET", "NEW", "LDIAM", "LPERP", "DIAMETER", "TUMSTATE", "SUMDIAM", "cm"),
    *("NOT DONE", "TUMOR MERGED", "EQUIVOCAL", "PRESENT", "ABSENT", "TOO SMALL TO MEASURE"),
    *("ADJUDICATOR 1", "INVESTIGATOR", "NEWLPROG", "Y", "LYMPH NODE", "iCR", '"', '""', "a,b"),
)


def _cell(chance: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    place = chance.randrange(len(lines))
    cells = lines[place].split(b",")
    cells[chance.randrange(len(cells))] = chance.choice(ODD).encode("utf-8", "replace")
    lines[place] = b",".join(cells)
    return b"\n".join(lines)


def _line(chance: random.Random, content: bytes) -> bytes:
    lines = content.split(b"\n")
    line = lines.pop(chance.randrange(len(lines)))
    for _ in range(chance.randrange(3)):
        lines.insert(chance.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _bytes(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.randrange(1, 4)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(chance: random.Random, content: bytes) -> bytes:
    start = chance.randrange(len(content))
    return content[:start] + content[start + chance.randrange(200) :]


_WAYS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    *(_cell, _cell, _cell, _cell, _line, _bytes, _cut),
)


def mutated(chance: random.Random, tables: Mapping[str, bytes]) -> dict[str, bytes]:
    """The tables with one to six changes."""
    found = dict(tables)
    for _ in range(chance.randrange(1, 7)):
        name = chance.choice(sorted(found))
        if found[name]:
            found[name] = chance.choice(_WAYS)(chance, found[name])
    return found
