"""The codec, and what stands on it, under fuzz: real messages changed in every way."""

import json
from collections.abc import Mapping
from random import Random
from typing import Final

from monitor.wire.codec import decode, decode_line
from monitor.wire.delivery import Delivery, Event, Reason, Rejection
from monitor.wire.glimpse import glimpse
from monitor.wire.inspection import Inspection, inspect_line
from tests.fuzz.bombs import bombs
from tests.fuzz.damage import KEYS, Headers, any_bytes, damaged, reheaded, travelling
from tests.fuzz.messages import PLANTED, Message, messages
from tests.fuzz.structure import any_json, changed, respelt
from tests.fuzz.tables import CSV, SDTM
from tests.fuzz.target import ACCEPTED, Attempt, Judged, Target

TOPICS: Final = {
    f"p.{topic}": topic for topic in ("ctdna.results", "imaging.reads", "clinical.events")
}


def drawn(rng: Random, *, as_line: bool) -> tuple[str, Delivery]:
    """A Kafka message of some kind, its kind first; `as_line` for the value of a file's line."""
    message = rng.choice(messages())
    kind = rng.choices(_KINDS, _WEIGHTS)[0]
    line = message.line
    match kind:
        case "respelt *":
            line = respelt(rng, message.line)
        case "said otherwise *":
            line = changed(rng, message.line)
    headers, value = ((), line) if as_line else _mode(rng, line)
    return kind, _sent(rng, kind, message, headers, value)


def _sent(rng: Random, kind: str, message: Message, headers: Headers, value: bytes) -> Delivery:
    key: bytes | None = f"{PLANTED}/{PLANTED}".encode()
    sent: bytes | None = value
    topic = f"p.{message.topic}"
    match kind:
        case "damaged bytes *":
            sent = damaged(rng, value, rng.choice(messages()).line)
        case "other headers *":
            headers, key = reheaded(rng, headers), rng.choice(KEYS)
        case "any JSON":
            sent = json.dumps(any_json(rng)).encode()
        case "any bytes":
            sent = any_bytes(rng, value)
        case "bomb":
            sent = rng.choice([*bombs().values()])
    if rng.random() < 0.03:
        topic = rng.choice([*TOPICS, "elsewhere", message.topic])
    return Delivery(topic, 0, rng.randrange(2**40), key, headers, sent)


def _mode(rng: Random, line: bytes) -> tuple[Headers, bytes]:
    """One of the three modes; a line that cannot be taken apart travels as it is."""
    try:
        return travelling(rng, line)
    except (ValueError, AttributeError):
        return (), line


def draw(rng: Random) -> Attempt:
    """An input of the codec: three of four as a Kafka message, the rest as a file's line."""
    as_line = rng.random() < 0.25
    kind, delivery = drawn(rng, as_line=as_line)
    value = delivery.value
    if as_line and value is not None:
        return Attempt(kind, lambda: decode_line(value), value)
    return Attempt(kind, lambda: decoded(delivery), delivery)


def decoded(delivery: Delivery) -> Event | Rejection:
    """The codec's answer; of what it refuses the quarantine still looks for the names."""
    answer = decode(delivery, TOPICS)
    if isinstance(answer, Rejection):
        glimpse(delivery)
    return answer


def draw_line(rng: Random) -> Attempt:
    """A file's line for `monitor validate`."""
    kind, delivery = drawn(rng, as_line=True)
    value = delivery.value or b""
    return Attempt(kind, lambda: inspect_line(value), value)


def judge_inspection(answer: object) -> Judged:
    """An event or faults, in words that repeat no identifier."""
    if not isinstance(answer, Inspection):
        return Judged("nothing", f"the answer is a {type(answer).__name__}")
    said = [f"{one.message} {one.field} {one.hint}" for one in answer.faults]
    said += [f"{one.message} {one.field} {one.hint}" for one in answer.strangers]
    word = ACCEPTED if answer.event else answer.faults[0].reason.value
    repeats = any(PLANTED in words for words in said)
    return Judged(word, "a message repeats an identifier" if repeats else None)


def judge(answer: object) -> Judged:
    """An event, or a rejection with a reason of the closed list that repeats no identifier."""
    if isinstance(answer, Event):
        return Judged(ACCEPTED, None if len(answer.content_hash) == 32 else "a hash is no SHA-256")
    if not isinstance(answer, Rejection):
        return Judged("nothing", f"the answer is a {type(answer).__name__}")
    if answer.reason not in Reason:
        return Judged("nothing", "the reason is not one of the closed list")
    if not answer.message or PLANTED in f"{answer.message} {answer.field}":
        return Judged(answer.reason, "the message is empty or repeats an identifier")
    return Judged(answer.reason)


_SHARES: Final[Mapping[str, float]] = {
    "valid": 12,
    "respelt *": 8,
    "said otherwise *": 42,
    "damaged bytes *": 14,
    "other headers *": 10,
    "any JSON": 6,
    "any bytes": 7.9,
    "bomb": 0.1,
}
_KINDS: Final = tuple(_SHARES)
_WEIGHTS: Final = tuple(_SHARES.values())
DECIDED_LATER: Final = {
    *(Reason.UNKNOWN_STUDY, Reason.NO_DISCRETE_VALUE, Reason.DUPLICATE_CONFLICT),
    *(Reason.VERSION_CONFLICT, Reason.PROCESSING_ERROR),
}
CODEC: Final = Target("codec", draw, judge, frozenset({ACCEPTED, *(set(Reason) - DECIDED_LATER)}))
VALIDATE: Final = Target(
    "validate", draw_line, judge_inspection, CODEC.words - {Reason.UNSUPPORTED_TYPE}
)
TARGETS: Final[dict[str, Target]] = {target.name: target for target in (CODEC, VALIDATE, SDTM, CSV)}
