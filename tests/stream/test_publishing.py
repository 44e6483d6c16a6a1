"""Sending a few messages at a time: order, window, pace, and the count after every kind of end."""

import asyncio
import os
import signal
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)

from monitor.clock import Clock
from monitor.exits import ExpectedError, UnreachableError
from monitor.settings import KafkaSettings
from monitor.stream import publishing
from monitor.stream.publishing import Message, Publishing


@dataclass
class Report:
    topic: str
    partition: int
    offset: int


class Answers:
    """A producer that answers each line as it is told, and whose other answers never come."""

    def __init__(self, errors: dict[int, KafkaError], silent: Sequence[int] = ()) -> None:
        self.sent: list[int] = []
        self.flying_max = 0
        self._errors = errors
        self._silent = silent
        self._open = 0

    async def send(
        self, topic: str, value: bytes, *_: object, **__: object
    ) -> asyncio.Future[Report]:
        number = int(value)
        self.sent.append(number)
        future = asyncio.get_running_loop().create_future()
        self._open += 1
        self.flying_max = max(self.flying_max, self._open)
        if number not in self._silent:
            asyncio.get_running_loop().call_later(0.001, self._answer, future, topic, number)
        return future

    def _answer(self, future: asyncio.Future[Report], topic: str, number: int) -> None:
        self._open -= 1
        if error := self._errors.get(number):
            future.set_exception(error)
        else:
            future.set_result(Report(topic, 0, number))


class Told(Publishing):
    """A run over answers instead of a broker."""

    def __init__(self, answers: Answers, rate: float | None = None) -> None:
        super().__init__(KafkaSettings(), Clock(), rate)
        self.answers = answers

    @asynccontextmanager
    async def _producer(self) -> AsyncIterator[AIOKafkaProducer]:
        self._topics = frozenset({"t"})
        yield cast("AIOKafkaProducer", self.answers)


def messages(count: int) -> Iterator[Message]:
    return (Message(1, line, "t", b"k", b"%d" % line) for line in range(1, count + 1))


async def run(told: Told, given: Iterator[Message]) -> None:
    await told.run(given, 7, lambda _count: None)


async def test_few_are_in_flight_and_everything_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "IN_FLIGHT_MAX", 20)
    told = Told(Answers({}))
    await run(told, messages(500))
    assert told.answers.sent == list(range(1, 501))
    assert told.answers.flying_max <= 20
    assert (told.total, told.acknowledged["t"].last_offsets) == (500, {0: 500})
    assert (told.resume_at, told.failure) == (None, None)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (KafkaTimeoutError(), UnreachableError, "KafkaTimeoutError"),
        (MessageSizeTooLargeError(), ExpectedError, "larger than t takes"),
        (TopicAuthorizationFailedError(), ExpectedError, "may not write to t"),
    ],
)
async def test_after_a_failure_the_first_line_without_answer_is_named(
    error: KafkaError, kind: type[ExpectedError], words: str
) -> None:
    told = Told(Answers({5: error}))
    await run(told, messages(7))
    assert (told.total, told.resume_at) == (6, (1, 5))
    assert type(told.failure) is kind
    assert words in str(told.failure)


async def test_what_was_never_answered_counts_as_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "LAST_ANSWERS_SECONDS", 0.05)
    told = Told(Answers({}, silent=[3]))
    told._kafka = told._kafka.model_copy(update={"request_timeout_s": 0.0})
    await run(told, messages(4))
    assert (told.total, told.resume_at) == (3, (1, 3))
    assert told.failure is not None


async def test_ctrl_c_while_a_pipe_is_silent_names_the_next_line() -> None:
    silent = threading.Event()

    def piped() -> Iterator[Message]:
        yield from messages(7)
        os.kill(os.getpid(), signal.SIGINT)
        silent.wait(20)

    told = Told(Answers({}))
    await run(told, piped())
    silent.set()
    assert (told.interrupted, told.total, told.resume_at) == (True, 7, (1, 8))


async def test_a_rate_is_kept() -> None:
    clock, told = Clock(), Told(Answers({}), rate=200)
    began = clock.monotonic()
    await run(told, messages(40))
    assert 40 / 200 - 0.02 <= clock.monotonic() - began < 5


async def test_what_reading_raises_is_raised_after_the_count() -> None:
    def failing() -> Iterator[Message]:
        yield from messages(7)
        raise OSError

    told = Told(Answers({}))
    with pytest.raises(OSError):
        await run(told, failing())
    assert told.total == 7
