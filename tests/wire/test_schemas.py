"""The published schemas are the models: current, and as strict as the codec where they can be."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from monitor.cli.schema import app
from monitor.wire.acknowledgement import ACKNOWLEDGEMENT_KIND
from monitor.wire.codec import decode_line
from monitor.wire.delivery import Event, Rejection
from monitor.wire.examples import EXAMPLES
from monitor.wire.examples.common import Example
from monitor.wire.notices import NOTICE_KIND, NoticeDocument
from monitor.wire.schemas.generated import schemas, text
from tests.wire.deliveries import envelope

COMMITTED = Path(__file__).parents[2] / "schemas"
SCHEMAS = {name.removesuffix(".v1"): schema for name, schema in schemas("consumer").items()}
CLOSED = {name.removesuffix(".v1"): schema for name, schema in schemas("producer").items()}
CONSUMERS = {kind: Draft202012Validator(schema) for kind, schema in SCHEMAS.items()}
# The fullest example of a kind and the shortest one; what is said by the others is in these.
RECORDS = [
    pytest.param(kind, example, id=f"{kind} {place}")
    for kind, examples in EXAMPLES.items()
    if kind not in {NOTICE_KIND, ACKNOWLEDGEMENT_KIND}
    for place, example in enumerate((*examples[:2], *examples[4:5]))
]


def fits(kind: str, content: object) -> bool:
    return CONSUMERS[kind].is_valid(content)


def decoded(kind: str, content: object) -> Event | Rejection:
    source = "urn:ctdna-monitor:clock" if kind == "day.closed" else "https://lab.example"
    return decode_line(envelope({"type": f"org.ctdnamonitor.{kind}.v1", "source": source}, content))


def test_the_committed_files_are_generated_and_keep_every_promise() -> None:
    told = CliRunner().invoke(app, ["check", str(COMMITTED)])
    assert told.exit_code == 0, told.output
    assert "are read as before" in told.output


@pytest.mark.parametrize("kind", SCHEMAS)
def test_a_schema_is_one_of_draft_2020_12(kind: str) -> None:
    home = "https://ctdna-monitor.org/schemas"
    for schema, place in ((SCHEMAS[kind], home), (CLOSED[kind], f"{home}/producer")):
        Draft202012Validator.check_schema(schema)
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["$id"] == f"{place}/{kind}.v1.json"
        assert schema["title"] == kind
        assert json.loads(text(schema))["examples"] == list(EXAMPLES[kind])


@pytest.mark.parametrize("kind", SCHEMAS)
def test_the_flavours_differ_in_strangers_and_growing_lists_only(kind: str) -> None:
    closed = copy.deepcopy(CLOSED[kind])
    for part in (closed, *closed.get("$defs", {}).values()):
        if "properties" in part:
            assert part.pop("additionalProperties") is False
    given = copy.deepcopy(SCHEMAS[kind])
    for part in (given, *given.get("$defs", {}).values()):
        assert part.pop("additionalProperties", True) is True
    if kind == NOTICE_KIND:
        assert "RADIOGRAPHIC_PD" in closed["properties"]["finding"].pop("enum")
    if kind == ACKNOWLEDGEMENT_KIND:
        assert "too_large" in closed["properties"]["reason"]["anyOf"][0].pop("enum")
    assert {**closed, "$id": ""} == {**given, "$id": ""}


def test_a_notice_that_cannot_be_is_refused_by_schema_and_model() -> None:
    notice = EXAMPLES["notice"][0]
    wrong: list[dict[str, object]] = [
        {"sequence": 0},
        {"severity": "urgent"},
        {"action": "updated"},
        {"evidence": None},
        {"effective_on": None},
        {"rule": {"id": "r"}},
    ]
    for change in wrong:
        assert not fits("notice", {**notice, **change}), change
        with pytest.raises(ValueError, match=next(iter(change))):
            NoticeDocument.model_validate({**notice, **change})


def test_a_finding_of_a_later_version_is_for_subscribers_to_take() -> None:
    notice = {**EXAMPLES["notice"][0], "finding": "OF_A_LATER_VERSION", "more": 1}
    assert fits("notice", notice)
    assert not Draft202012Validator(CLOSED["notice"]).is_valid(notice)


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
