"""Every way to refuse a delivery full of identifiers for its bytes, envelope or content."""

import json
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, Final

from monitor.wire.delivery import Reason
from tests.identifiers.planted import READ, TYPE, Parcel, Planter

R = Reason
Spoil = Callable[[Planter, Parcel], None]


def spoilt(planter: Planter, until: int) -> Iterator[tuple[Reason, Parcel]]:
    """Parcels, each refused for its reason, in every way by turns, until so many are planted."""
    for reason, type_, spoil in cycle(WAYS):
        if planter.planted >= until:
            return
        parcel = planter.parcel(type_)
        parcel.structured = planter.planted % 2 == 0
        spoil(planter, parcel)
        yield reason, parcel


def says(path: str, *made: object) -> Spoil:
    """An identifier where something else belongs; with `made`, that in place of it."""

    def spoil(planter: Planter, parcel: Parcel) -> None:
        *outer, last = path.split(".")
        holder: Any = parcel.content
        for step in outer:
            holder = holder[int(step) if step.isdecimal() else step]
        holder[last] = made[0] if made else planter.word()

    return spoil


def lacks(name: str) -> Spoil:
    return lambda _planter, parcel: parcel.content.pop(name)


def envelope(name: str, words: str = "{}") -> Spoil:
    """An identifier in the wrong words as an attribute."""

    def spoil(planter: Planter, parcel: Parcel) -> None:
        parcel.attributes[name] = words.format(planter.word())

    return spoil


def header(name: str, words: str = "{}", times: int = 1, *, raw: bytes = b"") -> Spoil:
    """A header with an identifier in its name or value, in binary mode."""

    def spoil(planter: Planter, parcel: Parcel) -> None:
        parcel.structured = False
        value = words.format(planter.word()).encode() + raw
        parcel.headers += [(name.format(planter.word()), value)] * times

    return spoil


def body(change: Callable[[bytes], bytes]) -> Spoil:
    """Other bytes as the value."""

    def spoil(_planter: Planter, parcel: Parcel) -> None:
        written = parcel.line() if parcel.structured else json.dumps(parcel.content).encode()
        parcel.value = change(written)

    return spoil


def _empty(_planter: Planter, parcel: Parcel) -> None:
    parcel.structured, parcel.is_empty = False, True


def _long_key(_planter: Planter, parcel: Parcel) -> None:
    parcel.key = (parcel.key or b"x") * 1000


def _other_topic(_planter: Planter, parcel: Parcel) -> None:
    parcel.topic = "t.clinical.events"


def _doubled(planter: Planter, parcel: Parcel) -> None:
    twice = json.dumps({planter.word(): planter.word()})[1:-1]
    body(lambda line: f"{{{twice}, {twice}, ".encode() + line[1:])(planter, parcel)


def _listed(planter: Planter, parcel: Parcel) -> None:
    event = {**parcel.attributes, "data": [planter.word()]}
    parcel.structured, parcel.value = True, json.dumps(event).encode()


def _structured(spoil: Spoil) -> Spoil:
    def spoil_line(planter: Planter, parcel: Parcel) -> None:
        parcel.structured = True
        spoil(planter, parcel)

    return spoil_line


def _binary(spoil: Spoil) -> Spoil:
    def spoil_body(planter: Planter, parcel: Parcel) -> None:
        parcel.structured = False
        spoil(planter, parcel)

    return spoil_body


_OF_BYTES: Final[tuple[tuple[Reason, Spoil], ...]] = (
    (R.TOO_LARGE, body(lambda line: line + b" " * 1024 * 1024)),
    (R.TOO_LARGE, body(lambda line: b'{"x":' * 40 + line + b"}" * 40)),
    (R.TOO_LARGE, body(lambda line: line[:-1] + b', "n": ' + b"9" * 65 + b"}")),
    (R.TOO_LARGE, header("x", "{}" + "y" * 70_000)),
    (R.TOO_LARGE, header("x-{}", times=101)),
    (R.TOO_LARGE, _long_key),
    (R.UNDECODABLE, body(lambda line: line[:-1])),
    (R.UNDECODABLE, body(lambda line: line[:40] + b"\xff" + line[40:])),
    (R.UNDECODABLE, body(lambda line: b"[" + line + b"]")),
    (R.UNDECODABLE, body(lambda line: json.dumps(line.decode()).encode())),
    (R.UNDECODABLE, body(lambda line: b"\x1f\x8b\x08" + line)),
    (R.UNDECODABLE, header("content-encoding")),
    (R.UNDECODABLE, _listed),
    (R.UNDECODABLE, _empty),
    (R.ENVELOPE_INVALID, envelope("specversion")),
    (R.ENVELOPE_INVALID, envelope("source", "a lab of {}")),
    (R.ENVELOPE_INVALID, envelope("source", "")),
    (R.ENVELOPE_INVALID, envelope("id", "{}\n")),
    (R.ENVELOPE_INVALID, envelope("id", "{}" + "x" * 256)),
    (R.ENVELOPE_INVALID, envelope("time")),
    (R.ENVELOPE_INVALID, envelope("time", "2025-02-30T00:00:00Z {}")),
    (R.ENVELOPE_INVALID, envelope("subject", "{}\x00")),
    (R.ENVELOPE_INVALID, envelope("dataschema", "<{}>")),
    (R.ENVELOPE_INVALID, header("ce_id")),
    (R.ENVELOPE_INVALID, header("ce_{}", times=2)),
    (R.ENVELOPE_INVALID, header("ce_{}", raw=b"\xff")),
    (R.ENVELOPE_INVALID, header("content-type", "text/{}")),
    (R.ENVELOPE_INVALID, header("content-type", "application/cloudevents-{}")),
    (R.ENVELOPE_INVALID, _structured(_doubled)),
    (R.UNSUPPORTED_TYPE, envelope("type")),
    (R.UNSUPPORTED_TYPE, envelope("type", "org.ctdnamonitor.{}.v1")),
    (R.UNSUPPORTED_TYPE, _other_topic),
)
_OF_RESULTS: Final[tuple[tuple[Reason, Spoil], ...]] = (
    (R.UNKNOWN_STATUS, says("status")),
    (R.UNMAPPED_CODE, says("call")),
    (R.UNMAPPED_CODE, says("quantity.unit")),
    (R.UNMAPPED_CODE, says("assay.design")),
    (R.SCHEMA_INVALID, says("patient_id", "zq9x a person")),
    (R.SCHEMA_INVALID, says("study_id", ["zq9x"])),
    (R.SCHEMA_INVALID, says("record_id", "zq9x\x00")),
    (R.SCHEMA_INVALID, says("record_id", "zq9x\ud800")),
    (R.SCHEMA_INVALID, says("record_version")),
    (R.SCHEMA_INVALID, says("specimen")),
    (R.SCHEMA_INVALID, says("specimen.collected_at")),
    (R.SCHEMA_INVALID, says("specimen.collected_at", "2025-03-01T08:00:00")),
    (R.SCHEMA_INVALID, says("quantity.value")),
    (R.SCHEMA_INVALID, says("variants")),
    (R.SCHEMA_INVALID, says("variants", [{"gene": {"zq9x": "zq9x"}}])),
    (R.SCHEMA_INVALID, lacks("assay")),
    (R.SCHEMA_INVALID, lacks("patient_id")),
    (R.SCHEMA_INVALID, _binary(_doubled)),
    (R.SCHEMA_INVALID, body(lambda line: line[:-1] + b', "n": NaN}')),
    (R.TOO_LARGE, says("record_id", "zq9x" * 100)),
    (R.TOO_LARGE, says("variants", [{"gene": "zq9x"}] * 101)),
    (R.TOO_LARGE, says("quantity.value", "9" * 40)),
    (R.IMPLAUSIBLE_VALUE, says("specimen.collected_at", "1899-12-31")),
    (R.IMPLAUSIBLE_VALUE, says("quantity.value", -1)),
)
_OF_READS: Final[tuple[tuple[Reason, Spoil], ...]] = (
    (R.SCHEMA_INVALID, says("targets.0.diameter_mm", None)),
    (R.SCHEMA_INVALID, says("targets.0.diameter_mm")),
    (R.SCHEMA_INVALID, says("targets.0.nodal")),
    (R.UNMAPPED_CODE, says("targets.0.organ")),
    (R.UNMAPPED_CODE, says("new_lesions.0.certainty")),
    (R.UNMAPPED_CODE, says("reader.role")),
    (R.SCHEMA_INVALID, says("images.0.acquired_on")),
    (R.SCHEMA_INVALID, says("images", ["zq9x"])),
    (R.IMPLAUSIBLE_VALUE, says("targets.0.diameter_mm", -5)),
)
WAYS: Final = (
    *((reason, TYPE, spoil) for reason, spoil in (*_OF_BYTES, *_OF_RESULTS)),
    *((reason, READ, spoil) for reason, spoil in _OF_READS),
)
