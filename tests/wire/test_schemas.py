"""The published schemas are the models': current, true of the examples, and as strict as can be."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from monitor.cli.schema import app
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event, Rejection
from monitor.wire.examples import EXAMPLES
from monitor.wire.examples.common import Example
from monitor.wire.notices import NoticeDocument
from monitor.wire.schemas import schema_files
from tests.wire.deliveries import envelope

COMMITTED = Path(__file__).parents[2] / "schemas"
SCHEMAS = {name.removesuffix(".v1.json"): json.loads(text) for name, text in schema_files()}
RECORDS = [
    pytest.param(kind, example, id=f"{kind} {place}")
    for kind, examples in EXAMPLES.items()
    if kind != "notice"
    for place, example in enumerate(examples)
]


def fits(kind: str, content: object) -> bool:
    return Draft202012Validator(SCHEMAS[kind]).is_valid(content)


def decoded(kind: str, content: object) -> Event | Rejection:
    source = "urn:ctdna-monitor:clock" if kind == "day.closed" else "https://lab.example"
    return decode_line(envelope({"type": f"org.ctdnamonitor.{kind}.v1", "source": source}, content))


def test_the_committed_schemas_are_generated() -> None:
    told = CliRunner().invoke(app, ["check", str(COMMITTED)])
    assert told.exit_code == 0, told.output


def test_export_writes_what_check_accepts_and_check_sees_a_change(tmp_path: Path) -> None:
    runner = CliRunner()
    assert runner.invoke(app, ["export", str(tmp_path / "out")]).exit_code == 0
    assert runner.invoke(app, ["check", str(tmp_path / "out")]).exit_code == 0
    changed = tmp_path / "out" / "notice.v1.json"
    changed.write_text(changed.read_text().replace("NoticeDocument", "X", 1) + " ")
    (tmp_path / "out" / "surplus.v1.json").write_text("{}")
    told = runner.invoke(app, ["check", str(tmp_path / "out")])
    assert told.exit_code == 1
    assert "notice.v1.json" in told.output
    assert "surplus.v1.json" in told.output


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_one_of_draft_2020_12(kind: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[kind])
    assert SCHEMAS[kind]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMAS[kind]["$id"] == f"https://ctdna-monitor.org/schemas/{kind}.v1.json"
    assert json.loads(json.dumps(EXAMPLES[kind])) == SCHEMAS[kind]["examples"]


@pytest.mark.parametrize(("kind", "example"), RECORDS)
def test_an_example_is_valid_for_schema_and_codec(kind: str, example: Example) -> None:
    assert fits(kind, example)
    event = decoded(kind, example)
    assert isinstance(event, Event)
    assert event.fact.record_id == example["record_id"]


def test_the_example_notice_is_valid() -> None:
    assert fits("notice", EXAMPLES["notice"][0])
    assert not fits("notice", {**EXAMPLES["notice"][0], "sequence": 0})
    NoticeDocument.model_validate(EXAMPLES["notice"][0])


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place inside a record."""
    if isinstance(value, dict):
        inner = [paths(item, (*path, name)) for name, item in value.items()]
    elif isinstance(value, list):
        inner = [paths(item, (*path, place)) for place, item in enumerate(value)]
    else:
        inner = []
    return [path, *(found for some in inner for found in some)]


def replaced(value: Any, path: tuple[str | int, ...], new: object) -> Any:
    """The record with one place changed."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {
            name: replaced(item, rest, new) if name == step else item
            for name, item in value.items()
        }
    return [
        replaced(item, rest, new) if place == step else item for place, item in enumerate(value)
    ]


WRONG: tuple[object, ...] = (None, "?", "", "x\u0000", -1, 1.5, True, {}, [], [1], "2025-13-01")


@pytest.mark.parametrize(("kind", "example"), RECORDS)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_schema_and_codec_agree_on_every_wrong_value(
    kind: str, example: Example, wrong: object
) -> None:
    for path in paths(example)[1:]:
        content = replaced(example, path, wrong)
        answer = decoded(kind, content)
        if kind == "day.closed" and path[-1] in {"study_id", "patient_id", "record_id"}:
            continue  # a schema cannot say that one field is made of the others
        assert fits(kind, content) == isinstance(answer, Event), (path, answer)


@pytest.mark.parametrize(("kind", "example"), RECORDS)
def test_schema_and_codec_agree_on_every_missing_field(kind: str, example: Example) -> None:
    for path in paths(example)[1:]:
        content = json.loads(json.dumps(example))
        parent = content
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        answer = decoded(kind, content)
        assert fits(kind, content) == isinstance(answer, Event), (path, answer)
