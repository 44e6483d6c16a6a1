"""`monitor rebuild`: a database made good from its own events, or a new one from the topics."""

from typing import Annotated

import typer

from monitor.rebuilding import Source

app = typer.Typer(add_completion=False)

Topic = Annotated[
    bool,
    typer.Option(
        help="Look on the topic of notices for what was told. Without it, what was sent and is "
        "not marked as published passes for not told."
    ),
]
By = Annotated[str | None, typer.Option(help="Who decided; default the user of this machine.")]


@app.callback(invoke_without_command=True)
def rebuild(
    context: typer.Context,
    *,
    source: Annotated[
        Source | None,
        typer.Option("--from", help="The database's own accepted events, or the input topics."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing, say what would be changed.")
    ] = False,
    topic: Topic = True,
    incomplete: Annotated[
        bool,
        typer.Option("--incomplete", help="Go on though topics have lost their first records."),
    ] = False,
    by: By = None,
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")] = "rebuild",
) -> None:
    """Make states and notices good again; nothing is sent. Stop every worker first.

    From the ledger: what is missing or damaged is decided again from the accepted events, with
    the same ids and bytes. From the topics: a new database gets the same standing findings. What
    was not told before waits: `monitor rebuild review` lists it, `monitor rebuild release` lets
    it be sent.

    Exit code 0; 1 with --check when something would change, or when patients were left as they
    are; 3 configuration; 69 database or broker away, but events read from the topics wait for a
    database that goes away meanwhile; 76 rules that are not the active ones, or that this program
    cannot read; 78 while a worker runs; 130 Ctrl-C.
    """
    if context.invoked_subcommand is not None:
        return
    if source is None:
        raise typer.BadParameter("say from what: ledger or topics", param_hint="--from")
    if source is Source.TOPICS and (check or not topic):
        raise typer.BadParameter("is for --from ledger", param_hint="--check, --no-topic")
    if check:
        _check(topic=topic)
    else:
        _rebuild(source, by, reason, topic=topic, incomplete=incomplete)


def _check(*, topic: bool) -> None:
    from monitor.cli.reading import from_ledger
    from monitor.cli.rebuilding import checked_from_ledger

    from_ledger(lambda ledger: checked_from_ledger(ledger, topic=topic))


def _rebuild(source: Source, by: str | None, reason: str, *, topic: bool, incomplete: bool) -> None:
    from monitor.cli.reading import from_ledger, who_decided
    from monitor.cli.rebuilding import from_topics, rebuilt_from_ledger
    from monitor.exits import Exit

    who = who_decided(by)
    try:
        if source is Source.LEDGER:
            from_ledger(lambda ledger: rebuilt_from_ledger(ledger, who, reason, topic=topic))
        else:
            from_ledger(lambda ledger: from_topics(ledger, who, reason, incomplete=incomplete))
    except KeyboardInterrupt:
        typer.echo("Interrupted: run the same again; no worker starts before.", err=True)
        raise typer.Exit(Exit.INTERRUPTED) from None


@app.command()
def review() -> None:
    """List the notices that wait for a release, oldest first; nothing is changed."""
    from monitor.cli.reading import from_ledger
    from monitor.cli.rebuilding import show_held

    from_ledger(show_held)


@app.command()
def release(
    reason: Annotated[str, typer.Option(help="Why; it is kept in the audit trail.")],
    by: By = None,
    patient: Annotated[
        str | None, typer.Option(metavar="STUDY/PATIENT", help="Only this patient's notices.")
    ] = None,
) -> None:
    """Let the notices that wait be sent, by the workers, in their patients' order.

    Exit code 0; 1 when none waits; 78 while a rebuild has not finished.
    """
    from monitor.cli.reading import from_ledger, patient_key, who_decided
    from monitor.cli.rebuilding import released

    if not reason.strip():
        raise typer.BadParameter("say why", param_hint="--reason")
    try:
        key = None if patient is None else patient_key(patient)
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--patient") from None
    who = who_decided(by)
    from_ledger(lambda ledger: released(ledger, key, who, reason))
