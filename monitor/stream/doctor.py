"""Looks at everything the worker needs and says of each what is wrong and what to do."""

import asyncio
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from monitor.active_rules import check_held
from monitor.exits import ExpectedError
from monitor.ledger import migrate
from monitor.ledger.port import LedgerError
from monitor.rebuilding import refuse_unfinished_rebuild
from monitor.rulesets import Rulesets, RulesInvalid
from monitor.settings import KafkaSettings, Settings
from monitor.stream.admin import existing_topics
from monitor.stream.preflight import refuse_lost_places, refuse_unequal, survey
from monitor.wiring import open_ledger


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report: `detail` is what was found, or what is wrong and to do."""

    name: str
    ok: bool
    detail: str


def examine(settings: Settings) -> list[Check]:
    """Return every check; never raises for what it finds."""
    kafka = settings.kafka
    checks = [_check("broker", lambda: _broker(kafka))]
    if checks[0].ok:
        checks += [
            _check("topics", lambda: _topics(kafka)),
            _check("partition counts", lambda: _counts(kafka)),
            _check("offsets", lambda: _offsets(kafka)),
        ]
    checks.append(_check("database", lambda: _database(settings)))
    if checks[-1].ok:
        checks.append(_check("database revision", lambda: _revision(settings)))
    revision_known = checks[-1].ok
    given = functools.cache(lambda: Rulesets(settings.rules))
    checks.append(_check("rules", lambda: _rules(settings, given())))
    if revision_known and checks[-1].ok:
        checks.append(_check("active rules", lambda: asyncio.run(_active_rules(settings, given()))))
    if revision_known:
        checks.append(_check("rebuild", lambda: asyncio.run(_rebuild(settings))))
    return checks


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, detail=look())
    except (ExpectedError, LedgerError, RulesInvalid) as error:
        return Check(name, ok=False, detail=str(error))


def _broker(kafka: KafkaSettings) -> str:
    existing_topics(kafka)
    return f"answers at {kafka.bootstrap_servers}"


def _topics(kafka: KafkaSettings) -> str:
    found = existing_topics(kafka)
    missing = [name for name in kafka.topics if name not in found]
    if missing:
        raise ExpectedError(f"missing: {', '.join(missing)}; run `monitor topics apply`")
    return f"all {len(found)} are there"


def _counts(kafka: KafkaSettings) -> str:
    found = existing_topics(kafka)
    refuse_unequal(found, kafka)
    return f"{found[next(iter(kafka.inputs))]} in every input topic"


def _offsets(kafka: KafkaSettings) -> str:
    places = asyncio.run(survey(kafka))
    refuse_lost_places(places)
    held = sum(place.committed is not None for place in places.values())
    waiting = sum(place.end - (place.committed or place.first) for place in places.values())
    return f"committed in {held} of {len(places)} partitions, {waiting} deliveries waiting"


def _database(settings: Settings) -> str:
    url = make_url(settings.database.sqlalchemy_url)
    # SQLite would make an empty file, and a report must not change what it reports on.
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise ExpectedError("there is none at CTDNA_MONITOR_DATABASE__URL; `monitor db upgrade`")
    asyncio.run(migrate.current(settings.database.sqlalchemy_url))
    return "answers"


def _revision(settings: Settings) -> str:
    found = asyncio.run(migrate.current(settings.database.sqlalchemy_url))
    if found != migrate.head():
        raise ExpectedError(
            f"the database is at {found or 'no revision'}, this program needs {migrate.head()}; "
            "run `monitor db upgrade`"
        )
    return f"{found}, as this program needs"


def _rules(settings: Settings, _given: Rulesets) -> str:
    return f"valid ({settings.rules or 'built in'})"


async def _active_rules(settings: Settings, given: Rulesets) -> str:
    async with open_ledger(settings.database.sqlalchemy_url) as ledger:
        history = await ledger.active_rules()
        check_held(history, given, await ledger.ruleset_hashes())
    return "as given" if history else "none yet: the first start records those given"


async def _rebuild(settings: Settings) -> str:
    async with open_ledger(settings.database.sqlalchemy_url) as ledger:
        await refuse_unfinished_rebuild(ledger)
    return "none under way"
