"""The adapters under fuzz: small tables of SDTM and of a laboratory, changed in every way."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from random import Random
from typing import Final

from monitor.wire.adapters import sdtm, spreadsheet
from monitor.wire.adapters.conversion import MESSAGE_LIMITS, Conversion
from monitor.wire.delivery import Reason
from tests.fuzz.damage import any_bytes, damaged
from tests.fuzz.messages import PLANTED
from tests.fuzz.structure import DATES, NUMBERS, TEXTS
from tests.fuzz.target import ACCEPTED, Attempt, Judged, Target

Rows = list[list[str]]
Tables = dict[str, Rows]
Files = dict[str, bytes]
Write = Callable[[str, Rows], bytes]

_SUBJECT: Final = f"{PLANTED}S,{PLANTED}S-1"  # STUDYID, USUBJID
_INVESTIGATOR: Final = "INVESTIGATOR,"  # EVAL, EVALID
_CENTRAL: Final = f"INDEPENDENT ASSESSOR,{PLANTED}R1"
_SCREENED: Final = "1,SCREENING,2025-01-02"  # VISITNUM, VISIT, DTC
_WEEK_6: Final = "2,WEEK 6,2025-02-13"
_TEXT_OF: Final[Mapping[str, str]] = {
    "dm": f"""STUDYID,USUBJID,SITEID,RFSTDTC
{_SUBJECT},01,2025-01-02
{PLANTED}S,{PLANTED}S-2,01,2025-01-03""",
    "tu": f"""STUDYID,USUBJID,VISITNUM,VISIT,TUDTC,TUEVAL,TUEVALID,TULOC,TUSTRESC,TUMETHOD,TULNKID
{_SUBJECT},{_SCREENED},{_INVESTIGATOR},LUNG,TARGET,CT SCAN,T01
{_SUBJECT},{_SCREENED},{_INVESTIGATOR},LYMPH NODE,TARGET,CT SCAN,T02
{_SUBJECT},{_SCREENED},{_INVESTIGATOR},LIVER,NON-TARGET,CT SCAN,NT01
{_SUBJECT},{_WEEK_6},{_INVESTIGATOR},BONE,NEW,CT SCAN,NEW01
{_SUBJECT},{_SCREENED},{_CENTRAL},LUNG,TARGET,CT SCAN,T01""",
    "tr": f"""STUDYID,USUBJID,VISITNUM,VISIT,TRDTC,TREVAL,TREVALID,TRLNKID,TRTESTCD,TRSTRESC,\
TRSTRESU,TRSTAT
{_SUBJECT},{_SCREENED},{_INVESTIGATOR},T01,LDIAM,21,mm,
{_SUBJECT},{_SCREENED},{_INVESTIGATOR},T02,LPERP,18.5,mm,
{_SUBJECT},{_SCREENED},{_INVESTIGATOR},NT01,TUMSTATE,PRESENT,,
{_SUBJECT},{_WEEK_6},{_INVESTIGATOR},T01.1,LDIAM,9,mm,
{_SUBJECT},{_WEEK_6},{_INVESTIGATOR},T01.2,LDIAM,8,mm,
{_SUBJECT},{_WEEK_6},{_INVESTIGATOR},T02,LPERP,,,NOT DONE
{_SUBJECT},{_SCREENED},{_CENTRAL},T01,LDIAM,20,mm,""",
    "rs": f"""STUDYID,USUBJID,VISITNUM,VISIT,RSDTC,RSEVAL,RSEVALID,RSTESTCD,RSSTRESC
{_SUBJECT},{_WEEK_6},{_INVESTIGATOR},TRGRESP,PR
{_SUBJECT},{_WEEK_6},{_INVESTIGATOR},NEWLPROG,UNEQUIVOCAL
{_SUBJECT},{_WEEK_6},{_INVESTIGATOR},OVRLRESP,PD""",
    "results": f"""Study,Patient,Accession,Version,State,Drawn,Call,MTM/mL
{PLANTED}S,{PLANTED}P1,{PLANTED}A1,1,final,2025-03-01,Detected,12.5
{PLANTED}S,{PLANTED}P1,{PLANTED}A2,1,final,2025-03-21,Not detected,<0.1
{PLANTED}S,{PLANTED}P2,{PLANTED}A3,2,corrected,2025-03-01,Detected,3""",
}
_MAP: Final = f"""
source = "https://lab.example/{PLANTED}"
[fields]
study_id = {{ column = "Study" }}
patient_id = {{ column = "Patient" }}
record_id = {{ column = "Accession" }}
record_version = {{ column = "Version" }}
status = {{ column = "State", words = {{ final = "final", corrected = "corrected" }} }}
"specimen.collected_at" = {{ column = "Drawn" }}
"assay.lab" = {{ constant = "LAB" }}
"assay.code" = {{ constant = "MRD" }}
call = {{ column = "Call", words = {{ "Detected" = "detected", "Not detected" = "not_detected" }} }}
"quantity.value" = {{ column = "MTM/mL", comparator = true }}
"quantity.unit" = {{ constant = "MTM_PER_ML" }}
"""
_SNAPSHOT: Final = ("dm", "tu", "tr", "rs")
_WORDS: Final = (
    *("T01", "T01.1", "T02/T03", "T02/T01", "NT01", "NEW01", "LDIAM", "LPERP", "TUMSTATE", "mm"),
    *("cm", "ABSENT", "PRESENT", "TARGET", "NEW", "NOT DONE", "INVESTIGATOR", "2025-01", "2025"),
    *("INDEPENDENT ASSESSOR", "ADJUDICATOR", "PD", "NON-CR/NON-PD", "SPLIT", "MERGED", "TOO SMALL"),
    *("Detected", "<0.1", ">=1e5", "final", "<", "1,5", "1e400000"),
)


def _rows(name: str) -> Rows:
    return [line.split(",") for line in _TEXT_OF[name].splitlines()]


@cache
def _by() -> spreadsheet.CsvMap:
    return spreadsheet.read_map(_MAP)


def _changed(rng: Random, tables: Tables) -> None:
    """Change one cell, row, column or name somewhere."""
    rows = tables[rng.choice([*tables])]
    row = rng.choice(rows)
    at = rng.randrange(len(row)) if row else 0
    choice = rng.random()
    if choice < 0.6 and row:
        words = (_WORDS, TEXTS, DATES, [one.decode() for one in NUMBERS], [*map(str, rows[-1])])
        row[at] = rng.choice(rng.choice(words))
    elif choice < 0.7 and len(rows) > 1:
        rows.remove(row)
    elif choice < 0.8:
        rows.insert(rng.randrange(len(rows) + 1), [*row] * rng.choice((1, 1, 1, 3)))
    elif choice < 0.9:
        for one in rows:
            del one[at : at + 1]
    else:
        rows[:] = rows[:1] + rows[1:] * rng.choice((2, 2, 2, 2, 20))


def _csv(rows: Rows) -> bytes:
    lines = (",".join(f'"{cell}"' if "," in cell else cell for cell in row) for row in rows)
    return "\n".join(lines).encode(errors="surrogatepass")


def _dataset_json(name: str, rows: Rows) -> bytes:
    columns = [{"name": one, "itemOID": one} for one in rows[0]]
    head = {"datasetJSONVersion": "1.1.0", "name": name, "columns": columns}
    return json.dumps({**head, "rows": rows[1:]}).encode()


def _files(
    rng: Random, names: tuple[str, ...], write: Callable[[str, Rows], bytes]
) -> tuple[str, Files]:
    """The tables as files, of some kind."""
    kind = rng.choices(_KINDS, _WEIGHTS)[0]
    tables = {name: _rows(name) for name in names}
    if kind == "cells *":
        for _ in range(rng.choice((1, 1, 2, 5))):
            _changed(rng, tables)
    files = {name: write(name, rows) for name, rows in tables.items()}
    one = rng.choice(names)
    if kind == "damaged bytes *":
        files[one] = damaged(rng, files[one], files[rng.choice(names)])
    elif kind == "any bytes":
        files[one] = any_bytes(rng, b"a,b") or b""
    elif kind == "some tables *":
        del files[one]
    return kind, files


_KINDS: Final = ("valid", "cells *", "damaged bytes *", "any bytes", "some tables *")
_WEIGHTS: Final = (5, 60, 25, 6, 4)


def _draw_sdtm(rng: Random) -> Attempt:
    as_json = rng.random() < 0.3
    write = _dataset_json if as_json else (lambda _, rows: _csv(rows))
    kind, files = _files(rng, _SNAPSHOT, write)
    named = {f"{name}.{'json' if as_json else 'csv'}": content for name, content in files.items()}
    settings = sdtm.SdtmSettings(partial_date=rng.choice(("refuse", "first", "last")))
    return Attempt(kind, lambda: sdtm.convert(named, settings), named)


def _draw_csv(rng: Random) -> Attempt:
    kind, files = _files(rng, ("results",), lambda _, rows: _csv(rows))
    named = {f"{name}.csv": content for name, content in files.items()}
    return Attempt(kind, lambda: spreadsheet.convert(named, _by(), 1, MESSAGE_LIMITS), named)


def judge(answer: object) -> Judged:
    """Events that the codec accepts, and refusals that repeat nothing of the tables."""
    if not isinstance(answer, Conversion):
        return Judged("nothing", f"the answer is a {type(answer).__name__}")
    for refusal in answer.refusals:
        if refusal.reason not in Reason:
            return Judged("nothing", "the reason is not one of the closed list")
        if not refusal.message or PLANTED in f"{refusal.message} {refusal.place}":
            return Judged(refusal.reason, "the message is empty or repeats an identifier")
    if answer.refusals:
        return Judged(answer.refusals[0].reason)
    return Judged(ACCEPTED if answer.events else "no event")


_HEARD: Final = frozenset({ACCEPTED, *(Reason.SCHEMA_INVALID, Reason.UNDECODABLE)})
SDTM: Final = Target("sdtm", _draw_sdtm, judge, _HEARD)
CSV: Final = Target("csv", _draw_csv, judge, _HEARD)
