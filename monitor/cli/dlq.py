"""`monitor dlq`: refused deliveries listed, shown, sent once more, or given up."""

import enum
import sys
from typing import Annotated

import typer

from monitor.cli.asked import (
    Patient,
    Place,
    ReasonAsked,
    Since,
    Source,
    Study,
    Topic,
    Until,
    wanted,
)
from monitor.exits import Exit

app = typer.Typer(add_completion=False, no_args_is_help=True)

By = Annotated[str | None, typer.Option(help="Who decided; default the user of this machine.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only say how many it would be, by reason.")
]


Rate = Annotated[
    float | None,
    typer.Option(min=0.1, metavar="N", help="At most N a second; else as workers keep up."),
]
StopAfter = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Stop once N of them were refused again; no more than N are under way at a time.",
    ),
]
Wait = Annotated[
    float, typer.Option(min=1, metavar="SECONDS", help="Give up after so long without news.")
]


class Format(enum.StrEnum):
    """How rows are written: for people, as one JSON array, or as a JSON object a line."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"


@app.callback()
def dlq() -> None:
    """Look at refused deliveries, send them once more, or give them up; nothing expires."""


@app.command("list")
def list_(
    *,
    reason: ReasonAsked = None,
    topic: Topic = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    study: Study = None,
    patient: Patient = None,
    all_: Annotated[
        bool, typer.Option("--all/--open", help="Closed ones too, or open ones only.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the oldest first.")] = 100,
    format_: Annotated[
        Format, typer.Option("--format", help="JSON forms hold every field but the bytes.")
    ] = Format.TABLE,
) -> None:
    """List refused deliveries, oldest first: where each came, why it was refused, what it names."""
    import json

    from monitor.cli import quarantine
    from monitor.cli.reading import from_ledger
    from monitor.settings import load

    asked = wanted(load().kafka, None, reason=reason, topic=topic, source=source, since=since,
                   until=until, study=study, patient=patient, open_only=not all_)  # fmt: skip
    found = from_ledger(lambda ledger: quarantine.some(ledger, asked, limit))
    if format_ is Format.TABLE:
        counts = from_ledger(lambda ledger: ledger.count_kept(asked))
        total = sum(count for count, _ in counts.values())
        quarantine.show_some(found, total=total, open_only=not all_)
        return
    documents = [quarantine.document_of(one) for one in found]
    if format_ is Format.JSON:
        print(quarantine.as_json(documents))
    else:
        sys.stdout.writelines(json.dumps(one, ensure_ascii=False) + "\n" for one in documents)


@app.command()
def show(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="TOPIC/PARTITION/OFFSET.")],
    *,
    raw: Annotated[
        bool, typer.Option("--raw", help="Write the original value, byte for byte.")
    ] = False,
    json_: Annotated[bool, typer.Option("--json", help="Write everything as JSON.")] = False,
) -> None:
    """Show one refused delivery whole: headers, key, value, why, and what to do next.

    Exit code 0; 1 when there is none at that place.
    """
    import json

    from monitor.cli import quarantine
    from monitor.cli.asked import place_key
    from monitor.cli.reading import from_ledger
    from monitor.ledger.refusals import Wanted

    asked = Wanted(key=place_key(place), open_only=False)
    found = from_ledger(lambda ledger: ledger.kept(asked, 0, 1, whole=True))
    if not found:
        typer.echo("Nothing that came there was refused: `monitor dlq list --all`.", err=True)
        raise typer.Exit(Exit.REFUSED)
    if raw:
        sys.stdout.buffer.write(found[0].row.value or b"")
        sys.stdout.buffer.flush()
    elif json_:
        print(json.dumps(quarantine.whole_document(found[0]), ensure_ascii=False, indent=1))
    else:
        quarantine.show_whole(found[0])


@app.command()
def redrive(
    place: Place = None,
    *,
    reason: ReasonAsked = None,
    topic: Topic = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    study: Study = None,
    patient: Patient = None,
    why: Annotated[
        str | None, typer.Option(help="Why; it is kept in the audit trail. Needed to send.")
    ] = None,
    by: By = None,
    dry_run: DryRun = False,
    rate: Rate = None,
    stop_after: StopAfter = None,
    wait: Wait = 60.0,
) -> None:
    """Send open refused deliveries to their topics once more, and wait until each is settled.

    Key, value and headers are the original ones, byte for byte; two headers say that it is a
    redrive. A worker has to run: it closes what it accepts, and what it refuses again is open
    under its new place. Conflicts are never sent: `monitor dlq show` says what to ask the sender.
    Sending twice does no harm. Who, why and how many are in the audit trail.

    Exit code 0; 1 when some were refused again, are not settled, or cannot be sent; 69 database
    or broker away; 78 while another redrive runs; 130 Ctrl-C, with what was sent until then.
    """
    from monitor.cli.redriving import redriven
    from monitor.settings import load

    asked = wanted(load().kafka, place, reason=reason, topic=topic, source=source, since=since,
                   until=until, study=study, patient=patient)  # fmt: skip
    redriven(asked, _who(by, why, needed=not dry_run), (rate, stop_after, wait))


@app.command()
def park(
    place: Place = None,
    *,
    reason: ReasonAsked = None,
    topic: Topic = None,
    source: Source = None,
    since: Since = None,
    until: Until = None,
    study: Study = None,
    patient: Patient = None,
    why: Annotated[
        str | None, typer.Option(help="Why; it is kept with the row and in the audit trail.")
    ] = None,
    by: By = None,
    dry_run: DryRun = False,
) -> None:
    """Give open refused deliveries up: nobody is asked for them any more.

    A patient of whom nothing else is open is complete without them. One with a conflict of
    versions stays incomplete, parked or not, until a higher version of that record comes.

    Rows and original bytes stay; `monitor dlq list --all` shows them. Say which: a place, or at
    least one of the options that choose.

    Exit code 0; 1 when none is open.
    """
    from monitor.cli.redriving import parked
    from monitor.ledger.refusals import Wanted
    from monitor.settings import load

    asked = wanted(load().kafka, place, reason=reason, topic=topic, source=source, since=since,
                   until=until, study=study, patient=patient)  # fmt: skip
    if asked == Wanted():
        raise typer.BadParameter("say which: a PLACE, --reason, --source …", param_hint="PLACE")
    parked(asked, _who(by, why, needed=not dry_run))


def _who(by: str | None, why: str | None, *, needed: bool) -> tuple[str, str] | None:
    """Who decided and why; None for a dry run."""
    from monitor.cli.reading import who_decided

    if not needed:
        return None
    if why is None or not why.strip():
        raise typer.BadParameter("say why (or --dry-run)", param_hint="--why")
    return who_decided(by), why
