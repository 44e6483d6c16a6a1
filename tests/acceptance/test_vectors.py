"""The worked vectors: histories with their answers, in the given and in other arrival orders."""

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from monitor.clinical.findings import CATALOGUE
from tests.acceptance.evaluated import Evaluated, agree, evaluate

FOLDER = Path(__file__).parent / "vectors"
VECTORS = {
    vector["id"]: vector
    for path in sorted(FOLDER.glob("*.jsonl"))
    for vector in map(json.loads, path.read_text().splitlines())
}
# Vectors that also ask for findings that are not in the catalogue yet; the rest of them is checked.
IN_PART = {
    "C13": {"ASSAY_CHANGED"},
    "C15": {"UNIT_NOT_COMPARABLE"},
    "C21": {
        "CTDNA_CLEARANCE_PROVISIONAL",
        "CTDNA_CLEARANCE_SUSTAINED",
        "CTDNA_CLEARANCE_LOST",
    },
    "C25": {"CTDNA_POSITIVE_IN_BLACKOUT"},
}


@pytest.fixture(params=VECTORS)
def vector(request: pytest.FixtureRequest) -> Any:
    return VECTORS[request.param]


def evaluated(vector: Mapping[str, Any], folder: Path, events: Sequence[object]) -> Evaluated:
    rules = folder / "rules.toml"
    rules.write_text(
        "".join(f"{key} = {json.dumps(value)}\n" for key, value in vector["rules"].items())
    )
    found = evaluate([json.dumps(event).encode() for event in events], rules)
    assert found.rejections == []
    return found


def test_a_vector(vector: Mapping[str, Any], tmp_path: Path) -> None:
    found = evaluated(vector, tmp_path, vector["events"])
    name = f"VEC/{vector['id']}"
    wrong = list(differences(vector["expect"], found.timelines[name], found.notices[name]))
    assert not wrong, "\n".join(wrong)


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


def test_what_is_checked_in_part() -> None:
    missing = {
        name: names
        for name, vector in VECTORS.items()
        if (names := set(asked(vector["expect"])) - set(CATALOGUE))
    }
    assert missing == IN_PART


def asked(expect: Mapping[str, Any]) -> Iterator[str]:
    """Every finding that must come, by name."""
    yield from (row["finding"] for row in expect.get("notices", {}).get("log", []))
    yield from (row["finding"] for row in expect.get("standing", {}).get("must", []))
    yield from expect.get("ever_raised", [])


def differences(
    expect: Mapping[str, Any], timeline: Mapping[str, Any], notices: Sequence[Any]
) -> Iterator[str]:
    reads = {row["record_id"]: row for row in timeline["imaging"]}
    for row in expect.get("imaging", []):
        if not agree(row, reads[row["record_id"]]):
            yield f"read {row}: {reads[row['record_id']]}"
    if "pd_on" in expect and timeline["progression"]["pd_on"] != expect["pd_on"]:
        yield f"pd_on: {timeline['progression']}"
    best = expect.get("best_overall_response")
    if best and not agree(best, timeline["best_overall_response"]):
        yield f"best response {best}: {timeline['best_overall_response']}"
    yield from notices_differ(expect.get("notices"), notices)
    yield from standing_differs(expect, timeline, notices)


def notices_differ(expect: Mapping[str, Any] | None, notices: Sequence[Any]) -> Iterator[str]:
    if expect is None:
        return
    log = [row for row in expect["log"] if row["finding"] in CATALOGUE]
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
        if row["finding"] in CATALOGUE and not any(agree(wanted, one) for one in rows):
            yield f"does not stand: {wanted} among {rows}"
    names = {row["finding"] for row in rows}
    for name in expect.get("standing", {}).get("must_not", []):
        if name in names:
            yield f"stands: {name}"
    raised = {one["data"]["finding"] for one in notices if one["data"]["action"] == "raised"}
    for name in set(expect.get("ever_raised", [])) & set(CATALOGUE) - raised:
        yield f"never raised: {name}"
    for name in set(expect.get("never_raised", [])) & raised:
        yield f"raised: {name}"
