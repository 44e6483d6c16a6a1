"""The worked vectors: histories with their answers, in the given and in other arrival orders."""

import datetime
import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.evaluated import Evaluated, agree, evaluate

FOLDER = Path(__file__).parent / "vectors"
VECTORS = {
    vector["id"]: vector
    for path in sorted(FOLDER.glob("*.jsonl"))
    for vector in map(json.loads, path.read_text().splitlines())
}
# One depends on what had been told, and says so.
IN_ANY_ORDER = {name: one for name, one in VECTORS.items() if one.get("permute", True)}


def evaluated(vector: Mapping[str, Any], folder: Path, events: Sequence[object]) -> Evaluated:
    rules = folder / "rules.toml"
    rules.write_text(
        "".join(f"{key} = {json.dumps(value)}\n" for key, value in vector["rules"].items())
    )
    as_of = vector["as_of"] and datetime.date.fromisoformat(vector["as_of"])
    found = evaluate([json.dumps(event).encode() for event in events], rules, as_of)
    assert found.rejections == []
    return found


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_a_vector(vector: Mapping[str, Any], tmp_path: Path) -> None:
    found = evaluated(vector, tmp_path, vector["events"])
    name = f"VEC/{vector['id']}"
    wrong = list(differences(vector["expect"], found.timelines[name], found.notices[name]))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("vector", IN_ANY_ORDER.values(), ids=IN_ANY_ORDER)
@pytest.mark.parametrize(
    "seeds", [range(3), pytest.param(range(3, 20), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_vector_in_other_arrival_orders(
    vector: Mapping[str, Any], tmp_path: Path, seeds: range
) -> None:
    first = evaluated(vector, tmp_path, vector["events"]).timelines
    for seed in seeds:
        chance = random.Random(seed)
        events = [*vector["events"], *chance.choices(vector["events"], k=3)]
        chance.shuffle(events)
        assert evaluated(vector, tmp_path, events).timelines == first, f"seed {seed}"


def test_every_vector_is_here_and_one_alone_asks_for_its_own_order() -> None:
    assert len(VECTORS) == 94
    assert [name for name in VECTORS if name not in IN_ANY_ORDER] == ["E21"]


def differences(
    expect: Mapping[str, Any], timeline: Mapping[str, Any], notices: Sequence[Any]
) -> Iterator[str]:
    reads = {row["record_id"]: row for row in timeline["imaging"]}
    for row in expect.get("imaging", []):
        if not agree(row, reads[row["record_id"]]):
            yield f"read {row}: {reads[row['record_id']]}"
    if "pd_on" in expect and timeline["progression"]["pd_on"] != expect["pd_on"]:
        yield f"pd_on: {timeline['progression']}"
    for name in ("best_overall_response", "endpoints"):
        if name in expect and not agree(expect[name], timeline[name]):
            yield f"{name} {expect[name]}: {timeline[name]}"
    yield from eligibility_differs(expect.get("eligibility", {}), timeline["eligibility"])
    yield from notices_differ(expect.get("notices"), notices)
    yield from standing_differs(expect, timeline, notices)


def eligibility_differs(expect: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    if "overall" in expect and found["overall"] != expect["overall"]:
        yield f"eligible {expect['overall']}: {found['overall']}"
    results = {row["id"]: row["result"] for row in found["criteria"]}
    for name, result in expect.get("criteria", {}).items():
        if results.get(name) != result:
            yield f"{name} {result}: {results.get(name)}"


def notices_differ(expect: Mapping[str, Any] | None, notices: Sequence[Any]) -> Iterator[str]:
    if expect is None:
        return
    log = expect["log"]
    with_amended = any(row["action"] == "amended" for row in log)
    told = [
        {
            "cause": one["causationid"],
            "action": one["data"]["action"],
            "finding": one["data"]["finding"],
            "evidence": identifying(one["data"]),
        }
        for one in notices
        if any(matches(one["data"]["finding"], family) for family in expect["families"])
        and (with_amended or one["data"]["action"] != "amended")
    ]
    for row in log:
        row_in_order = row | ({"evidence": sorted(row["evidence"])} if "evidence" in row else {})
        match = next((one for one in told if agree(row_in_order, one)), None)
        if match is None:
            yield f"not told: {row}"
        else:
            told.remove(match)
    yield from (f"told too much: {one}" for one in told)


def matches(finding: str, family: str) -> bool:
    return finding.startswith(family) if family.endswith("_") else finding == family


def identifying(notice: Mapping[str, Any]) -> list[str]:
    return sorted(row["record_id"] for row in notice["evidence"] if row["role"] == "identifying")


def standing_differs(
    expect: Mapping[str, Any], timeline: Mapping[str, Any], notices: Sequence[Any]
) -> Iterator[str]:
    latest = {one["data"]["finding_id"]: one["data"] for one in notices}
    stand = {key for key, one in latest.items() if one["action"] != "withdrawn"}
    shown = {row["finding_id"]: row for row in timeline["standing_findings"] if not row["held"]}
    if stand != set(shown):
        yield "notices and timeline disagree about what stands"
    rows = [
        {**row, "evidence": sorted(row["evidence"]), "severity": latest[key]["severity"],
         "details": latest[key]["details"]}
        for key, row in shown.items()
        if key in latest
    ]  # fmt: skip
    for row in expect.get("standing", {}).get("must", []):
        wanted = row | ({"evidence": sorted(row["evidence"])} if "evidence" in row else {})
        if not any(agree(wanted, one) for one in rows):
            yield f"does not stand: {wanted} among {rows}"
    names = {row["finding"] for row in rows}
    for name in expect.get("standing", {}).get("must_not", []):
        if name in names:
            yield f"stands: {name}"
    raised = {one["data"]["finding"] for one in notices if one["data"]["action"] == "raised"}
    for name in set(expect.get("ever_raised", [])) - raised:
        yield f"never raised: {name}"
    for name in set(expect.get("never_raised", [])) & raised:
        yield f"raised: {name}"
