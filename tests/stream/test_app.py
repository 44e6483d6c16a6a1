"""What Faust would do by itself, and does not do here."""

import asyncio
import os
import subprocess
import sys

import pytest
from confluent_kafka import Producer

from monitor.settings import KafkaSettings, Settings
from monitor.stream.app import build_app
from monitor.stream.preflight import survey
from tests.stream.harness import ROOT


async def test_nothing_is_declared_served_or_kept_by_faust() -> None:
    app = build_app(Settings())
    conf = app.conf
    assert not app.in_transaction
    assert not conf.web_enabled
    assert not conf.topic_allow_declare
    assert conf.topic_disable_leader
    assert conf.table_standby_replicas == 0
    assert conf.broker_commit_interval <= 1
    assert conf.id == KafkaSettings().group


@pytest.mark.slow
@pytest.mark.parametrize("pure_python", ["", "1"])
def test_an_event_that_faust_skips_is_not_committed(
    embedded: KafkaSettings, pure_python: str
) -> None:
    """Faust's Python stream, unlike its compiled one, acknowledges events that it skips."""
    producer = Producer({"bootstrap.servers": embedded.bootstrap_servers, "log_level": 0})
    for _ in range(20):
        producer.produce("ctdna.results", value=b"x", partition=0)
    producer.flush()
    environment = os.environ | {"BROKER": embedded.bootstrap_servers}
    if pure_python:
        environment["NO_CYTHON"] = pure_python
    subprocess.run(
        [sys.executable, "-m", "tests.stream.skipping"],
        cwd=ROOT,
        env=environment,
        check=True,
        timeout=30,
    )
    places = asyncio.run(survey(embedded))
    assert [place.committed for at, place in sorted(places.items()) if place.end] == [1]
