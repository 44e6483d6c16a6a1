"""`monitor timeline`: one patient's records and what they mean now, from the ledger."""

import enum
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from monitor.ledger.entries import PatientKey
    from monitor.ledger.sql import SqlLedger

app = typer.Typer(add_completion=False)

Document = Mapping[str, Any]


class Format(enum.StrEnum):
    """How the timeline is written: for people, or as the document that programs rely on."""

    TEXT = "text"
    JSON = "json"


@app.command()
def timeline(
    patient: Annotated[str, typer.Argument(metavar="STUDY/PATIENT")],
    format_: Annotated[Format, typer.Option("--format")] = Format.TEXT,
) -> None:
    """Show a patient's scans, ctDNA results and standing findings.

    Exit code 1 when no record of the patient was ever accepted.
    """
    from monitor.cli.reading import from_ledger, patient_key

    try:
        key = patient_key(patient)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="STUDY/PATIENT") from None
    document, reasons = from_ledger(lambda ledger: _read(ledger, key))
    if format_ is Format.JSON:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    else:
        _show(document, reasons)


async def _read(ledger: "SqlLedger", patient: "PatientKey") -> tuple[Document, Mapping[str, str]]:
    """The timeline document, and the explanation of each standing finding by its id.

    Incomplete is also who is named by a refused delivery that is open.
    """
    from monitor import settings
    from monitor.active_rules import ruleset_in_force
    from monitor.cli.reading import UnknownPatientError
    from monitor.cli.ruling import rulesets_of
    from monitor.clinical.course import course_of
    from monitor.clinical.state import load_state
    from monitor.clinical.timeline import timeline as timeline_of
    from monitor.clinical.transitions import standing
    from monitor.exits import ConfigurationError

    row = await ledger.state(patient)
    if row is None:
        raise UnknownPatientError(_UNKNOWN.format(await ledger.names_open(patient)))
    given = rulesets_of(settings.load().rules)
    ruleset = await ruleset_in_force(ledger, patient.study_id, row, given)
    if ruleset is None:
        raise ConfigurationError("rules are given per study, and there are none for this one")
    state = load_state(row.document)
    course = course_of(state, ruleset.parameters)
    reasons = {
        name: rule.explain(finding, ruleset.parameters)
        for name, (rule, finding) in standing(state, course).items()
    }
    document = timeline_of(state, ruleset)
    is_named = await ledger.names_open(patient) > 0
    return {**document, "incomplete": document["incomplete"] or is_named}, reasons


def _show(document: Document, reasons: Mapping[str, str]) -> None:
    from rich.text import Text

    from monitor.cli import words

    out = words.console()
    head = [Text(f"{document['study_id']}/{document['patient_id']}", "bold")]
    if not document["enrolled"]:
        head.append(Text(_HELD, "yellow"))
    if document["incomplete"]:
        head.append(Text(_INCOMPLETE, "yellow"))
    best = document["best_overall_response"]
    if best["value"]:
        since = f", {best['on']}" if best["on"] else ""
        head.append(Text(f"Best overall response: {best['value']}{since}"))
    reads, samples = document["imaging"], document["ctdna"]
    words.show(out, *head, "")
    words.show(out, _imaging(reads) if reads else "Imaging: no read.\n")
    words.show(out, _ctdna(samples) if samples else "ctDNA: no result.\n")
    words.show(out, *_findings(document["standing_findings"], reasons))


_HELD = "Not enrolled: nothing is told, findings are held until the enrolment comes."
_INCOMPLETE = (
    "Incomplete: something of this patient could not be taken into account; "
    "`monitor dlq list --patient STUDY/PATIENT` shows what was refused."
)
_UNKNOWN = (
    "no record of this patient was ever accepted; open refused deliveries that name them: {} "
    "(`monitor dlq list --patient STUDY/PATIENT`)"
)


def _imaging(reads: list[Document]) -> "Table":
    rows = []
    for read in reads:
        overall = "baseline" if read["is_baseline"] else _given(read["overall"])
        if read["pd_on"] not in (None, read["first_image_on"]):
            overall += f", dated {read['pd_on']}"
        rows.append(
            {
                "Day": read["first_image_on"],
                "Reader": read["reader"],
                "Sum mm": _given(read["sum_mm"])
                + ("" if read["sum_complete"] is not False else " (partial)"),
                "Nadir mm": _given(read["nadir_mm"]),
                "Target": _given(read["target"]),
                "Non-target": _given(read["non_target"]),
                "New lesion": read["new_lesion"],
                "Overall": overall,
                "Notes": ", ".join(flag.lower().replace("_", " ") for flag in read["flags"]),
            }
        )
    return _table("Imaging", rows, {n for n, read in enumerate(reads) if read["pd_on"]})


def _ctdna(samples: list[Document]) -> "Table":
    rows = []
    for sample in samples:
        why = sample["not_counted_because"]
        rows.append(
            {
                "Collected": sample["collected_on"],
                "Call": _given(sample["call"]).replace("_", " "),
                "Course": _given(sample["course"]).replace("_", " "),
                "Assay": sample["group"].rstrip("/"),
                "Notes": f"not counted: {why.replace('_', ' ')}" if why else "",
            }
        )
    positive = {n for n, one in enumerate(samples) if one["call"] == "detected" and one["counted"]}
    return _table("ctDNA", rows, positive)


def _findings(findings: list[Document], reasons: Mapping[str, str]) -> "Iterator[RenderableType]":
    from monitor.cli import words

    if not findings:
        yield "No finding stands."
        return
    yield "Standing findings"
    for finding in findings:
        head = words.severity_text(finding["severity"], words.INDENT)
        head.append(f"{words.finding_words(finding['finding'])}, {finding['effective_on']}", "bold")
        head.append(f", {_standing(finding)}")
        yield head
        yield words.reason_text(reasons[finding["finding_id"]])


def _standing(finding: Document) -> str:
    if finding["held"]:
        return "held: not told before enrolment"
    if finding["open"]:
        return "open"
    return f"resolved {finding['details']['resolved_on']}"


NOTHING = "-"


def _given(value: str | None) -> str:
    return NOTHING if value is None else value


def _table(title: str, rows: list[dict[str, str]], marked: set[int]) -> "Table":
    """A table without the columns that say nothing of anybody; rows in `marked` stand out."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    names = [name for name in rows[0] if any(row[name] not in (NOTHING, "") for row in rows)]
    for name in names:
        justify: Literal["right", "left"] = "right" if name.endswith("mm") else "left"
        table.add_column(name, justify=justify, overflow="fold")
    for number, row in enumerate(rows):
        table.add_row(*(row[name] for name in names), style="red" if number in marked else None)
    return table
