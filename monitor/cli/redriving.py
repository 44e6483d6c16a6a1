"""What `monitor dlq redrive` and `park` do, and how it is told."""

import typer

from monitor import settings
from monitor.cli import words
from monitor.cli.advice import ADVICE
from monitor.cli.auditing import holder
from monitor.cli.quarantine import counts_text
from monitor.cli.reading import from_ledger
from monitor.cli.ruling import bar, rulesets_of
from monitor.clock import Clock
from monitor.exits import Exit, StartRefusedError
from monitor.ledger.archive import Archive
from monitor.ledger.port import RefusedRow
from monitor.ledger.refusals import Wanted
from monitor.parking import Parking
from monitor.stream.redrive_plan import Plan, plan
from monitor.stream.redriving import Redrive, Redriven, Stopped, Terms
from monitor.stream.resending import Resender

_PLAIN = "the database cannot keep what would be written: give --why and --by as plain text"


def redriven(
    wanted: Wanted,
    said: tuple[str, str] | None,
    limits: tuple[float | None, int | None, float],
) -> None:
    """Send what is wanted, or with nothing `said` only tell how many it would be."""
    kafka = settings.load().kafka
    found = from_ledger(lambda ledger: plan(ledger, wanted, list(kafka.inputs)))
    _show_plan(found, done=said is not None)
    if said is None:
        return
    if not found.total:
        raise typer.Exit(Exit.REFUSED if found.never or found.elsewhere else Exit.OK)
    done = from_ledger(lambda ledger: _redrive(ledger, wanted, said, Terms(*limits), found.total))
    _show_end(done)
    if done.stopped is Stopped.INTERRUPTED:
        raise typer.Exit(Exit.INTERRUPTED)
    if done.accepted < done.sent or done.unsendable or done.stopped is not None:
        raise typer.Exit(Exit.REFUSED)


async def _redrive(
    ledger: Archive, wanted: Wanted, said: tuple[str, str], terms: Terms, total: int
) -> Redriven:
    kafka = settings.load().kafka
    with bar("redriving", total) as advance:
        shown = 0

        def told(done: Redriven) -> None:
            nonlocal shown
            for _ in range(done.settled - shown):
                advance()
            shown = done.settled

        async with Resender(kafka) as sending:
            redrive = Redrive(ledger, sending, Clock(), holder(), terms)
            try:
                return await redrive.run(wanted, list(kafka.inputs), said, told)
            except RefusedRow:
                raise StartRefusedError(_PLAIN) from None


def _show_plan(found: Plan, *, done: bool) -> None:
    out = words.console()
    verb = "To redrive" if done else "Would be redriven"
    words.show(out, f"{verb}: {found.total} ({counts_text(found.send)}).")
    for reason, count in sorted(found.never.items()):
        words.show(out, f"Left: {count} {reason}.", words.reason_text(ADVICE[reason]))
    if found.elsewhere:
        words.show(
            out,
            f"Left: {found.elsewhere} of topics that are not this deployment's inputs: look at "
            "CTDNA_MONITOR_KAFKA__TOPIC_PREFIX.",
        )


def _show_end(done: Redriven) -> None:
    out = words.console()
    words.show(
        out,
        f"{done.sent} sent: {done.accepted} accepted, {done.refused_again} refused again, "
        f"{done.waiting} not settled yet.",
    )
    if done.parked:
        words.show(out, f"{done.parked} were parked by somebody meanwhile.")
    if done.unsendable:
        words.show(
            out,
            f"{done.unsendable} cannot be sent: larger than their topic takes (raise its "
            "max.message.bytes), or of a partition that it does not have any more. Else park them.",
        )
    if done.stopped is not None:
        words.show(out, f"Stopped: {done.stopped}.")
    if done.refused_again:
        words.show(out, "`monitor dlq list` shows why they were refused again.")
    if done.waiting:
        words.show(out, "What is not settled stays open, and is closed when a worker accepts it.")


def parked(wanted: Wanted, said: tuple[str, str] | None) -> None:
    """Give up what is wanted, or with nothing `said` only tell how many it would be."""
    out = words.console()
    found = from_ledger(lambda ledger: ledger.count_kept(wanted))
    counts = {reason: count for reason, (count, _) in found.items()}
    if said is None:
        words.show(out, f"Would be parked: {sum(counts.values())} ({counts_text(counts)}).")
        return
    count = from_ledger(lambda ledger: _park(ledger, wanted, said)) if counts else 0
    words.show(out, f"Parked: {count} ({counts_text(counts)}).")
    if not count:
        raise typer.Exit(Exit.REFUSED)


async def _park(ledger: Archive, wanted: Wanted, said: tuple[str, str]) -> int:
    parking = Parking(ledger, rulesets_of(settings.load().rules), Clock())
    try:
        return await parking.park(wanted, *said)
    except RefusedRow:
        raise StartRefusedError(_PLAIN) from None
