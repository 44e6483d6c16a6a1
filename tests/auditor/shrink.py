"""The fewest events, rules and fields with which a disagreement of the same kind remains."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.auditor.history import History

Shows = Callable[[History], bool]
KEPT = {"study_id", "patient_id", "record_id", "record_version", "status"}


def shrunk(history: History, shows: Shows) -> History:
    """Greedy: leave out whatever can be left out, until nothing can."""
    for smaller in (_halves, _single_events, _rules, _fields):
        history = _repeatedly(history, shows, smaller)
    return _repeatedly(history, shows, _single_events)


def _repeatedly(
    history: History, shows: Shows, smaller: Callable[[History], Iterator[History]]
) -> History:
    while True:
        found = next((one for one in smaller(history) if shows(one)), None)
        if found is None:
            return history
        history = found


def _halves(history: History) -> Iterator[History]:
    events = history.events
    if len(events) > 3:
        middle = len(events) // 2
        yield history.cut(events[:middle])
        yield history.cut(events[middle:])


def _single_events(history: History) -> Iterator[History]:
    events = history.events
    for place in reversed(range(len(events))):
        yield history.cut(events[:place] + events[place + 1 :])


def _rules(history: History) -> Iterator[History]:
    changed = history.rules.changed
    if changed:
        yield history.ruled({})
    for key in changed:
        yield history.ruled({name: value for name, value in changed.items() if name != key})


def _fields(history: History) -> Iterator[History]:
    for place, event in enumerate(history.events):
        for fields in _less(event["data"], top=True):
            whole = {**event, "data": fields}
            yield history.cut((*history.events[:place], whole, *history.events[place + 1 :]))


def _less(part: Any, *, top: bool = False) -> Iterator[Any]:
    """The part with one field or one item fewer, at any depth."""
    if isinstance(part, Mapping):
        for key, value in part.items():
            if not (top and key in KEPT):
                yield {name: kept for name, kept in part.items() if name != key}
            for less in _less(value):
                yield {**part, key: less}
    elif isinstance(part, list):
        for place, value in enumerate(part):
            yield part[:place] + part[place + 1 :]
            for less in _less(value):
                yield [*part[:place], less, *part[place + 1 :]]
