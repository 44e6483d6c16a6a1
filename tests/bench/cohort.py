"""Invented patients who go on having samples and scans, and the messages that tell of them."""

import datetime
import json
import random
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import Any

from monitor.examples.records import Content, stamped
from monitor.examples.story import Story
from monitor.wire.codec import TOPIC_OF
from monitor.wire.delivery import Delivery

PARTITIONS = 12
DOUBLED, CORRECTED = 0.05, 0.03
REMEMBERED = 2_000  # as far back as the record that is sent again or corrected
TARGETS = {"T1": "left upper lobe", "T2": "right lower lobe"}
NEVER = 10_000
_BEGIN = datetime.date(2022, 1, 1)


def course(number: int) -> Iterator[Content]:
    """One patient's events in the order in which they are sent: as many as are asked for."""
    dice = random.Random(number)
    enrolled_on = _BEGIN + datetime.timedelta(days=dice.randrange(500))
    story = Story(number, enrolled_on.isoformat(), targets=TARGETS)
    told = 0
    for _ in _steps(story, dice):
        yield from (line.event for line in story.lines[told:])
        told = len(story.lines)


def _steps(story: Story, dice: random.Random) -> Iterator[None]:
    """Therapy and baseline; then by turns a sample, and a visit with a sample and a scan."""
    relapse = dice.choice([dice.randrange(1, 14), NEVER])
    story.enrolled()
    story.treated(dice.choice(["surgery", "ablation", "radiotherapy"]), 9, "right upper lobe")
    story.baseline("not_detected", *_lengths(0))
    yield
    for visit in count(1):
        story.blood(story.next_day() - 42, _call(dice, relapsed=visit >= relapse))
        story.visit(_call(dice, relapsed=visit >= relapse), *_lengths(visit - relapse))
        yield


def _call(dice: random.Random, *, relapsed: bool) -> str:
    detected = dice.random() < (0.9 if relapsed else 0.02)
    return f"{dice.uniform(0.05, 4):.2f}" if detected else "not_detected"


def _lengths(visits_since_relapse: int) -> Sequence[str]:
    growth = 1.08 ** max(0, min(visits_since_relapse, 20))
    return [f"{base * growth:.1f}" for base in (14.0, 11.5)]


def corrected(event: Content) -> Content:
    """The next version of a result: another call, or other lengths."""
    content: dict[str, Any] = dict(event["data"])
    content |= {"record_version": content["record_version"] + 1, "status": "corrected"}
    if "call" in content:
        content["call"] = "not_detected" if content["call"] == "detected" else "detected"
        content.pop("quantity", None)
    else:
        content["targets"] = [
            {**target, "diameter_mm": f"{float(target['diameter_mm']) + 1:.1f}"}
            for target in content["targets"]
        ]
    later = datetime.datetime.fromisoformat(event["time"]) + datetime.timedelta(days=3)
    return stamped({**event, "data": content}, later)


def written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Feed:
    """Deliveries of a cohort, each partition's offsets counted from zero.

    Every other patient's events come in binary mode, the others' in structured mode.
    """

    def __init__(self, patients: range) -> None:
        self._patients = patients
        self._courses = {number: course(number) for number in patients}
        self._dice = random.Random(patients.stop)
        self._offsets: Counter[tuple[str, int]] = Counter()
        self._recent: deque[tuple[int, Content]] = deque(maxlen=REMEMBERED)
        self._told = 0

    @property
    def facts_each(self) -> float:
        """How many records the patients have by now, on average."""
        return self._told / len(self._patients)

    def history(self, facts: int) -> Iterator[Delivery]:
        """The first `facts` events of every patient, patient after patient."""
        for number, events in self._courses.items():
            for event in islice(events, facts):
                self._told += 1
                yield self._delivery(number, event)

    def traffic(self, total: int) -> list[Delivery]:
        """What patients at random have next; some of it doubled, some corrected later."""
        return [self._delivery(*self._next()) for _ in range(total)]

    def from_here(self) -> "Feed":
        """Count offsets from zero again: what follows goes to topics of its own."""
        self._offsets.clear()
        return self

    def _next(self) -> tuple[int, Content]:
        lot = self._dice.random()
        if self._recent and lot < DOUBLED:
            return self._dice.choice(self._recent)
        if self._recent and lot < DOUBLED + CORRECTED:
            number, event = self._dice.choice(self._recent)
            # Corrected only once: of two equal corrections the second would be a duplicate.
            self._recent.remove((number, event))
            return number, corrected(event)
        number = self._dice.choice(self._patients)
        event = next(self._courses[number])
        self._told += 1
        if event["data"].get("call") or event["data"].get("targets"):
            self._recent.append((number, event))
        return number, event

    def _delivery(self, number: int, event: Content) -> Delivery:
        content = event["data"]
        key = f"{content['study_id']}/{content['patient_id']}".encode()
        place = (TOPIC_OF[event["type"]], zlib.crc32(key) % PARTITIONS)
        offset = self._offsets[place]
        self._offsets[place] += 1
        if number % 2:
            headers = [("content-type", b"application/cloudevents+json")]
            return Delivery(*place, offset, key, tuple(headers), written(event))
        headers = [("content-type", b"application/json")]
        headers += [
            (f"ce_{name}", event[name].encode())
            for name in ("specversion", "id", "source", "type", "time")
        ]
        return Delivery(*place, offset, key, tuple(headers), written(content))
