"""`monitor validate`: the worker's verdict on every line, all of it, and no value repeated."""

import io
import json
import random
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from monitor.clinical.events import CLOCK_SOURCE
from monitor.wire.examples import EXAMPLES
from monitor.wire.limits import VALUE_BYTES_MAX
from tests.cli.conftest import Call, Called
from tests.wire.lines import Document, event, line

SECRET = "Jane-Doe-1950"


@pytest.fixture
def checked(call: Call, tmp_path: Path) -> Any:
    def run(*documents: object, options: tuple[str, ...] = ()) -> Called:
        path = tmp_path / "f.ndjson"
        path.write_bytes(
            b"\n".join(one if isinstance(one, bytes) else line(one) for one in documents)
        )
        return call("validate", path, *options)

    return run


def rows(called: Called) -> list[Document]:
    """The remarks of NDJSON, without the summary."""
    return [json.loads(one) for one in called.out.splitlines()][:-1]


NDJSON = ("--format", "ndjson")


def told(called: Called) -> list[tuple[Any, ...]]:
    return [(one["line"], one["level"], one["reason"], one["field"]) for one in rows(called)]


def test_all_faults_of_a_line_are_told_with_the_word_that_may_be_meant(checked: Any) -> None:
    wrong = event(
        data__call="Detected", data__quantity__unit="vaf-pct", data__status="finel",
        data__patient_id=SECRET + " ", data__specimen__collected_at=None, id=None,
        type="org.ctdnamonitor.ctdna.results.v1",
    )  # fmt: skip
    assert told(checked(wrong, options=NDJSON)) == [
        (1, "refused", "envelope_invalid", "id"),
        (1, "refused", "unsupported_type", "type"),
    ]
    wrong["type"] = "org.ctdnamonitor.ctdna.result.v1"
    called = checked(wrong, options=NDJSON)
    hints = {one["field"]: one["hint"] for one in rows(called)}
    assert hints == {
        "id": None,
        "data.patient_id": None,
        "data.status": "perhaps final is meant",
        "data.call": "perhaps detected is meant",
        "data.quantity.unit": "perhaps VAF_PCT is meant",
        "data.specimen.collected_at": "it is the day by which the record is ordered",
    }
    assert called.code == 1


def test_envelopes_are_told_whole(checked: Any) -> None:
    wrong = event(id=3, source="a b", time="2025", specversion=None, data=None)
    fields = [field for _, _, _, field in told(checked(wrong, options=NDJSON))]
    assert sorted(fields) == ["data", "id", "source", "specversion", "time"]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        (b"\xef\xbb\xbf{}", "UTF-8 without one"),
        (b'[{"a": 1},', "on one line"),
        (b"{", "on one line"),
        (b'{"a": 1,}', "at character 9"),
        (b"\xff\xfe{\x00", "save it as UTF-8"),
    ],
)
def test_what_is_no_event_gets_a_hint(checked: Any, given: bytes, hint: str) -> None:
    called = checked(given)
    assert "refused, undecodable" in called.out
    assert hint in " ".join(called.out.split())


def test_unknown_names_are_warned_of_by_place_and_refused_on_demand(checked: Any) -> None:
    odd = event(
        "imaging.read", data__images__0__acquired_On="2025-01-01", data__Jane_Doe={"x": 1},
        data__modality="CT", patient_id="P-1", Time="2025-01-01T00:00:00Z", traceparent="00",
    )  # fmt: skip
    called = checked(odd, options=NDJSON)
    assert called.code == 0
    said = [(one["field"], one["hint"]) for one in rows(called)]
    assert said == [
        (None, "put patient_id into data"),
        (None, "perhaps time is meant"),
        ("data.images.0", None),
        ("data", None),
        ("data", "perhaps data.images.modality is meant"),
    ]
    number = list(odd["data"]).index("Jane_Doe") + 1
    assert f"data: its {number}th name is not known" in called.out
    assert "Jane" not in called.out
    assert checked(odd, options=("--strict",)).code == 1


def test_a_misspelt_name_is_recognised_while_its_field_is_missing(checked: Any) -> None:
    odd = event(data__specimen__collected_at=None, data__specimen__collectedAt="2025-01-01")
    called = checked(odd, options=NDJSON)
    assert [one["hint"] for one in rows(called)][-1] == "perhaps collected_at is meant"


def test_duplicates_and_conflicts_name_the_earlier_line(call: Call, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"\n" + line(event()))
    other = event(id="e2", data__quantity__value="77")
    later = [event(), event(data__quantity__value="77"), other, event(id="e3"), other]
    second.write_bytes(b"\n".join(map(line, later)))
    called = call("validate", first, second, *NDJSON)
    assert told(called) == [
        (1, "note", "duplicate", "id"),
        (2, "refused", "duplicate_conflict", "id"),
        (3, "refused", "version_conflict", "data.record_version"),
        (4, "note", "stale", "data.record_version"),
        (5, "refused", "version_conflict", "data.record_version"),
    ]
    assert {(one["earlier"]["file"], one["earlier"]["line"]) for one in rows(called)} == {
        (str(first), 2)
    }
    assert f"see line 2 of {first}" in call("validate", first, second).out.replace("\n    ", " ")


def test_types_of_another_topic_and_closed_days(checked: Any) -> None:
    day: Mapping[str, object] = event("day.closed") | {"source": CLOCK_SOURCE}
    options = ("--topic", "imaging.reads", *NDJSON)
    assert told(checked(event("imaging.read"), event(), day, options=options)) == [
        (2, "refused", "unsupported_type", "type"),
        (3, "refused", "unsupported_type", "type"),
    ]
    called = checked(day, options=NDJSON)
    assert (called.code, told(called)) == (0, [(1, "note", "unsupported_type", "type")])
    assert checked(day, options=("--topic", "nonsense")).code == 2


def test_the_rules_given_say_which_studies_are_known(checked: Any, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "OTHER.toml").write_text("")
    called = checked(event(), options=("--rules", str(rules), *NDJSON))
    assert told(called) == [(1, "refused", "unknown_study", "data.study_id")]
    assert checked(event(), options=("--rules", str(tmp_path / "none"))).code == 3


def test_a_line_without_end_is_refused_and_the_next_one_is_read(checked: Any) -> None:
    long = b'{"id": "' + b"x" * (4 * VALUE_BYTES_MAX)
    called = checked(event(), long, event(id="e2", data__record_id="r2"), options=NDJSON)
    assert told(called) == [(2, "refused", "too_large", None)]
    just = event(data__extra="")
    just["data"]["extra"] = "x" * (VALUE_BYTES_MAX - len(line(just)))
    assert checked(line(just) + b"\r", options=NDJSON).code == 0


def test_no_value_is_ever_repeated(checked: Any) -> None:
    chance = random.Random(9)
    documents: list[object] = [b"[" + SECRET.encode(), b'"' + SECRET.encode() + b'"']
    for kind in [kind for kind in EXAMPLES if kind != "notice"]:
        for _ in range(25):
            wrong = event(kind, id=chance.choice(["e", SECRET]), source=SECRET)
            inner: Any = wrong["data"]
            for name in list(inner):
                if chance.random() < 0.3:
                    inner[name] = chance.choice([SECRET, {SECRET: SECRET}, [SECRET] * 2])
            inner[SECRET] = wrong[SECRET] = SECRET
            documents.append(wrong)
    for options in (("--limit", "0"), NDJSON):
        called = checked(*documents, options=options)
        assert called.code == 1
        assert "Jane" not in called.out + called.err
        assert "1950" not in called.out + called.err


def test_the_summary_counts_by_type_and_reason(checked: Any) -> None:
    called = checked(
        event(), event("imaging.read", id="e1b"), event(id="e2", data__call="x"),
        event("imaging.read", id="e3", data__images__0__modality="x"), b"?",
        options=NDJSON,
    )  # fmt: skip
    assert json.loads(called.out.splitlines()[-1])["summary"] == {
        "lines": 5,
        "refused": 3,
        "types": {
            "ctdna.result.v1": {"lines": 2, "refused": 1},
            "imaging.read.v1": {"lines": 2, "refused": 1},
            "of no known type": {"lines": 1, "refused": 1},
        },
        "remarks": [
            {"level": "refused", "reason": reason, "field": field, "lines": 1}
            for reason, field in [
                ("undecodable", None),
                ("unmapped_code", "data.call"),
                ("unmapped_code", "data.images.*.modality"),
            ]
        ],
    }
    assert called.err == "2 fine, 3 refused\n"


def test_a_table_shows_the_first_lines_and_counts_the_rest(checked: Any) -> None:
    called = checked(*[b"?"] * 5, options=("--limit", "2"))
    assert called.out.count("refused, undecodable") == 2
    assert "… and 3 lines more (--limit 0 shows all)" in called.out
    assert checked(*[b"?"] * 5, options=("--limit", "0")).out.count("refused, undecodable") == 5


def test_standard_input_nothing_and_no_file(
    call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # It needs no settings, so wrong ones are no hindrance.
    monkeypatch.setenv("CTDNA_MONITOR_KAFKA__GRUOP", "x")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line(event()))))
    assert call("validate", "-").err == "1 fine, 0 refused\n"
    (tmp_path / "empty").write_bytes(b"\n \n")
    called = call("validate", tmp_path / "empty")
    assert (called.code, called.out[:16]) == (0, "There is no line")
    assert call("validate", tmp_path / "none").code == 2
