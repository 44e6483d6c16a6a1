"""The options by which people say which refused deliveries they mean."""

import datetime
from typing import Annotated

import typer

from monitor.ledger.closings import DeliveryKey
from monitor.ledger.refusals import Wanted
from monitor.settings import DLQ_SUFFIX, INPUT_TOPICS, KafkaSettings
from monitor.wire.delivery import Reason

_PLACE = "write it as TOPIC/PARTITION/OFFSET, as `monitor dlq list` shows it"
_TIME = "write a day as 2025-06-30, or a time as 2025-06-30T08:00:00Z; a day begins at 00:00 UTC"
_PARTS = 3

Place = Annotated[
    str | None,
    typer.Argument(metavar="[PLACE]", help="One delivery: TOPIC/PARTITION/OFFSET."),
]
ReasonAsked = Annotated[
    Reason | None, typer.Option("--reason", help="Only those refused for this reason.")
]
Topic = Annotated[
    str | None, typer.Option(help="Only those that came on this topic, such as ctdna.results.")
]
Source = Annotated[str | None, typer.Option(help="Only those of this CloudEvents source.")]
Since = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only those received at or after this time.")
]
Until = Annotated[
    str | None, typer.Option(metavar="TIME", help="Only those received before this time.")
]
Study = Annotated[str | None, typer.Option(help="Only those that name this study.")]
Patient = Annotated[
    str | None, typer.Option(metavar="STUDY/PATIENT", help="Only those that name this patient.")
]


def wanted(
    kafka: KafkaSettings,
    place: str | None,
    *,
    reason: Reason | None,
    topic: str | None,
    source: str | None,
    since: str | None,
    until: str | None,
    study: str | None,
    patient: str | None,
    open_only: bool = True,
) -> Wanted:
    """What was asked for. Raises BadParameter that says how to write it."""
    from monitor.cli.reading import patient_key

    try:
        key = patient_key(patient) if patient is not None else None
    except ValueError as problem:
        raise typer.BadParameter(str(problem), param_hint="--patient") from None
    if key is not None and study not in {None, key.study_id}:
        raise typer.BadParameter("is of another study than --study", param_hint="--patient")
    return Wanted(
        reason=reason.value if reason is not None else None,
        topic=None if topic is None else _full(topic, kafka),
        source=source,
        since=_moment(since, "--since"),
        until=_moment(until, "--until"),
        study_id=key.study_id if key is not None else study,
        patient_id=key.patient_id if key is not None else None,
        key=None if place is None else place_key(place),
        open_only=open_only,
    )


def place_key(text: str) -> DeliveryKey:
    """Read `TOPIC/PARTITION/OFFSET`, perhaps with an item behind it. Raises BadParameter."""
    topic, *numbers = text.split("/")
    if topic and len(numbers) in {_PARTS - 1, _PARTS} and all(one.isdecimal() for one in numbers):
        return DeliveryKey(topic, *map(int, numbers))
    raise typer.BadParameter(_PLACE, param_hint="PLACE")


def _full(topic: str, kafka: KafkaSettings) -> str:
    plain = topic.removesuffix(DLQ_SUFFIX)
    return kafka.topic_prefix + plain if plain in INPUT_TOPICS else plain


def _moment(text: str | None, option: str) -> datetime.datetime | None:
    if text is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(_TIME, param_hint=option) from None
    if found.tzinfo is None and len(text) > len("YYYY-MM-DD"):
        raise typer.BadParameter(_TIME, param_hint=option)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
