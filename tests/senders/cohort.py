"""A seeded stream of messages of many patients, with all that goes wrong on the way to us.

Some are doubled, corrected, late, moved to another patient, without a key, or cannot be read.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, count

from monitor.wire.delivery import Reason
from tests.senders.messages import MODES, TYPE_PREFIX, Fact, Message, message
from tests.senders.patients import facts, new_course

WAVE = 32  # patients, of whom everything is sent before anything of the next
SCATTERED = 0.1  # of the patients: no key keeps their messages together, so workers share them
DOUBLED, CORRECTED, LATE, MOVED, POISONED, KEYLESS = 0.05, 0.04, 0.03, 0.003, 0.01, 0.01


def cohort(total: int, seed: int) -> list[Message]:
    """`total` numbered messages in the order in which they are sent.

    Wave after wave: wherever they end, most patients were told of to their end. What is due of
    the others in all the time since then would be most of what the monitor has to say.
    """
    rng, ordered = random.Random(seed), list[Message]()
    for first in count(0, WAVE):
        if len(ordered) >= total:
            break
        patients = range(first, first + WAVE)
        sent = chain.from_iterable(_of_patient(number, rng) for number in patients)
        ordered += sorted(sent, key=lambda one: one.day)
    return [one.numbered(number) for number, one in enumerate(ordered[:total])]


def _of_patient(number: int, rng: random.Random) -> Iterator[Message]:
    scattered = rng.random() < SCATTERED
    for fact in facts(new_course(number, rng), rng):
        for one in _sent(fact, number, rng):
            yield replace(one, key=None) if scattered else one


def _sent(fact: Fact, number: int, rng: random.Random) -> Iterator[Message]:
    """The messages of one record: mostly one, in whatever mode its sender uses."""
    if rng.random() < LATE:
        fact = replace(fact, day=fact.day + rng.uniform(30, 200))
    first = message(fact, rng.choice(MODES))
    plain = True
    if rng.random() < CORRECTED:
        plain = False
        yield message(_corrected(fact, rng), rng.choice(MODES))
    elif rng.random() < MOVED:
        plain = False
        yield message(_moved(fact, number, rng), rng.choice(MODES))
    elif plain and rng.random() < POISONED:
        yield rng.choice(POISONS)(fact)
    elif rng.random() < KEYLESS:
        # No key, or another system's: counted by nobody, but on whatever partition.
        first = replace(first, key=rng.choice([None, b"\xff\x00 legacy"]))
    yield first
    if rng.random() < DOUBLED:
        later = first.day + rng.choice([0.0, 0.01, rng.uniform(0, 30)])
        again = message(fact, rng.choice(MODES))
        yield replace(again, key=first.key, day=later)


def _next_version(fact: Fact, day: float, **changed: object) -> Fact:
    content = {**fact.content, "record_version": 2, **changed}
    return Fact(day, fact.kind, fact.source, f"{fact.content['record_id']}/v2", content)


def _corrected(fact: Fact, rng: random.Random) -> Fact:
    """A second version, seldom sent before the first: another call, other sizes, or taken back."""
    day = fact.day + (rng.uniform(1, 60) if rng.random() < 0.8 else -1.0)
    if rng.random() < 0.25:
        return _next_version(fact, day, status="entered_in_error")
    changed: dict[str, object] = {"status": "corrected"}
    if fact.kind == "ctdna.result":
        calls = {"detected": "not_detected", "not_detected": "detected"}
        changed["call"] = calls.get(str(fact.content["call"]), "not_detected")
    elif fact.kind == "imaging.read":
        changed |= {"targets": None, "sum_of_diameters_mm": "30.5", "new_lesions": None}
    return _next_version(fact, day, **changed)


def _moved(fact: Fact, number: int, rng: random.Random) -> Fact:
    other = f"P-{(number + 1):04d}"
    day = fact.day + rng.uniform(1, 20)
    return _next_version(fact, day, patient_id=other, status="corrected")


def _poison(fact: Fact, reason: Reason, **changed: object) -> Message:
    """A message of an event of its own that cannot be read as one of ours."""
    told = replace(fact, event_id=f"{fact.event_id}/poison")
    sound = message(told, "structured", refused=reason)
    return replace(sound, **changed)  # type: ignore[arg-type]


def _without_value(fact: Fact) -> Message:
    return _poison(fact, Reason.UNDECODABLE, value=None)


def _no_json(fact: Fact) -> Message:
    return _poison(fact, Reason.UNDECODABLE, value=b'{"id": "\xff\xfe')


def _other_topic(fact: Fact) -> Message:
    topic = "imaging.reads" if fact.kind != "imaging.read" else "ctdna.results"
    return _poison(fact, Reason.UNSUPPORTED_TYPE, topic=topic)


def _newer_type(fact: Fact) -> Message:
    value = fact.line.replace(f"{fact.kind}.v1".encode(), f"{fact.kind}.v7".encode(), 1)
    assert TYPE_PREFIX.encode() in value
    return _poison(fact, Reason.UNSUPPORTED_TYPE, value=value)


def _changed(fact: Fact, name: str, reason: Reason, **fields: object) -> Message:
    """The fact under another event's name, sent a moment after it, with other fields."""
    content = {**fact.content, **fields}
    later = Fact(fact.day + 0.5, fact.kind, fact.source, name, content)
    return message(later, "structured", refused=reason)


def _unknown_word(fact: Fact) -> Message:
    return _changed(fact, f"{fact.event_id}/w", Reason.UNKNOWN_STATUS, status="certain")


def _missing_field(fact: Fact) -> Message:
    return _changed(fact, f"{fact.event_id}/m", Reason.SCHEMA_INVALID, record_id=None)


def _same_name(fact: Fact) -> Message:
    """Another content under a pair that was accepted: it comes later on the same partition."""
    return _changed(fact, fact.event_id, Reason.DUPLICATE_CONFLICT, status="amended")


def _same_version(fact: Fact) -> Message:
    return _changed(fact, f"{fact.event_id}/c", Reason.VERSION_CONFLICT, status="amended")


POISONS: Sequence[Callable[[Fact], Message]] = (
    _without_value, _no_json, _other_topic, _newer_type, _unknown_word, _missing_field,
    _same_name, _same_version,
)  # fmt: skip
