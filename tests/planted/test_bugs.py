"""The planted bugs fit today's source, and three of them are really noticed."""

import ast
import json
from pathlib import Path

import pytest

from tests.planted.__main__ import Trial
from tests.planted.bug import ROOT, Bug, bug
from tests.planted.catalogue import BUGS, EVERY
from tests.planted.catchers import ENDLESS, Catch, Catcher, UnclearError, catchers, watch
from tests.planted.control import Control, ControlError
from tests.planted.table import cell, noticed, read_table, write_table

ASKED = (
    *("ack before commit", "commit in two transactions", "offset off by one"),
    *("ledger fence removed", "dedupe by value", "dedupe in memory only"),
    *("content hash over raw bytes", "dropped correction", "stale version applied"),
    *("tombstone forgotten", "record move without removal", "naive time", "time zone ignored"),
    *("nadir without baseline", "partial sum sets nadir", "blackout off by one"),
    *("missing version check", "batch overlay not seen by the second fact"),
    *("notices per batch instead of per fact", "relay marks before acknowledgement"),
    *("relay out of order after a failed send", "sequence reused", "sequence from the clock"),
    *("quarantine outside the transaction", "dead letter without original bytes"),
    *("ticker without record", "two closed days at once", "hold not released"),
    *("amended for a version only", "id with a version in it", "lease never renewed"),
    *("retry without re-reading", "unique violation swallowed"),
)
THRESHOLDS = 6
CHEAP = {
    "> for >= at recist.pd_abs": "auditor",
    "tombstone forgotten": "auditor",
    "relay marks before acknowledgement": "simulation",
}


@pytest.mark.parametrize("planted", EVERY, ids=lambda one: one.name)
def test_a_bug_fits_the_source_and_leaves_valid_modules(planted: Bug) -> None:
    for path, text in planted.edited(ROOT).items():
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse((ROOT / path).read_text()))


def test_every_bug_that_was_asked_for_is_there_under_its_name() -> None:
    assert set(ASKED) <= BUGS.keys()
    assert sum(name.startswith("> for >= at ") for name in BUGS) >= THRESHOLDS
    assert len(BUGS) == len(EVERY) >= 50


def test_a_bug_says_in_one_sentence_what_it_puts_out_of_force() -> None:
    said = [one.says for one in EVERY]
    assert all(words.endswith(".") and "|" not in words for words in said)
    assert len(set(said)) == len(said)


def test_a_text_that_is_there_twice_or_not_at_all_is_no_place_for_a_bug(tmp_path: Path) -> None:
    (tmp_path / "monitor").mkdir()
    (tmp_path / "monitor" / "one.py").write_text("a = 1\nb = 1\n")
    for old in ("= 1", "= 2"):
        with pytest.raises(ValueError, match=r"monitor/one\.py holds \d times"):
            bug("any", "Any.", ("one.py", old, "= 3")).edited(tmp_path)


def test_several_edits_of_a_file_are_of_its_text_before_any(tmp_path: Path) -> None:
    (tmp_path / "monitor").mkdir()
    (tmp_path / "monitor" / "one.py").write_text("a = 1\nb = 2\n")
    bug("any", "Any.", ("one.py", "a = 1", "b = 2"), ("one.py", "b = 2", "")).plant(tmp_path)
    assert (tmp_path / "monitor" / "one.py").read_text() == "b = 2\n\n"


def test_the_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    first, second = EVERY[0].name, EVERY[1].name
    rows = {
        first: {"static": "passes", "auditor": cell(Catch(True, 1.23, "7", "seed 7: wrong"), "")},
        second: {"auditor": cell(Catch(False, 9.0, None, ""), "12 histories")},
    }
    write_table(rows, tmp_path / "table.md")
    found = read_table(tmp_path / "table.md")
    assert found[first]["auditor"] == "seed 7 (1.2 s)"
    assert found[second]["auditor"] == "no (12 histories, 9 s)"
    assert (noticed(found[first]), noticed(found[second])) == ("auditor", None)
    assert found.keys() == BUGS.keys()


def test_the_table_has_a_row_of_every_bug_and_at_most_one_is_unnoticed() -> None:
    rows = read_table()
    assert rows.keys() == BUGS.keys()
    assert len([name for name, cells in rows.items() if noticed(cells) is None]) <= 1


def catcher_of(tmp_path: Path, source: str, seconds_max: float = 60) -> Catch:
    (tmp_path / "catching.py").write_text(source)
    return watch(Catcher("any", ("catching",), "all", seconds_max), tmp_path)


def test_a_catcher_notices_by_a_seed_and_by_never_ending(tmp_path: Path) -> None:
    found = catcher_of(tmp_path, "print('1\\nseed 12: lost'); raise SystemExit(1)")
    assert (found.noticed, found.seed, found.said) == (True, "12", "seed 12: lost")
    assert not catcher_of(tmp_path, "print('seed 12')").noticed
    assert catcher_of(tmp_path, "while True: pass", seconds_max=0.5).said == ENDLESS


@pytest.mark.parametrize(
    "source", ["print('seed 1', flush=True); 1 / 0", "print('seed 1'); raise SystemExit(2)"]
)
def test_a_catcher_that_breaks_has_noticed_nothing(tmp_path: Path, source: str) -> None:
    with pytest.raises(UnclearError):
        catcher_of(tmp_path, source)


def test_a_catcher_that_fails_for_another_reason_has_noticed_nothing(tmp_path: Path) -> None:
    source = "print('seed 1\\nFAILED: {}'); raise SystemExit(1)"
    words = Catcher("any", ("catching",), "all", 60, proof="FAILED: main: ")
    (tmp_path / "catching.py").write_text(source.format("the feed: no answer"))
    with pytest.raises(UnclearError):
        watch(words, tmp_path)
    (tmp_path / "catching.py").write_text(source.format("main: lost: a notice"))
    assert watch(words, tmp_path).seed == "1"


NOTICES = "print('seed 1: lost'); raise SystemExit(1)"


def both(tmp_path: Path, unplanted: str, planted: str, seconds_max: float = 60) -> Catch:
    for name, source in (("control", unplanted), ("tree", planted)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "catching.py").write_text(source)
    catcher = Catcher("any", ("catching",), "all", seconds_max)
    return Control(tmp_path / "control").watch(catcher, tmp_path / "tree")


def test_a_catcher_that_is_quiet_without_the_bug_is_a_witness(tmp_path: Path) -> None:
    assert both(tmp_path, "", NOTICES).seed == "1"


@pytest.mark.parametrize("unplanted", [NOTICES, "1 / 0"])
def test_a_catcher_that_notices_without_a_bug_is_no_witness(tmp_path: Path, unplanted: str) -> None:
    with pytest.raises(ControlError):
        both(tmp_path, unplanted, NOTICES)


def test_a_bug_does_not_end_only_where_the_checkout_ends_in_time(tmp_path: Path) -> None:
    with pytest.raises(UnclearError):
        both(tmp_path, "import time; time.sleep(1.2)", "while True: pass", seconds_max=2)


def test_a_long_look_goes_on_where_the_quick_one_ended() -> None:
    looks = [one.words[-4:] for one in catchers(6000, 1000, 2) if one.name != "bench"]
    assert looks == [
        ("--start", "1", "--count", "400"),
        ("--start", "1", "--count", "120"),
        ("--start", "401", "--count", "5600"),
        ("--start", "121", "--count", "880"),
    ]


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_bugs_are_noticed_by_the_cheap_catchers(tmp_path: Path) -> None:
    asked = catchers(400, 120, 0)[:2]
    trial = Trial(tmp_path, (), asked)  # `make planted` shows the static part
    cells = {name: trial.of(BUGS[name]) for name in CHEAP}
    assert {name: noticed(row) for name, row in cells.items()} == CHEAP, json.dumps(cells)
