"""`monitor rulebook`: every rule with its sentence, thresholds, source, origin and version."""

import enum
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import RenderableType

app = typer.Typer(add_completion=False)

Document = Mapping[str, Any]
Titled = tuple[str, Sequence[str], Sequence[Sequence[str]]]


class Format(enum.StrEnum):
    """How the rulebook is written."""

    TABLE = "table"
    MARKDOWN = "markdown"
    JSON = "json"


@app.command()
def rulebook(
    rules: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The thresholds to fill in: a TOML file or the name of a built-in ruleset; "
            "default the seed protocol's.",
        ),
    ] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Print every rule, the thresholds, criteria, causes for review, and the response tables.

    A patient's own numbers stand as [words] in a rule's sentence. Exit code 0; 3 when the rules
    file cannot be used.
    """
    from monitor.cli.ruling import ruleset_of
    from monitor.clinical.printed import rulebook as document_of

    document = document_of(ruleset_of(rules))
    if format_ is Format.JSON:
        typer.echo(json.dumps(document, ensure_ascii=False, indent=1))
    elif format_ is Format.MARKDOWN:
        typer.echo("\n".join(_markdown(document)))
    else:
        _show(document)


def _origin(letter: str) -> str:
    from monitor.clinical.printed import ORIGINS

    return f"{letter}, {ORIGINS[letter]}"


def _heading(document: Document) -> str:
    return f"Rulebook with the thresholds of {document['ruleset']} ({document['config_hash'][:12]})"


def _about(rule: Document) -> list[str]:
    return [
        f"{rule['id']} {rule['version']}",
        rule["finding"],
        rule["severity"],
        _origin(rule["origin"]),
        f"rules {rule['source']}",
    ]


def _thresholds(rule: Document) -> list[str]:
    return [f"{one['key']} = {one['value']}" for one in rule["thresholds"]]


def _others(document: Document) -> Iterator[Titled]:
    """What stands beside the rules, each part as a table of texts."""
    yield (
        "Thresholds",
        ("key", "value", "what it is", "origin"),
        [
            (one["key"], one["value"], one["words"], _origin(one["origin"]))
            for one in document["parameters"]
        ],
    )
    yield (
        "Eligibility criteria (rules 5)",
        ("id", "asks for", "fields"),
        [(one["id"], one["asks"], ", ".join(one["fields"])) for one in document["criteria"]],
    )
    yield (
        "Causes for a review or a transition (rules 4.3)",
        ("id", "holds when"),
        [(one["id"], one["words"]) for one in document["causes"]],
    )
    for table in document["tables"]:
        yield f"{table['name']} (rules {table['source']})", table["columns"], table["rows"]


def _show(document: Document) -> None:
    from rich.text import Text

    from monitor.cli import words

    out = words.console()
    words.show(out, Text(_heading(document), "bold"), "", _rules_table(document["rules"]))
    for title, columns, rows in _others(document):
        words.show(out, _table(title, columns, rows))


def _rules_table(rules: Sequence[Document]) -> "RenderableType":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_lines=True)
    table.add_column("Rule", max_width=40, overflow="fold")
    table.add_column("What it says, and its thresholds", ratio=1)
    for rule in rules:
        about = Text("\n").join(Text(line, "bold" if n < 1 else "") for n, line in
                                enumerate(_about(rule)))  # fmt: skip
        said = Text(rule["sentence"])
        for line in _thresholds(rule):
            said.append(f"\n{line}", "cyan")
        table.add_row(about, said)
    return table


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> "RenderableType":
    from rich import box
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
    )
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(document: Document) -> Iterator[str]:
    yield f"# {_heading(document)}\n"
    rows = [
        [*_about(rule)[:3], rule["sentence"], "<br>".join(_thresholds(rule)), *_about(rule)[3:]]
        for rule in document["rules"]
    ]
    columns = ("rule", "finding", "severity", "sentence", "thresholds", "origin", "source")
    yield from _markdown_table("Rules", columns, rows)
    for title, names, cells in _others(document):
        yield from _markdown_table(title, names, cells)


def _markdown_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]
) -> Iterator[str]:
    yield f"## {title}\n"
    yield _markdown_row(columns)
    yield _markdown_row(["---"] * len(columns))
    yield from map(_markdown_row, rows)
    yield ""


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
