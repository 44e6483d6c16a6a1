"""Whatever the bytes are, an adapter answers: events that the codec reads, and refusals."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.wire.adapters import spreadsheet
from monitor.wire.adapters.conversion import Conversion
from monitor.wire.adapters.sdtm import SdtmSettings, convert
from monitor.wire.adapters.snapshots import since
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event, Reason
from tests.wire.adapters.mutations import mutated
from tests.wire.adapters.tables import as_csv, as_dataset_json, dm, rs, sample, tr, tu
from tests.wire.adapters.test_spreadsheet import HEADER, MAP, ROW

SETTINGS = SdtmSettings(partial_date="last")
TABLES = {
    **{name: content[:4000] for name, content in sample().items()},
    "dm.csv": sample()["dm.csv"],
}
BY = spreadsheet.read_map(MAP)
EXPORT = {"lab.csv": "\n".join([HEADER, ROW, ROW.replace("s1", "s2")]).encode()}


def assert_answered(found: Conversion, *planted: str) -> None:
    for event in found.events:
        assert isinstance(decode_line(event.line), Event)
    assert len({event.event_id for event in found.events}) == len(found.events)
    for refusal in found.refusals:
        assert refusal.reason in Reason
        told = f"{refusal.place} {refusal.message}"
        assert not any(one in told for one in planted)


@pytest.mark.parametrize("seed", range(60))
def test_changed_tables_of_sdtm(seed: int) -> None:
    chance = random.Random(seed)
    before = mutated(chance, TABLES)
    after = mutated(chance, before)
    found = convert(after, SETTINGS)
    assert_answered(found)
    assert convert(after, SETTINGS) == found
    earlier = convert(before, SETTINGS)
    for confirmed in (False, True):
        assert_answered(since(earlier, found, 20260131, confirmed=confirmed))


@pytest.mark.parametrize("seed", range(40))
def test_changed_dataset_json(seed: int) -> None:
    chance = random.Random(seed)
    lines = seed % 2 == 0
    name = "tr.ndjson" if lines else "tr.json"
    content = as_dataset_json(as_csv([tr("T1", 1, "20"), tr("T1", 2, "21")]), "TR", lines=lines)
    assert_answered(convert(mutated(chance, {name: content}), SETTINGS))


@pytest.mark.parametrize("seed", range(60))
def test_changed_exports(seed: int) -> None:
    files = mutated(random.Random(seed), EXPORT)
    assert_answered(spreadsheet.convert(files, BY, 1))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["tr.csv", "tr.json", "tr.ndjson", "rs.csv"]))
def test_any_bytes(content: bytes, name: str) -> None:
    assert_answered(convert({name: content}, SETTINGS))
    assert_answered(spreadsheet.convert({name: content}, BY, 1))


@pytest.mark.parametrize("seed", range(20))
def test_no_refusal_repeats_what_a_table_says(seed: int) -> None:
    chance = random.Random(seed)
    secret = f"SECRET{seed}"
    rows = [dm(secret), tu("T1"), tr("T1", 1, "20"), tr("T1", 2, "21"), rs("OVRLRESP", 2, "SD")]
    for _ in range(3):
        row = dict(rows[place := chance.randrange(len(rows))])
        row[chance.choice(sorted(set(row) - {"DOMAIN"}))] = f"{secret} Doe"
        rows[place] = row
    tables = {f"{one['DOMAIN'].lower()}.csv": as_csv([one]) for one in rows}
    assert_answered(convert(tables, SETTINGS), secret)
    place = chance.randrange(10)
    cells = [f"{secret} Doe" if n == place else one for n, one in enumerate(ROW.split(";"))]
    export = {"lab.csv": f"{HEADER}\n{';'.join(cells)}\n".encode()}
    assert_answered(spreadsheet.convert(export, BY, 1), secret)
