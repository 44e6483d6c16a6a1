"""Says of every line what the worker would say of it, without a broker and without a database.

What only the ledger knows is out of reach: conflicts with what was sent before, and patients whose
records are at their bounds.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from monitor.bulk.seen import Place, Seen
from monitor.ledger.standing import Effect
from monitor.recording import refusal
from monitor.rulesets import Rulesets
from monitor.wire.codec import TOPIC_OF, TYPE_PREFIX
from monitor.wire.delivery import Event, Reason
from monitor.wire.inspection import inspect_line

NO_TYPE: Final = "of no known type"


class Level(StrEnum):
    """What a remark means for its line."""

    REFUSED = "refused"  # the worker would put it into quarantine
    WARNING = "warning"  # accepted, but probably not what was meant
    NOTE = "note"  # accepted, without effect


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to say of a line; `reason` is one of contract 6 where the line is refused."""

    level: Level
    reason: str
    field: str | None
    message: str
    hint: str | None = None
    earlier: Place | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A line with all that is to be said of it; `event` is what the codec made of it."""

    place: Place
    line: bytes
    type: str | None
    event: Event | None
    remarks: tuple[Remark, ...]

    @property
    def refused(self) -> bool:
        """Whether any remark refuses the line."""
        return any(remark.level is Level.REFUSED for remark in self.remarks)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to hold lines to: names not known are refused, all are for one topic, on Kafka."""

    strict: bool = False
    topic: str | None = None  # a plain name
    on_kafka: bool = False  # closed days are refused there


class Validation:
    """Checks lines one after the other; each sees what the earlier ones said."""

    def __init__(self, rulesets: Rulesets, seen: Seen, asked: Asked) -> None:
        self._rulesets = rulesets
        self._seen = seen
        self._asked = asked
        self.tally = Tally()

    def check(self, place: Place, line: bytes) -> Checked:
        """Check one line, which is not blank."""
        found = inspect_line(line)
        told = [
            Remark(Level.REFUSED, fault.reason, fault.field, fault.message, fault.hint)
            for fault in found.faults
        ]
        told += self._of_topic(found.type)
        event = found.event
        if event is not None and not any(one.level is Level.REFUSED for one in told):
            told += self._of_history(event, place)
        doubt = Level.REFUSED if self._asked.strict else Level.WARNING
        told += [
            Remark(doubt, one.reason, one.field or None, one.message, one.hint)
            for one in found.strangers
        ]
        checked = Checked(place, line, found.type, event, tuple(told))
        self.tally.count(checked)
        return checked

    def _of_topic(self, type_: str | None) -> Iterator[Remark]:
        if type_ is None:
            return
        topic, asked = TOPIC_OF.get(type_), self._asked
        words = "type: is not one that travels on this topic"
        if topic is not None and asked.topic not in {None, topic}:
            hint = f"it travels on {topic}"
            yield Remark(Level.REFUSED, Reason.UNSUPPORTED_TYPE, "type", words, hint)
        elif topic is None:
            refused = asked.on_kafka or asked.topic is not None
            level = Level.REFUSED if refused else Level.NOTE
            yield Remark(level, Reason.UNSUPPORTED_TYPE, "type", _CLOCK_ONLY, _CLOCK_HINT)

    def _of_history(self, event: Event, place: Place) -> Iterator[Remark]:
        """As intake decides (contract 2): the same delivery, the study's rules, the record."""
        known = self._seen.event(event)
        if known is not None:
            same, earlier = known
            if same:
                yield Remark(Level.NOTE, "duplicate", "id", _DUPLICATE, None, earlier)
            else:
                yield _refused(event, Reason.DUPLICATE_CONFLICT, earlier)
            return
        if self._rulesets(event.fact.study_id) is None:
            yield _refused(event, Reason.UNKNOWN_STUDY, None)
            return
        effect, before = self._seen.record(event, place)
        if effect is Effect.CONFLICT:
            yield _refused(event, Reason.VERSION_CONFLICT, before)
            return
        self._seen.accept(event, place)
        if effect is Effect.STALE:
            yield Remark(Level.NOTE, "stale", "data.record_version", _STALE, None, before)


def _refused(event: Event, reason: Reason, earlier: Place | None) -> Remark:
    said = refusal(event, reason)
    message = f"{said.field}: {said.message}"
    return Remark(Level.REFUSED, reason, said.field, message, None, earlier)


class Tally:
    """Counts of lines by type, and of lines by what was said of them."""

    def __init__(self) -> None:
        self.lines: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.remarks: Counter[tuple[Level, str, str]] = Counter()

    def count(self, checked: Checked) -> None:
        """Count a line once, and once for each different thing said of it."""
        kind = checked.type.removeprefix(TYPE_PREFIX) if checked.type else NO_TYPE
        self.lines[kind] += 1
        self.refused[kind] += checked.refused
        self.remarks.update({(one.level, str(one.reason), _field(one)) for one in checked.remarks})

    def of(self, level: Level) -> int:
        """How many different things of a level were said, all lines together."""
        return sum(number for key, number in self.remarks.items() if key[0] is level)


def _field(remark: Remark) -> str:
    """The field without numbers of entries, so that alike faults are counted together."""
    steps = (remark.field or "").split(".")
    return ".".join("*" if step.isdecimal() else step for step in steps)


_DUPLICATE: Final = "id: the same event once more, without effect"
_STALE: Final = "data.record_version: the record stands at this version or above: without effect"
_CLOCK_ONLY: Final = "type: days are closed by the monitor's own clock, never over Kafka"
_CLOCK_HINT: Final = "`monitor evaluate` reads such a line"
