"""`monitor audit`: looks whether what is stored and published follows from the accepted events."""

import enum
import json
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


class Format(enum.StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


@app.command()
def audit(
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every patient; so without options.")] = False,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Only so many patients, others every day.")
    ] = None,
    topic: Annotated[bool, typer.Option(help="Compare the notices on their topic too.")] = True,
    format_: Annotated[
        Format, typer.Option("--format", help="JSON names every patient who differs.")
    ] = Format.TEXT,
) -> None:
    """Decide every patient once more from the accepted events, and say what differs.

    Compares states and notices in the database, and the notices on their topic; repairs nothing.
    A pass over every patient and the topic is recorded in the audit trail, and the workers'
    metrics show it; one with --sample or --no-topic is not.

    Exit code 0 when nothing differs; 1 when something does; 3 configuration; 69 database or
    broker away; 76 or 78 rules or states that this program cannot read.
    """
    from monitor.cli.auditing import audited, document_of, show_pass
    from monitor.cli.reading import from_ledger
    from monitor.exits import Exit

    if all_ and sample is not None:
        raise typer.BadParameter("give --all or --sample", param_hint="--sample")
    total = from_ledger(lambda ledger: audited(ledger, sample, topic=topic))
    if format_ is Format.JSON:
        typer.echo(json.dumps(document_of(total, topic=topic), indent=1))
    else:
        show_pass(total, topic=topic)
    if total.differences:
        raise typer.Exit(Exit.REFUSED)
