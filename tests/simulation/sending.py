"""What producers send into the topics of a world: drawn histories, and trouble on their way."""

import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from monitor.wire.delivery import Reason
from tests.auditor.generator import draw_history
from tests.auditor.history import History
from tests.auditor.values import record_of
from tests.simulation.weather import Weather

TOPICS = {"ctdna.result": "ctdna.results", "imaging.read": "imaging.reads"}
EVENTS_MIN = 26  # of a world, before any trouble
MOVING_SHARE = 0.15  # of worlds whose first history has such moves, if chance finds one
STRUCTURED = (("content-type", b"application/cloudevents+json"),)
Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True)
class Message:
    """One message; `event` is None for poison, whose `refused` is the reason where it is clear."""

    topic: str
    key: bytes | None
    headers: Headers
    value: bytes | None
    event: Mapping[str, Any] | None = None
    refused: Reason | None = None
    partition: int | None = None


@dataclass(frozen=True)
class Plan:
    """All messages in the order of their sending, the histories by study, and what was drawn."""

    histories: Mapping[str, History]
    messages: Sequence[Message]
    faults: Counter[str]


def draw_plan(chance: random.Random, weather: Weather) -> Plan:
    histories: dict[str, History] = {}
    while sum(len(one.events) for one in histories.values()) < EVENTS_MIN:
        study = f"AUD-{len(histories)}"
        histories[study] = _of_study(_history(chance, moving=not histories), study)
    faults: Counter[str] = Counter()
    for history in histories.values():
        faults.update(_natural(history))
    messages = [_message(chance, event) for event in _merged(chance, list(histories.values()))]
    messages = _troubled(chance, weather, messages, faults)
    return Plan(histories, messages, faults)


def _history(chance: random.Random, *, moving: bool) -> History:
    """Any history; now and then one in which records move between patients, which are rare."""
    draws = 20 if moving and chance.random() < MOVING_SHARE else 1
    for _ in range(draws):
        history = draw_history(chance.randrange(10**9))
        if _natural(history)["moved"]:
            break
    return history


def _of_study(history: History, study: str) -> History:
    """The same history under a study's own name, without the days that were closed in it."""
    return history.cut(
        [
            {
                **event,
                "source": f"{event['source']}-{study}",
                "data": {**event["data"], "study_id": study},
            }
            for event in history.events
            if not event["type"].endswith(".day.closed.v1")
        ]
    )


def _natural(history: History) -> Counter[str]:
    """Trouble that is in the records themselves."""
    found: Counter[str] = Counter()
    patients: dict[tuple[str, str], str] = {}
    latest = ""
    for event in history.events:
        given = event["data"]
        found["corrected"] += given["status"] in {"corrected", "amended"}
        found["cancelled"] += given["status"] in {"cancelled", "entered_in_error"}
        key = (event["source"], given["record_id"])
        found["moved"] += patients.setdefault(key, given["patient_id"]) != given["patient_id"]
        patients[key] = given["patient_id"]
        try:
            day = record_of(event).clinical_day.isoformat()
        except (KeyError, IndexError):
            continue
        found["late"] += day < latest
        latest = max(day, latest)
    found["contradicting"] += history.conflicting
    return +found


def _merged(chance: random.Random, histories: Sequence[History]) -> list[Mapping[str, Any]]:
    """The events of all histories, each in its own order."""
    turns = [number for number, one in enumerate(histories) for _ in one.events]
    chance.shuffle(turns)
    events = [iter(one.events) for one in histories]
    return [next(events[number]) for number in turns]


def _message(chance: random.Random, event: Mapping[str, Any]) -> Message:
    kind = event["type"].removeprefix("org.ctdnamonitor.").removesuffix(".v1")
    given = event["data"]
    key = f"{given['study_id']}/{given['patient_id']}".encode()
    topic = TOPICS.get(kind, "clinical.events")
    if chance.random() < 0.5:
        return Message(topic, key, STRUCTURED, _written(event), event)
    headers: Headers = tuple(
        (f"ce_{name}", str(value).encode()) for name, value in event.items() if name != "data"
    )
    headers = (*headers, ("content-type", b"application/json"))
    return Message(topic, key, headers, _written(given), event)


def _written(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _troubled(
    chance: random.Random, weather: Weather, messages: list[Message], faults: Counter[str]
) -> list[Message]:
    """The messages doubled, out of order, late, without keys, and poison among them."""
    placed: list[tuple[float, Message]] = []
    for number, message in enumerate(messages):
        at = float(number)
        if chance.random() < weather["delayed"]:
            at += chance.randrange(8, 40)
            faults["delayed"] += 1
        elif chance.random() < weather["reordered"]:
            at += chance.choice((-2.5, 1.5, 3.5))
            faults["reordered"] += 1
        placed.append((at, message))
        if chance.random() < weather["duplicated"]:
            placed.append((at + chance.choice((0.1, 1.2, 12.0, 40.0)), message))
            faults["duplicated"] += 1
        if chance.random() < weather["poison"]:
            placed.append((at + 0.3, _poison(chance, message)))
            faults["poison"] += 1
    placed.sort(key=lambda one: one[0])
    return [_scattered(chance, weather, message, faults) for _, message in placed]


def _scattered(
    chance: random.Random, weather: Weather, message: Message, faults: Counter[str]
) -> Message:
    """A message without its key may lie on any partition."""
    if chance.random() >= weather["scattered"]:
        return message
    faults["scattered"] += 1
    return replace(message, key=None, partition=chance.randrange(weather.partitions))


def _poison(chance: random.Random, sound: Message) -> Message:
    """A message that must be refused; it shares its topic with the sound one it is made of."""
    event: Any = sound.event
    given = event["data"]
    other = "imaging.reads" if sound.topic != "imaging.reads" else "ctdna.results"
    broken = replace(sound, event=None, headers=STRUCTURED)
    elsewhere = given | {"study_id": "ELSE"}
    without = {name: value for name, value in given.items() if name != "record_id"}
    return chance.choice(
        (
            replace(broken, value=chance.randbytes(chance.randrange(1, 40))),
            replace(broken, value=_written(event)[:-9], refused=Reason.UNDECODABLE),
            replace(broken, value=None),
            replace(sound, event=None, topic=other, refused=Reason.UNSUPPORTED_TYPE),
            replace(broken, value=_written({**event, "data": without})),
            replace(broken, value=_written({**event, "data": given | {"record_id": "a\0b"}})),
            replace(
                broken,
                value=_written({**event, "id": f"x{chance.random()}", "data": elsewhere}),
                refused=Reason.UNKNOWN_STUDY,
            ),
        )
    )
