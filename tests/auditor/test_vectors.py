"""The auditor gives the answers of the worked vectors, event by event."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.auditor.judge import finding_id
from tests.auditor.telling import Telling
from tests.auditor.values import Found

FOLDER = Path(__file__).parents[1] / "acceptance" / "vectors"
Json = dict[str, Any]


def vectors(folder: Path = FOLDER) -> list[Json]:
    lines = [
        line for file in sorted(folder.glob("*.jsonl")) for line in file.read_text().splitlines()
    ]
    return [json.loads(line) for line in lines]


@dataclass
class Told:
    """The last document, and every change of what stands, in order."""

    document: Json = field(default_factory=dict)
    log: list[Json] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)


def changes(before: Mapping[str, Json], after: Mapping[str, Json], cause: str) -> Iterator[Json]:
    """Contract 3: withdrawn, amended, raised."""
    watched = ("severity", "effective_on", "details")
    lost = [("withdrawn", row) for name, row in before.items() if name not in after]
    kept = [(before[name], row) for name, row in after.items() if name in before]
    moved = [("amended", new) for old, new in kept if any(old[k] != new[k] for k in watched)]
    fresh = [("raised", row) for name, row in after.items() if name not in before]
    for action, row in [*lost, *moved, *fresh]:
        evidence = sorted(row["evidence"])
        found = {"finding": row["finding"], "evidence": evidence}
        yield {"cause": cause, "action": action, **found}


def closed(vector: Json) -> list[Json]:
    """The clock of the vector as an event."""
    if not vector["as_of"]:
        return []
    fields = {"study_id": "VEC", "patient_id": vector["id"], "record_version": 1}
    fields |= {"status": "final", "record_id": "clock", "closed_on": vector["as_of"]}
    event = {"type": "org.ctdnamonitor.day.closed.v1", "source": "urn:ctdna-monitor:clock"}
    return [event | {"id": "clock", "time": vector["as_of"] + "T00:00:00Z", "data": fields}]


def tell(vector: Json) -> Told:
    """Run the events of one vector one by one."""
    telling, told = Telling(vector["rules"]), Told()
    before: dict[str, Json] = {}
    for event in [*vector["events"], *closed(vector)]:
        outcome, documents = telling.receive(event)
        told.outcomes.append(outcome)
        told.document = json.loads(json.dumps(documents["VEC", vector["id"]]))
        rows = told.document["standing_findings"]
        after = {row["finding_id"]: row for row in rows if not row["held"]}
        told.log += changes(before, after, event["id"])
        before = after
    return told


def same(name: str, wanted: Any, got: Any) -> bool:
    """Lengths as numbers, maps as parts, evidence as a set."""
    if name.endswith("_mm") and wanted is not None and got is not None:
        return Decimal(str(wanted)) == Decimal(str(got))
    if name == "evidence":
        return sorted(wanted) == sorted(got)
    if isinstance(wanted, dict):
        return isinstance(got, dict) and all(same(k, v, got.get(k)) for k, v in wanted.items())
    return bool(wanted == got)


def of_families(log: Sequence[Json], families: Sequence[str], *, amended: bool) -> list[Json]:
    def belongs(name: str) -> bool:
        return any(name.startswith(f) if f.endswith("_") else name == f for f in families)

    chosen = [one for one in log if belongs(one["finding"])]
    return [one for one in chosen if amended or one["action"] != "amended"]


def log_differences(wanted: Json, told: Told) -> Iterator[str]:
    amended = any(one["action"] == "amended" for one in wanted["log"])
    left = of_families(told.log, wanted["families"], amended=amended)
    for line in wanted["log"]:
        match = next((one for one in left if same("", line, one)), None)
        if match is None:
            yield f"no notice {line}"
        else:
            left.remove(match)
    yield from (f"notice too many {one}" for one in left)


def finding_differences(expect: Json, told: Told) -> Iterator[str]:
    rows = [row for row in told.document["standing_findings"] if not row["held"]]
    standing = expect.get("standing", {})
    for wanted in standing.get("must", []):
        if not any(same("", wanted, row) for row in rows):
            near = [row for row in rows if row["finding"] == wanted["finding"]]
            yield f"must stand: {wanted}, stands: {near}"
    names = {row["finding"] for row in rows}
    raised = {one["finding"] for one in told.log if one["action"] == "raised"}
    yield from (f"must not stand: {name}" for name in standing.get("must_not", []) if name in names)
    yield from (f"never raised: {n}" for n in expect.get("ever_raised", []) if n not in raised)
    yield from (f"was raised: {n}" for n in expect.get("never_raised", []) if n in raised)


def document_differences(expect: Json, document: Json) -> Iterator[str]:
    reads = {entry["record_id"]: entry for entry in document["imaging"]}
    for wanted in expect.get("imaging", []):
        got = reads.get(wanted["record_id"], {})
        yield from (
            f"{wanted['record_id']} {key}: expected {value}, got {got.get(key)}"
            for key, value in wanted.items()
            if not same(key, value, got.get(key))
        )
    if "pd_on" in expect and document["progression"]["pd_on"] != expect["pd_on"]:
        yield f"pd_on: expected {expect['pd_on']}, got {document['progression']}"
    for key in ("best_overall_response", "endpoints"):
        if key in expect and not same(key, expect[key], document[key]):
            yield f"{key}: expected {expect[key]}, got {document[key]}"
    criteria = {row["id"]: row["result"] for row in document["eligibility"]["criteria"]}
    got = {"overall": document["eligibility"]["overall"], "criteria": criteria}
    if not same("", expect.get("eligibility", {}), got):
        yield f"eligibility: expected {expect['eligibility']}, got {got}"


def differences(vector: Json) -> list[str]:
    """Everything in which the auditor and the vector's answer differ."""
    told, expect = tell(vector), vector["expect"]
    found = [f"event refused: {vector['id']}"] if "rejected" in told.outcomes else []
    found += finding_differences(expect, told)
    found += document_differences(expect, told.document)
    if "notices" in expect:
        found += log_differences(expect["notices"], told)
    return found


def test_there_are_vectors_of_every_kind() -> None:
    kinds = {"recist", "best_response", "ctdna", "event", "endpoint", "eligibility"}
    assert {vector["kind"] for vector in vectors()} == kinds


def test_a_finding_has_the_id_of_the_contract() -> None:
    evidence = [("https://lab.example/lims", name) for name in ("s2", "s1")]
    found = Found("MOLECULAR_RELAPSE_CONFIRMED", date(2025, 3, 1), evidence)
    assert finding_id("NCT06778382", "P-007", found) == "1d9d8e22-d4d8-5a0e-8fe0-578b227c1f56"


@pytest.mark.parametrize("vector", [pytest.param(v, id=v["id"]) for v in vectors()])
def test_the_auditor_gives_the_answer_of_the_vector(vector: Json) -> None:
    assert not differences(vector)
