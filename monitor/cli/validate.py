"""`monitor validate`: what the worker would say of files of events, before anything is sent."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.lines import BLANKS, Files, Reading, Rules, reading
from monitor.cli.remarks import Format, Shown, summary, summary_tables
from monitor.exits import Exit
from monitor.settings import INPUT_TOPICS

if TYPE_CHECKING:
    from monitor.bulk.validation import Asked, Tally
    from monitor.rulesets import Rulesets

LIMIT = 100

app = typer.Typer(add_completion=False)


def _given_topic(topic: str | None) -> str | None:
    if topic is not None and topic not in INPUT_TOPICS:
        raise typer.BadParameter(f"one of {', '.join(INPUT_TOPICS)}, without a prefix")
    return topic


Topic = Annotated[
    str | None,
    typer.Option(
        metavar="TOPIC",
        help="The topic that all lines are meant for: other types are refused.",
        callback=_given_topic,
    ),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse names that are not known; else a warning.")
]
Written = Annotated[
    Format, typer.Option("--format", help="ndjson: every remark, and at the end a {summary}.")
]
Limit = Annotated[
    int, typer.Option(min=0, metavar="N", help="Table: show the first N lines; 0 for all.")
]


@app.command()
def validate(
    files: Files,
    *,
    rules: Rules = None,
    topic: Topic = None,
    strict: Strict = False,
    format_: Written = Format.TABLE,
    limit: Limit = LIMIT,
) -> None:
    """Check files of events as the worker would, and say of every line all that is wrong with it.

    Needs neither broker nor database. Duplicates and conflicts are told within the files given:
    what was sent before is not known. No value of a record is ever repeated.

    Exit code 0; 1 when a line would be refused; 2 usage; 3 configuration; 4 anything else.
    """
    from monitor.bulk.validation import Asked
    from monitor.cli.ruling import rulesets_of
    from monitor.cli.words import console

    rulesets, asked = rulesets_of(rules), Asked(strict=strict, topic=topic)
    terminal = sys.stdout.isatty()
    with reading(files, "checking", bar=not terminal or format_ is Format.TABLE) as source:
        # On one terminal with the bar, both are printed by one console.
        shared = terminal and source.console.is_terminal
        shown = Shown(files, format_, limit, source.console if shared else console())
        tally = _checked(source, shown, rulesets, asked)
    _end(shown, tally, format_)
    if tally.refused.total():
        raise typer.Exit(Exit.REFUSED)


def _checked(source: Reading, shown: Shown, rulesets: "Rulesets", asked: "Asked") -> "Tally":
    from monitor.bulk.seen import Place, Seen
    from monitor.bulk.validation import Validation

    seen = Seen()
    check = Validation(rulesets, seen, asked)
    try:
        for file, number, content in source.lines():
            if line := content.strip(BLANKS):
                shown.show(check.check(Place(file, number), line))
    finally:
        seen.close()
    return check.tally


def _end(shown: Shown, tally: "Tally", format_: Format) -> None:
    from monitor.cli.words import console, show

    if format_ is Format.NDJSON:
        sys.stdout.write(json.dumps({"summary": summary(tally)}, ensure_ascii=False) + "\n")
    elif not tally.lines:
        typer.echo("There is no line to check: an event is one line of JSON.")
    else:
        if shown.held_back:
            typer.echo(f"… and {shown.held_back:,} lines more (--limit 0 shows all)")
        show(console(), *summary_tables(tally))
    refused = tally.refused.total()
    typer.echo(f"{tally.lines.total() - refused} fine, {refused} refused", file=sys.stderr)
