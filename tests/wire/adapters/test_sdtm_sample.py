"""The published tables give the recorded answers, in whichever form they come."""

import json
from pathlib import Path

import pytest

from monitor.wire.adapters.conversion import Conversion
from monitor.wire.adapters.sdtm import SdtmSettings, convert
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event
from tests.acceptance.evaluated import evaluate
from tests.acceptance.test_published_sets import FOLDER, holds, lines_of
from tests.wire.adapters.tables import as_dataset_json, refused, sample

SETTINGS = SdtmSettings(version=20260131, partial_date="first")
CHECKS = sorted((FOLDER / "sdtm8").glob("*.expected.jsonl"))


@pytest.fixture(scope="module")
def found() -> Conversion:
    return convert(sample(), SETTINGS)


@pytest.mark.parametrize("path", CHECKS, ids=lambda path: path.name)
def test_the_tables_give_the_answers_of_the_canonical_form(path: Path, found: Conversion) -> None:
    header, *expectations = map(json.loads, lines_of(path))
    told = evaluate((event.line for event in found.events), path.parent / header["rules"])
    assert told.rejections == []
    assert len(expectations) == header["required"]
    wrong = [one for one in expectations if not holds(one, told.timelines.get(one["patient"]))]
    assert wrong == []


def test_every_reader_of_every_visit_is_a_read(found: Conversion) -> None:
    assert found.refusals == ()
    assert found.left_out == {}
    assert len(found.events) == 42
    assert all(isinstance(decode_line(event.line), Event) for event in found.events)
    assert len({event.event_id for event in found.events}) == 42


@pytest.mark.parametrize("lines", [False, True])
def test_dataset_json_gives_the_same_bytes(found: Conversion, *, lines: bool) -> None:
    suffix = "ndjson" if lines else "json"
    tables = {
        f"{Path(name).stem}.{suffix}": as_dataset_json(content, name[:2].upper(), lines=lines)
        for name, content in sample().items()
    }
    again = convert(tables, SETTINGS)
    assert [one.line for one in again.events] == [one.line for one in found.events]


def test_converting_again_gives_the_same_bytes_in_whichever_order_of_rows(
    found: Conversion,
) -> None:
    turned = {}
    for name, content in sample().items():
        header, *rows = content.splitlines(keepends=True)
        turned[name] = b"".join([header, *reversed(rows)])
    again = convert(turned, SETTINGS)
    assert [one.line for one in again.events] == [one.line for one in found.events]


def test_a_month_without_a_day_is_refused_by_row_and_column_unless_said() -> None:
    found = convert(sample(), SdtmSettings())
    assert len(found.events) == 39
    assert [place for _, place, _ in refused(found)] == [
        f"tr.csv row {row}, TRDTC" for row in (50, 54, 58)
    ]
    assert {reason for reason, _, _ in refused(found)} == {"schema_invalid"}
    last = convert(sample(), SdtmSettings(partial_date="last"))
    days = {
        (image["acquired_on"], image.get("date_precision"))
        for event in last.events
        for image in json.loads(event.line)["data"].get("images", [])
        if image["acquired_on"].startswith("2014-02")
    }
    assert ("2014-02-28", "month") in days
