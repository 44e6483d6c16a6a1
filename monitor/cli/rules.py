"""`monitor rules`: checks a study's rules, compares them with the active ones, activates them."""

import enum
import getpass
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from monitor.exits import Exit

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def rules() -> None:
    """Check a study's rules, see what a change would say, activate it."""


@app.command()
def check(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A TOML file, or a built-in ruleset's name.")
    ],
) -> None:
    """Say whether a rules file can be used, and what in it differs from the defaults.

    Every fault is told with its key, the kind of what was given, and what is expected in which
    bounds and unit. Exit code 0; 3 when the file cannot be used.
    """
    from monitor.clinical.keys import KEYS, differing, value_words
    from monitor.clinical.parameters import Parameters
    from monitor.rulesets import RulesInvalid, read_ruleset

    try:
        ruleset = read_ruleset(file)
    except RulesInvalid as fault:
        sys.stderr.writelines(f"{fault.place}: {problem}\n" for problem in fault.problems)
        raise typer.Exit(Exit.CONFIGURATION) from None
    typer.echo(f"{ruleset.name}: valid, {ruleset.parameters.config_hash}")
    changed = differing(Parameters(), ruleset.parameters)
    for key, default, value in changed:
        unit = KEYS[key].unit
        typer.echo(f"  {key} = {value_words(value, unit)} (default {value_words(default, unit)})")
    if not changed:
        typer.echo("  all values are the defaults")


class Format(enum.StrEnum):
    """How a comparison is written."""

    TABLE = "table"
    JSON = "json"


Rules = Annotated[
    Path,
    typer.Option(
        metavar="FILE",
        help="A TOML file for every study, a folder with one <study_id>.toml each, or the name "
        "of a built-in ruleset.",
    ),
]


@app.command()
def diff(
    rules: Rules,
    study: Annotated[str | None, typer.Option(help="Only this study's patients.")] = None,
    format_: Annotated[Format, typer.Option("--format")] = Format.TABLE,
) -> None:
    """Show for each patient what other rules would raise, amend or withdraw; nothing is written.

    Exit code 0 when they would say nothing; 1 when they would; 3 when the rules cannot be used.
    """
    from monitor.cli.reading import from_ledger
    from monitor.cli.ruling import compared, rulesets_of, show_comparison

    given = rulesets_of(rules)
    found = from_ledger(lambda ledger: compared(ledger, given, study))
    if format_ is Format.JSON:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show_comparison(found)
    if found["patients"]:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def activate(
    rules: Rules,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")],
    by: Annotated[
        str | None, typer.Option(help="Who decided; default the user of this machine.")
    ] = None,
) -> None:
    """Make rules the active ones, and tell what differs; stop every worker first.

    Interrupted, it goes on when it is run again with the same rules. Afterwards start the workers
    with these rules in CTDNA_MONITOR_RULES; they publish what was told.

    Exit code 0; 3 when the rules cannot be used; 78 while a worker runs; 69 database away.
    """
    from monitor.cli.reading import from_ledger
    from monitor.cli.ruling import activated, rulesets_of

    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    given, who = rulesets_of(rules), by or getpass.getuser()
    number, patients, told = from_ledger(lambda ledger: activated(ledger, given, who, reason))
    typer.echo(f"activation {number}: {patients} patients changed to it, {told} notices")
    typer.echo(f"Start every worker with CTDNA_MONITOR_RULES={rules}")
