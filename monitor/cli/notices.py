"""`monitor notices`: what the monitor has said, oldest first, straight from the ledger."""

import datetime
import enum
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from monitor.ledger.entries import PatientKey
    from monitor.ledger.sql import SqlLedger

app = typer.Typer(add_completion=False)

Notice = dict[str, Any]


class Format(enum.StrEnum):
    """How the notices are written: for people, as one JSON array, or as a JSON object a line."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"


@app.command()
def notices(
    patient: Annotated[
        str | None, typer.Option(metavar="STUDY/PATIENT", help="Only this patient's notices.")
    ] = None,
    *,
    open_: Annotated[
        bool, typer.Option("--open", help="Only notices of findings that stand open.")
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="JSON forms hold every field and published_at.")
    ] = Format.TABLE,
) -> None:
    """Show the notices in the database, oldest first.

    A finding is open until it is withdrawn or resolved, such as a suspicion that was confirmed.
    """
    from monitor.cli.reading import from_ledger, patient_key

    try:
        key = None if patient is None else patient_key(patient)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--patient") from None
    found = from_ledger(lambda ledger: _read(ledger, key))
    if open_:
        found = still_open(found)
    if format_ is Format.TABLE:
        _show(found)
    elif format_ is Format.JSON:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        sys.stdout.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in found)


async def _read(ledger: "SqlLedger", patient: "PatientKey | None") -> list[Notice]:
    from monitor.cli.reading import UnknownPatientError

    if patient is not None and await ledger.state(patient) is None:
        raise UnknownPatientError("no record of this patient was ever accepted")
    return [
        {**json.loads(document), "published_at": _utc(published_at)}
        for document, published_at in await ledger.notices(patient)
    ]


def _utc(moment: datetime.datetime | None) -> str | None:
    from monitor.clinical.findings import rfc3339

    return None if moment is None else rfc3339(moment)


def still_open(said: Sequence[Notice]) -> list[Notice]:
    """Notices of findings whose latest notice neither withdraws nor resolves them."""
    latest = {one["finding_id"]: one for one in said}
    standing = {
        name
        for name, one in latest.items()
        if one["action"] != "withdrawn" and "resolved_on" not in one["details"]
    }
    return [one for one in said if one["finding_id"] in standing]


def _show(said: Sequence[Notice]) -> None:
    from monitor.cli import words

    out = words.console()
    if not said:
        words.show(out, "No notices.")
    for one in said:
        words.show(out, words.notice_text(one))
        if one["published_at"] is None:
            words.show(out, words.reason_text("(waits to be published)"))
