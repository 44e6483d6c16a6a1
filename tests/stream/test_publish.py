"""`monitor publish`: what is fine reaches its topic, and the report says exactly what Kafka has."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from confluent_kafka import Consumer, KafkaException, Producer
from confluent_kafka import Message as Received
from confluent_kafka import TopicPartition as KafkaPartition

from monitor import examples
from monitor.cli.main import main
from monitor.exits import Exit
from monitor.settings import KafkaSettings
from monitor.stream.embedded import EmbeddedBroker
from monitor.wire.codec import decode, decode_line
from monitor.wire.delivery import Delivery, Event
from tests.clinical.facts import closed, enrolled
from tests.stream.harness import ROOT, until

LINES = [one for one in examples.lines(examples.MADE_UP) if b"ng/mL" not in one]
MONITOR = "from monitor.cli.main import main; main()"


def environment(kafka: KafkaSettings) -> dict[str, str]:
    prefix = "CTDNA_MONITOR_KAFKA__"
    return {
        f"{prefix}BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
        f"{prefix}TOPIC_PREFIX": kafka.topic_prefix,
    }


@dataclass(frozen=True)
class Called:
    code: int
    err: str
    report: dict[str, Any]  # empty where none was written


Publish = Callable[..., Called]


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Publish:
    """The command in this process, with its report as JSON."""

    def called(kafka: KafkaSettings, *arguments: object) -> Called:
        for name, value in environment(kafka).items():
            monkeypatch.setenv(name, value)
        given = ["monitor", "publish", *map(str, arguments), "--format", "json"]
        monkeypatch.setattr(sys, "argv", given)
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        return Called(code, err, json.loads(out or "{}"))

    return called


def received(kafka: KafkaSettings, topics: Sequence[str]) -> list[Received]:
    """Everything in some topics, in order of each partition."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "reader"})
    found: list[Received] = []
    for topic in topics:
        for at in range(4):
            _, end = consumer.get_watermark_offsets(KafkaPartition(topic, at), timeout=10)
            consumer.assign([KafkaPartition(topic, at, 0)])
            for message in consumer.consume(end, timeout=20) if end else ():
                assert message.error() is None
                found.append(message)
    consumer.close()
    return found


def count_held(kafka: KafkaSettings) -> int:
    """How many messages the input topics hold; 0 while they are being made."""
    consumer = Consumer({"bootstrap.servers": kafka.bootstrap_servers, "group.id": "reader"})
    places = [KafkaPartition(topic, at) for topic in kafka.inputs for at in range(4)]
    try:
        return sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    except KafkaException:
        return 0
    finally:
        consumer.close()


def delivery(message: Received) -> Delivery:
    headers = cast("list[tuple[str, bytes]]", message.headers() or [])
    return Delivery(
        str(message.topic()),
        cast("int", message.partition()),
        cast("int", message.offset()),
        cast("bytes", message.key()),
        tuple(headers),
        cast("bytes", message.value()),
    )


def librdkafka_partitions(kafka: KafkaSettings, topic: str, keys: Sequence[bytes]) -> list[int]:
    """Where another client, told to do as Java does, puts these keys."""
    places: dict[bytes, int] = {}

    def keep(error: object, message: Received) -> None:
        assert error is None
        places[cast("bytes", message.key())] = cast("int", message.partition())

    settings = {"bootstrap.servers": kafka.bootstrap_servers, "partitioner": "murmur2_random"}
    producer = Producer(settings)
    for key in keys:
        producer.produce(topic, key=key, value=b"", on_delivery=keep)
    assert producer.flush(20) == 0
    return [places[key] for key in keys]


def test_a_file_arrives_whole_in_order_and_where_java_would_put_it(
    real: KafkaSettings, publish: Publish, tmp_path: Path
) -> None:
    file = tmp_path / "cohort.ndjson"
    file.write_bytes(b"\r\n".join(LINES))
    told = publish(real, file)
    assert (told.code, told.report["resume_at"]) == (Exit.OK, None), told.err
    messages = received(real, list(real.inputs))
    assert sorted(cast("bytes", one.value()) for one in messages) == sorted(LINES)
    for one in messages:
        event = decode(delivery(one), real.inputs)
        assert event == decode_line(cast("bytes", one.value()))
        assert isinstance(event, Event)
        assert one.key() == f"{event.fact.study_id}/{event.fact.patient_id}".encode()
        assert one.headers() == [("content-type", b"application/cloudevents+json")]
    for topic, name in real.inputs.items():
        held = [one for one in messages if one.topic() == topic]
        ends = {str(one.partition()): one.offset() for one in held}
        assert told.report["acknowledged"][topic] == {"count": len(held), "last_offsets": ends}
        places = [LINES.index(cast("bytes", one.value())) for one in held]
        for at in range(4):
            of_one = [p for p, one in zip(places, held, strict=True) if one.partition() == at]
            assert of_one == sorted(of_one), name
    sample = {cast("bytes", one.key()): one.partition() for one in messages}
    assert librdkafka_partitions(real, next(iter(real.inputs)), list(sample)) == [*sample.values()]


def test_an_interrupted_pipe_ends_with_its_report(real: KafkaSettings) -> None:
    running = subprocess.Popen(
        [sys.executable, "-c", MONITOR, "publish", "-", "--rate", "200"],
        cwd=ROOT,
        env=os.environ | environment(real),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert running.stdin is not None
    running.stdin.write(b"\n".join(LINES[:10]) + b"\nnot js")  # the last one is still being typed
    running.stdin.flush()
    until(lambda: count_held(real) == 10, 60)
    running.send_signal(signal.SIGINT)
    code = running.wait(30)  # with its standard input still open
    out, error = running.communicate()
    assert code == Exit.INTERRUPTED, error
    assert b"10 acknowledged, 0 refused" in error
    assert b"before line 11 of standard input" in error
    assert real.topic_prefix.encode() + b"clinical.events" in out


def test_refused_lines_stay_and_force_sends_those_with_a_sound_envelope(
    embedded: KafkaSettings, publish: Publish, tmp_path: Path
) -> None:
    file = tmp_path / "f.ndjson"
    bad = enrolled().but(enrolled_on="soon").line("x")
    day = closed(1).line("d")
    file.write_bytes(b"\n".join([LINES[0], bad, b"secret", day, LINES[1]]))
    told = publish(embedded, file)
    assert (told.code, told.report["refused"], told.report["not_sent"]) == (Exit.REFUSED, 3, 3)
    assert f"{file}:2" in told.err
    assert "data.enrolled_on: expected YYYY-MM-DD" in told.err
    assert "secret" not in told.err
    values = [one.value() for one in received(embedded, list(embedded.inputs))]
    assert sorted(cast("list[bytes]", values)) == sorted(LINES[:2])
    told = publish(embedded, file, "--force")
    assert (told.code, told.report["not_sent"]) == (Exit.REFUSED, 2)
    forced = [one for one in received(embedded, ["clinical.events"]) if one.value() == bad]
    assert [one.key() for one in forced] == [b"S-1/P-1"]
    told = publish(embedded, file, "--from-line", 5)
    assert (told.code, told.report["refused"]) == (Exit.OK, 0)


def test_what_is_not_there_is_named(publish: Publish, tmp_path: Path) -> None:
    file = tmp_path / "f.ndjson"
    file.write_bytes(LINES[0])
    with EmbeddedBroker({"imaging.reads": 1}) as broker:
        told = publish(KafkaSettings(bootstrap_servers=broker.bootstrap_servers), file)
    assert told.code == Exit.FAILED
    assert "there is no topic clinical.events" in told.err
    assert told.report["resume_at"] == {"file": str(file), "line": 1}
    nowhere = KafkaSettings(bootstrap_servers="127.0.0.1:1")
    told = publish(nowhere, file)
    assert told.code == Exit.UNREACHABLE
    assert "127.0.0.1:1" in told.err
    assert publish(KafkaSettings(bootstrap_servers="here:x"), file).code == Exit.CONFIGURATION
    assert publish(nowhere, tmp_path / "none").code == Exit.USAGE
