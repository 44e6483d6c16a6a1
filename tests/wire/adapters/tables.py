"""Small SDTM tables, a few rows long, and what the adapter makes of them."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from monitor.wire.adapters.conversion import Conversion
from monitor.wire.adapters.sdtm import SdtmSettings, convert

Row = Mapping[str, str]
SAMPLE = Path(__file__).parents[2] / "acceptance" / "sdtm8" / "sdtm"
SETTINGS = SdtmSettings()
WEEKS = {1: "2025-01-06", 2: "2025-03-03", 3: "2025-05-05", 4: "2025-07-07"}


def sample() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(SAMPLE.glob("*.csv"))}


def tr(lesion: str, visit: int, result: str, test: str = "LDIAM", **more: str) -> Row:
    """A measurement by the investigator, in mm where it is a number."""
    number = result.replace(".", "").isdigit()
    found = {
        "TRLNKID": lesion,
        "TRTESTCD": test,
        "TRORRES": result,
        "TRORRESU": "mm" if number else "",
        "TRDTC": WEEKS[visit],
    }
    return _row("TR", visit, {**found, **more})


def tu(lesion: str, group: str = "TARGET", location: str = "LIVER", **more: str) -> Row:
    """A lesion that the investigator names, at the first visit if no other is said."""
    visit = int(more.pop("VISITNUM", "1"))
    found = {"TULNKID": lesion, "TUORRES": group, "TULOC": location, "TUMETHOD": "CT SCAN"}
    return _row("TU", visit, {**found, **more})


def rs(test: str, visit: int, result: str, **more: str) -> Row:
    """A response by the investigator."""
    found = {"RSTESTCD": test, "RSORRES": result, "RSDTC": WEEKS[visit]}
    return _row("RS", visit, {**found, **more})


def dm(patient: str = "P-1", start: str = "2025-01-06") -> Row:
    return {"DOMAIN": "DM", "STUDYID": "S", "USUBJID": patient, "RFSTDTC": start}


def _row(domain: str, visit: int, more: Row) -> Row:
    common = {
        "DOMAIN": domain,
        "STUDYID": "S",
        "USUBJID": "P-1",
        "VISITNUM": str(visit),
        "VISIT": "SCREENING" if visit == 1 else f"WEEK {visit}",
        f"{domain}EVAL": "INVESTIGATOR",
        f"{domain}EVALID": "",
    }
    return {**common, **more}


def as_csv(rows: Iterable[Row]) -> bytes:
    rows = list(rows)
    columns = dict.fromkeys(name for row in rows for name in row)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def as_dataset_json(content: bytes, name: str, *, lines: bool = False) -> bytes:
    """A CSV table as Dataset-JSON 1.1: numbers are numbers, empty cells null."""
    header, *rows = csv.reader(io.StringIO(content.decode()))
    head: dict[str, Any] = {
        "datasetJSONCreationDateTime": "2026-01-31T10:00:00",
        "datasetJSONVersion": "1.1.0",
        "itemGroupOID": f"IG.{name}",
        "records": len(rows),
        "name": name,
        "label": name,
        "columns": [
            {"itemOID": f"IT.{name}.{one}", "name": one, "label": one, "dataType": "string"}
            for one in header
        ],
    }
    values = [[_value(*pair) for pair in zip(header, row, strict=True)] for row in rows]
    if lines:
        return "".join(json.dumps(one) + "\r\n" for one in [head, *values]).encode()
    return json.dumps({**head, "rows": values}).encode()


def _value(name: str, text: str) -> str | float | None:
    if name.endswith(("STRESN", "VISITNUM")) and text:
        return float(text)
    return text or None


def files(*rows: Row) -> dict[str, bytes]:
    """The tables that rows are of, by the names of their files."""
    by_domain: dict[str, list[Row]] = {}
    for row in rows:
        by_domain.setdefault(row["DOMAIN"].lower(), []).append(row)
    return {f"{domain}.csv": as_csv(of_it) for domain, of_it in by_domain.items()}


def converted(*rows: Row, settings: SdtmSettings = SETTINGS) -> Conversion:
    return convert(files(*rows), settings)


def reads(found: Conversion) -> Sequence[Mapping[str, Any]]:
    """What the reads say, in their order; nothing was refused."""
    assert not found.refusals, found.refusals
    return [json.loads(one.line)["data"] for one in found.events if "imaging" in one.type]


def refused(found: Conversion) -> list[tuple[str, str, str]]:
    """Reason, place and message of each refusal."""
    return [(one.reason, str(one.place), one.message) for one in found.refusals]
