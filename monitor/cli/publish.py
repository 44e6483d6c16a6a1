"""`monitor publish`: files of events to Kafka, and exactly what Kafka has of them."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli.lines import BLANKS, Files, Reading, is_live, reading
from monitor.cli.publish_report import Format, Report
from monitor.exits import Exit

if TYPE_CHECKING:
    from monitor.bulk.seen import Seen
    from monitor.bulk.validation import Checked, Validation
    from monitor.cli.remarks import Shown
    from monitor.stream.publishing import Message, Publishing

LIMIT = 20
AT_ONCE = 100  # lines checked at a time; of a pipe one, so that none is kept waiting

app = typer.Typer(add_completion=False)


Rate = Annotated[
    float | None, typer.Option(min=0.001, metavar="N", help="Send at most N events a second.")
]
FromLine = Annotated[
    int, typer.Option(min=1, metavar="N", help="Begin at line N of the first file.")
]
Force = Annotated[
    bool,
    typer.Option(
        "--force",
        help="Send refused lines too, to see them quarantined, if their envelope is sound.",
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="As for `monitor validate`; they decide which studies are known. Default: "
        "CTDNA_MONITOR_RULES.",
    ),
]
Written = Annotated[Format, typer.Option("--format", help="How to write the report at the end.")]


@app.command()
def publish(
    files: Files,
    *,
    rate: Rate = None,
    from_line: FromLine = 1,
    force: Force = False,
    rules: Rules = None,
    format_: Written = Format.TABLE,
) -> None:
    """Check files of events as `monitor validate` does, and send what is fine to its topics.

    Refused lines are told and left out. The report says how many events of each topic Kafka has
    acknowledged and, when not all were sent, with which line to go on. Sending an event again
    does no harm: it is known by its source and id. Ctrl-C ends in order, with the report.

    Where Kafka is comes from CTDNA_MONITOR_KAFKA__… (`monitor config show`).

    Exit code 0; 1 when a line was refused; 2 usage; 3 configuration; 69 no broker; 130 Ctrl-C;
    4 anything else.
    """
    from monitor import settings
    from monitor.clock import Clock
    from monitor.stream.publishing import Publishing

    given = settings.load()
    run = Publishing(given.kafka, Clock(), rate)
    outgoing = _outgoing(rules or given.rules, given.kafka.topic_prefix, from_line, force=force)
    tally = outgoing.check.tally
    with reading(files, "sending") as source:
        try:
            _send(run, outgoing, source, files)
        finally:
            outgoing.seen.close()
            if run.connected:
                Report(run, tally, outgoing.left_out, files, from_line).show(format_)
    if run.failure is not None:
        raise run.failure
    if run.interrupted or tally.refused.total():
        raise typer.Exit(Exit.INTERRUPTED if run.interrupted else Exit.REFUSED)


def _send(run: "Publishing", outgoing: "_Outgoing", source: Reading, files: list[Path]) -> None:
    from monitor.cli.remarks import Format as Remarks
    from monitor.cli.remarks import Shown

    # What goes wrong is said in words, once; the client would say it for every try.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)

    def told(count: int) -> None:
        source.say(f"{count:,} acknowledged")

    shown = Shown(files, Remarks.TABLE, LIMIT, source.console)
    at_once = 1 if is_live(files) else AT_ONCE
    asyncio.run(run.run(outgoing.messages(source, shown), at_once, told))


def _outgoing(rules: Path | None, prefix: str, from_line: int, *, force: bool) -> "_Outgoing":
    from monitor.bulk.seen import Seen
    from monitor.bulk.validation import Asked, Validation
    from monitor.cli.ruling import rulesets_of

    rulesets, seen = rulesets_of(rules), Seen()
    check = Validation(rulesets, seen, Asked(on_kafka=True))
    return _Outgoing(check, seen, prefix, from_line, force)


@dataclass(slots=True)
class _Outgoing:
    """Checked lines as messages; counts what is left out."""

    check: "Validation"
    seen: "Seen"
    prefix: str
    from_line: int
    force: bool
    left_out: int = 0

    def messages(self, source: Reading, shown: "Shown") -> Iterator["Message"]:
        """What is to be sent of the lines, in their order."""
        from monitor.bulk.seen import Place

        for file, number, content in source.lines():
            if file == 1 and number < self.from_line:
                continue
            if not (line := content.strip(BLANKS)):
                continue
            checked = self.check.check(Place(file, number), line)
            if checked.refused:
                shown.show(checked)
            message = self._message(checked)
            if message is None:
                self.left_out += 1
            else:
                yield message

    def _message(self, checked: "Checked") -> "Message | None":
        from monitor.stream.publishing import Message
        from monitor.wire.codec import TOPIC_OF

        event = checked.event
        if checked.refused:
            named = _named(checked.line) if self.force else None
        else:
            named = (event.type, event.fact.study_id, event.fact.patient_id) if event else None
        if named is None or named[0] not in TOPIC_OF:
            return None
        type_, study, patient = named
        key = f"{study}/{patient}".encode() if study and patient else None
        topic = self.prefix + TOPIC_OF[type_]
        return Message(checked.place.file, checked.place.line, topic, key, checked.line)


def _named(line: bytes) -> tuple[str, str | None, str | None] | None:
    """Type, study and patient of a refused line whose envelope is sound."""
    from monitor.wire.cloudevents import Envelope, open_line

    envelope = open_line(line)
    if not isinstance(envelope, Envelope):
        return None
    study, patient = (
        value if isinstance(value, str) and value.isprintable() else None
        for value in (envelope.content.get("study_id"), envelope.content.get("patient_id"))
    )
    return envelope.type, study, patient
