"""What was released stays true: every version sent is read by every version that reads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from monitor.wire.examples import TITLED
from monitor.wire.schemas.containment import conflicts
from monitor.wire.schemas.corpus import accepted, content_hashes, unread
from monitor.wire.schemas.generated import Schema, schemas

THIS_PROGRAM: Final = "this program"
PRODUCER_FILE: Final = "producer.json"
CONSUMER_FILE: Final = "consumer.json"
EVENTS_FILE: Final = "events.ndjson"
HASHES_FILE: Final = "content-hashes.json"

Schemas = Mapping[str, Schema]


class Release(NamedTuple):
    """One released state: both flavours by name, its examples as events, their content hashes."""

    producer: Schemas
    consumer: Schemas
    events: Sequence[bytes]
    hashes: Mapping[str, str]


def current() -> Release:
    """What this program would release."""
    events = [line for kind in TITLED for line in accepted(kind)]
    return Release(schemas("producer"), schemas("consumer"), events, content_hashes(events))


def written(release: Release) -> dict[str, str]:
    """The files of a release by name; they never change once they are released."""
    return {
        PRODUCER_FILE: _lines(release.producer),
        CONSUMER_FILE: _lines(release.consumer),
        EVENTS_FILE: "".join(line.decode() + "\n" for line in release.events),
        HASHES_FILE: json.dumps(release.hashes, indent=2) + "\n",
    }


def read(files: Mapping[str, str]) -> Release:
    """Read what `written` made. Raises KeyError for a missing file, ValueError for a broken one."""
    return Release(
        json.loads(files[PRODUCER_FILE]),
        json.loads(files[CONSUMER_FILE]),
        [line.encode() for line in files[EVENTS_FILE].split("\n") if line],
        json.loads(files[HASHES_FILE]),
    )


def broken_promises(releases: Mapping[str, Release], now: Release) -> Iterator[str]:
    """Say what any version may send that another one refuses; `now` is this program's.

    `releases` by name, such as `release 1`. An added word of a list is a conflict unless the
    consumer takes any text there; a type of a new major version is none, it is another type.
    """
    versions = {**releases, THIS_PROGRAM: now}
    for sender, sent in versions.items():
        for reader, taken in versions.items():
            for name in sent.producer.keys() & taken.consumer.keys():
                for conflict in conflicts(sent.producer[name], taken.consumer[name]):
                    yield f"{name}, from {sender} to {reader}: {conflict}"
    for version, release in releases.items():
        for name in sorted(release.producer.keys() - now.consumer.keys()):
            yield f"{name}, of {version}: is read no more"
        for fault in unread(release.events, release.hashes):
            yield f"{version}, {fault}"


def _lines(some: Schemas) -> str:
    """One schema a line: short, and a difference shows which kind it is in."""
    lines = (
        f"{json.dumps(name)}: {json.dumps(schema, ensure_ascii=False, separators=(',', ':'))}"
        for name, schema in some.items()
    )
    return "{\n" + ",\n".join(lines) + "\n}\n"
