"""What `monitor rebuild` does, step by step, and how it is told."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import typer

from monitor import settings
from monitor.adoption import Adoption
from monitor.cli import words
from monitor.cli.auditing import holder, read_topic, reconciler_of, show_patients
from monitor.cli.ruling import bar, rulesets_of
from monitor.clock import Clock
from monitor.exits import Exit, StartRefusedError
from monitor.ledger.activations import chained
from monitor.ledger.archive import Archive
from monitor.ledger.entries import NoticeRow, PatientKey
from monitor.ledger.port import Conflict, RefusedRow
from monitor.notified import Notified
from monitor.rebuilding import (
    RELEASED,
    Rebuilt,
    Source,
    Turn,
    rebuild_patient,
    refuse_unfinished_rebuild,
    without_state,
)
from monitor.stream.history import History, delivery_of, published_of, refuse_members
from monitor.wiring import intake_settings


@asynccontextmanager
async def _turn(ledger: Archive) -> AsyncIterator[Turn]:
    turn = Turn(ledger, Clock(), holder())
    try:
        yield turn
    except RefusedRow:
        raise StartRefusedError(
            "the database cannot keep what would be written: give --reason and --by as plain text"
        ) from None
    finally:
        await turn.give_back()


async def checked_from_ledger(ledger: Archive, *, topic: bool) -> None:
    """Say what a rebuild from the ledger would change."""
    notified = await read_topic(ledger) if topic else None
    found = await _go_over(ledger, notified, None)
    _say(found, "would be", topic=topic)
    if found.changed or found.left:
        raise typer.Exit(Exit.REFUSED)


async def rebuilt_from_ledger(ledger: Archive, who: str, why: str, *, topic: bool) -> None:
    """Rebuild from the ledger."""
    if topic:
        refuse_members(settings.load().kafka)
    notified = await read_topic(ledger) if topic else None
    async with _turn(ledger) as turn:
        await turn.begin(Source.LEDGER, who, why)
        found = await _go_over(ledger, notified, turn)
        stateless = await without_state(ledger, found)
        if not stateless:
            await turn.finish(Source.LEDGER, who, why, found.counts())
    _say(found, "were", topic=topic)
    if stateless:
        words.show(words.console(), _STATELESS.format(stateless))
    if found.held:
        words.show(words.console(), _HELD)
    if found.left:
        raise typer.Exit(Exit.REFUSED)


async def _go_over(ledger: Archive, notified: Notified | None, turn: Turn | None) -> Rebuilt:
    reconciler, found = reconciler_of(ledger), Rebuilt()
    patients = await ledger.everybody()
    with bar("rebuilding" if turn else "comparing", len(patients)) as advance:
        for patient in patients:
            if turn is not None:
                await turn.keep()
            what = await rebuild_patient(ledger, reconciler, patient, notified, check=turn is None)
            found.add(patient, what)
            advance()
    return found


_STATELESS = (
    "{} of them have no state, and a worker would number their facts from 1: this rebuild is not "
    "finished, and no worker starts. Restore a copy of the database, or make a new one with "
    "`monitor rebuild --from topics`."
)
_NO_TOPIC = (
    "The topic was not looked at: what was sent and is not marked as published passes for not told."
)
_HELD = "Notices wait for your word: `monitor rebuild review`, then `monitor rebuild release`."


def _say(found: Rebuilt, verb: str, *, topic: bool) -> None:
    out = words.console()
    words.show(
        out,
        f"{found.patients} patients looked at, {found.changed} {verb} changed: {found.states} "
        f"states and {found.notices} notices {verb} written, {found.removed} notices {verb} "
        f"removed; {found.held} of the notices {verb} held for review.",
    )
    for why, count in sorted(found.left.items()):
        words.show(out, f"{count:>6}  patients {verb} left as they are: {why}")
        show_patients(found.names[why])
    if found.changed and not topic:
        words.show(out, _NO_TOPIC)


async def from_topics(ledger: Archive, who: str, why: str, *, incomplete: bool) -> None:
    """Make a new database from the topics."""
    loaded = settings.load()
    refuse_members(loaded.kafka)
    said, inputs = (History(loaded.kafka, some) for some in ([loaded.kafka.notices],
                                                             loaded.kafka.inputs))  # fmt: skip
    short = [*inputs.shortened(), *said.shortened()]
    if short and not incomplete:
        raise StartRefusedError(
            f"topics have lost their first records ({', '.join(short)}), so findings could be "
            "missing or wrong: restore a copy of the database, or say --incomplete"
        )
    async with _turn(ledger) as turn:
        rulesets = rulesets_of(loaded.rules)
        adoption = Adoption(ledger, rulesets, Clock(), intake_settings(loaded, None), turn)
        await adoption.begin(who, why)
        for batch in said.batches():
            await adoption.take_notices([(delivery_of(one), published_of(one)) for one in batch])
        await _take(adoption, inputs)
        counts = await _adopt(ledger, adoption)
        await adoption.finish(who, why, counts)
    words.show(words.console(), _ADOPTED.format(**counts))
    await show_held(ledger)


_ADOPTED = (
    "{patients} patients from the topics; {told} notices were told before, {held} were not and "
    "are held for review. Of {unknown} patients there are notices and no records."
)


async def _take(adoption: Adoption, inputs: History) -> None:
    total = sum(end - first for first, end in inputs.bounds.values())
    with bar("reading", total) as advance:
        for batch in inputs.batches():
            await adoption.take([delivery_of(one) for one in batch])
            for _ in batch:
                advance()
    await adoption.keep_ends({place: end for place, (_, end) in inputs.bounds.items()})
    await adoption.close_days()


async def _adopt(ledger: Archive, adoption: Adoption) -> dict[str, int]:
    counts = {"patients": 0, "told": 0, "held": 0, "unknown": 0}
    patients = await ledger.everybody()
    with bar("comparing", len(patients)) as advance:
        for patient in patients:
            adopted = await adoption.adopt(patient)
            counts["unknown" if adopted.is_unknown else "patients"] += 1
            counts["held"] += len(adopted.notices)
            advance()
    counts["told"] = len(await ledger.notices(None)) - counts["held"]
    return counts


async def show_held(ledger: Archive) -> None:
    """The notices that wait for a release, for people."""
    _show(await ledger.held())


def _show(held: Sequence[NoticeRow]) -> None:
    out = words.console()
    if not held:
        words.show(out, "No notice waits for a release.")
        return
    for row in held:
        words.show(out, words.notice_text(json.loads(row.document)))
    words.show(out, f"{len(held)} notices wait: `monitor rebuild release --reason …` sends them.")


async def released(ledger: Archive, patient: PatientKey | None, who: str, why: str) -> None:
    """Let held notices be sent. Raises StartRefusedError where that must not be yet."""
    await refuse_unfinished_rebuild(ledger)
    held = [row.notice_id for row in await ledger.held() if patient in {None, row.patient}]
    if not held:
        words.show(words.console(), "No notice waits for a release.")
        raise typer.Exit(Exit.REFUSED)
    details = {"notices": len(held)}
    entry = chained(
        await ledger.last_audit(), Clock().now(), who, RELEASED, "notices", why, details
    )
    try:
        await ledger.release(held, entry)
    except Conflict:
        raise StartRefusedError("somebody else was first: run this once more") from None
    except RefusedRow:
        raise StartRefusedError("give --reason and --by as plain text") from None
    words.show(words.console(), f"{len(held)} notices are sent by the workers now.")
