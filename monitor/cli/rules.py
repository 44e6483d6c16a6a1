"""`monitor rules`: checks a study's rules, compares them with the active ones, activates them."""

import enum
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.exits import Exit, StartRefusedError

if TYPE_CHECKING:
    from monitor.cli.ruling import Activated
    from monitor.clinical.transitions import Ruleset


app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def rules() -> None:
    """Check a study's rules, see what a change would say, activate it."""


@app.command()
def check(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A TOML file, a folder of them, or a built-in ruleset's name."
        ),
    ],
) -> None:
    """Say whether rules can be used, and what in them differs from the defaults.

    Every fault is told with its key, the kind of what was given, and what is expected in which
    bounds and unit. Exit code 0; 3 when a file cannot be used.
    """
    from monitor.rulesets import RulesInvalid, files_of, read_ruleset

    faults: list[str] = []
    try:
        files = files_of(file) if file.is_dir() else [file]
    except RulesInvalid as fault:
        files, faults = [], [str(fault)]
    for one in files:
        try:
            _show(read_ruleset(one))
        except RulesInvalid as fault:
            faults += [f"{fault.place}: {problem}" for problem in fault.problems]
    if faults:
        sys.stderr.writelines(f"{fault}\n" for fault in faults)
        raise typer.Exit(Exit.CONFIGURATION)


def _show(ruleset: "Ruleset") -> None:
    from monitor.clinical.keys import KEYS, differing, value_words
    from monitor.clinical.parameters import Parameters

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

    Exit code 0 when they would say nothing; 1 when they would, or leave patients without rules;
    3 when the rules cannot be used; 78 when patients cannot be decided by this program.
    """
    from monitor.cli.reading import from_ledger
    from monitor.cli.ruling import compared, rulesets_of, show_comparison
    from monitor.comparison import undecided_words

    given = rulesets_of(rules)
    found = from_ledger(lambda ledger: compared(ledger, given, study))
    if format_ is Format.JSON:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=1))
    else:
        show_comparison(found)
    if found["undecided"]:
        raise StartRefusedError(undecided_words(found["undecided"]))
    if found["patients"] or found["without_rules"]:
        raise typer.Exit(Exit.REFUSED)


@app.command()
def activate(
    rules: Rules,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")],
    by: Annotated[
        str | None, typer.Option(help="Who decided; default the user of this machine.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STUDY",
            help="A study whose patients may be left without rules; their events are refused.",
        ),
    ] = None,
) -> None:
    """Make rules the active ones, and tell what differs; stop every worker first.

    Interrupted, it goes on when it is run again with the same rules. Afterwards start the workers
    with these rules in CTDNA_MONITOR_RULES; they publish what was told.

    Exit code 0; 3 when the rules or the deployment cannot be used; 69 database away; 76 a patient
    was left under other rules; 78 while a worker runs, when another activation began, when
    patients would be left without rules or cannot be decided; 130 Ctrl-C.
    """
    from monitor.cli.reading import from_ledger, who_decided
    from monitor.cli.ruling import activated, rulesets_of

    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    given, who, dropped = rulesets_of(rules), who_decided(by), without or []
    for study in dropped:
        if given(study) is not None:
            raise typer.BadParameter(f"there are rules for {study}", param_hint="--without")
    try:
        done = from_ledger(lambda ledger: activated(ledger, given, who, reason, dropped))
    except KeyboardInterrupt:
        typer.echo("Interrupted: run the same again, it goes on where it ended.", err=True)
        raise typer.Exit(Exit.INTERRUPTED) from None
    _say(done)
    typer.echo(f"Start every worker with CTDNA_MONITOR_RULES={rules}")


def _say(done: "Activated") -> None:
    begun = done.begun
    if begun.how == "already":
        since = f"{begun.since:%Y-%m-%d %H:%M} UTC"
        typer.echo(
            f"activation {begun.number}: already active since {since}, by {begun.by}; "
            "your reason was not recorded"
        )
        return
    again = ", resumed" if begun.how == "resumed" else ""
    typer.echo(
        f"activation {begun.number}{again}: {done.patients} patients changed to it, "
        f"{done.told} notices"
    )
