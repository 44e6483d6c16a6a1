"""Each planted incompatibility of our schemas is named, and no harmless change is."""

import copy
from collections.abc import Callable

import pytest

from monitor.wire.schemas.containment import conflicts
from monitor.wire.schemas.generated import Schema, schemas

PRODUCERS, CONSUMERS = schemas("producer"), schemas("consumer")
Change = Callable[[Schema], object]
Pair = tuple[Schema, Schema]


def part(schema: Schema, *path: str) -> Schema:
    for step in path:
        schema = schema["$defs"][step] if step[0].isupper() else schema["properties"][step]
    return schema


PLANTED: list[tuple[str, str, Change, str]] = [
    (
        "producer",
        "imaging.read.v1",
        lambda s: part(s, "Target", "organ")["enum"].append("spleen"),
        "field targets[].organ: producer may send 'spleen', consumer refuses",
    ),
    (
        "producer",
        "ctdna.result.v1",
        lambda s: part(s, "CtdnaResult")["required"].remove("assay"),
        "field assay: producer may leave it out, consumer requires it",
    ),
    (
        "consumer",
        "ctdna.result.v1",
        lambda s: part(s, "CtdnaResult")["required"].append("reported_at"),
        "field reported_at: producer may leave it out, consumer requires it",
    ),
    (
        "consumer",
        "contact.recorded.v1",
        lambda s: (
            part(s, "ContactRecorded").update(additionalProperties=False),
            part(s, "ContactRecorded")["properties"].pop("contacted_on"),
        ),
        "field contacted_on: producer may send it, consumer refuses",
    ),
    (
        "consumer",
        "patient.enrolled.v1",
        lambda s: part(s, "PatientEnrolled", "record_id").update(maxLength=64),
        "field record_id: producer may send longer texts than 64, consumer refuses",
    ),
    (
        "consumer",
        "imaging.read.v1",
        lambda s: part(s, "ImagingRead", "images").update(maxItems=10),
        "field images: producer may send more entries than 10, consumer refuses",
    ),
    (
        "producer",
        "imaging.read.v1",
        lambda s: part(s, "ImagingRead", "images").pop("minItems"),
        "field images: producer may send fewer entries than 1, consumer refuses",
    ),
    (
        "consumer",
        "death.recorded.v1",
        lambda s: part(s, "DeathRecorded").update(
            properties={**part(s, "DeathRecorded")["properties"], "cause": {"type": "string"}}
        ),
        "field cause: producer may send null, consumer refuses",
    ),
    (
        "consumer",
        "biopsy.result.v1",
        lambda s: part(s, "BiopsyResult", "malignant").update(type="string"),
        "field malignant: producer may send boolean, consumer refuses",
    ),
    (
        "consumer",
        "marker.result.v1",
        lambda s: part(s, "MarkerResult", "value")["anyOf"][0].update(minimum=1),
        "field value: producer may send less than 1, consumer refuses",
    ),
    (
        "consumer",
        "review.held.v1",
        lambda s: part(s, "ReviewHeld", "held_on").update(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
        "field held_on: producer may send texts of another pattern, consumer refuses",
    ),
    (
        "producer",
        "biopsy.result.v1",
        lambda s: part(s, "BiopsyResult").pop("allOf"),
        "field lesion_id: producer may leave it out, consumer requires it in some cases",
    ),
    (
        "producer",
        "ctdna.result.v1",
        lambda s: s["if"]["properties"]["status"]["enum"].append("final"),
        "field (the whole record): the condition that decides what is required is another",
    ),
    (
        "producer",
        "therapy.systemic.v1",
        lambda s: part(s, "SystemicTherapy").update(additionalProperties=True),
        "field (the whole record): producer may send any other field, consumer refuses",
    ),
    (
        "consumer",
        "notice.v1",
        lambda s: part(s, "severity")["enum"].remove("critical"),
        "field severity: producer may send 'critical', consumer refuses",
    ),
    (
        "consumer",
        "notice.v1",
        lambda s: part(s, "finding").update(enum=["DEATH"]),
        "field finding: producer may send 'RADIOGRAPHIC_PD', consumer refuses",
    ),
    (
        "consumer",
        "day.closed.v1",
        lambda s: part(s, "DayClosed").update(dependentRequired={}),
        "field (the whole record): dependentRequired cannot be compared",
    ),
]


@pytest.mark.parametrize(("side", "name", "change", "told"), PLANTED, ids=[p[3] for p in PLANTED])
def test_a_planted_incompatibility_is_named(
    side: str, name: str, change: Change, told: str
) -> None:
    sent, taken = copy.deepcopy(PRODUCERS[name]), copy.deepcopy(CONSUMERS[name])
    if "any other field" in told:
        taken = copy.deepcopy(PRODUCERS[name])
    assert conflicts(sent, taken) == []
    change(sent if side == "producer" else taken)
    assert told in conflicts(sent, taken)


HARMLESS: list[tuple[str, str, Callable[[Pair], object]]] = [
    (
        "an optional field more is sent",
        "death.recorded.v1",
        lambda s: part(s[0], "DeathRecorded")["properties"].update(place={"type": "string"}),
    ),
    (
        "a field less is sent",
        "death.recorded.v1",
        lambda s: part(s[0], "DeathRecorded")["properties"].pop("cause"),
    ),
    (
        "a word more is read",
        "biopsy.result.v1",
        lambda s: part(s[1], "BiopsyResult", "status")["enum"].append("revised"),
    ),
    (
        "longer texts are read",
        "patient.enrolled.v1",
        lambda s: part(s[1], "PatientEnrolled", "record_id").update(maxLength=1000),
    ),
    (
        "what was required is optional to read",
        "biopsy.result.v1",
        lambda s: part(s[1], "BiopsyResult")["required"].remove("malignant"),
    ),
    (
        "a word more is sent where readers take any text",
        "notice.v1",
        lambda s: part(s[0], "finding")["enum"].append("OF_A_LATER_VERSION"),
    ),
    (
        "words of a list are read as any text",
        "biopsy.result.v1",
        lambda s: (
            part(s[1], "BiopsyResult", "status").pop("enum"),
            part(s[0], "BiopsyResult", "status")["enum"].append("revised"),
        ),
    ),
    (
        "another wording",
        "biopsy.result.v1",
        lambda s: part(s[1], "BiopsyResult", "taken_on").update(description="other words"),
    ),
]


@pytest.mark.parametrize(("what", "name", "change"), HARMLESS, ids=[h[0] for h in HARMLESS])
def test_a_harmless_change_is_none(what: str, name: str, change: Callable[[Pair], object]) -> None:
    pair = (copy.deepcopy(PRODUCERS[name]), copy.deepcopy(CONSUMERS[name]))
    change(pair)
    assert pair != (PRODUCERS[name], CONSUMERS[name])
    assert conflicts(*pair) == [], what
