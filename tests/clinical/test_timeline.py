"""The timeline document has every key of the contract, whatever is known of the patient."""

import pytest

from tests.clinical.facts import Given, contact, enrolled, read, sample, therapy
from tests.clinical.patient import Patient

KEYS = [
    *("study_id", "patient_id", "enrolled", "incomplete", "imaging", "ctdna", "progression"),
    *("response", "clinical_benefit", "best_overall_response", "endpoints", "eligibility"),
    *("schedule", "standing_findings"),
]
PROFILES = ["FDA_A", "ITT_LIKE"]


@pytest.mark.parametrize(
    "givens",
    [
        [],
        [enrolled()],
        [sample(3, "detected", "s1")],
        [contact(3)],
        [read(3, "b", baseline=True, targets=[]), therapy(1, "surgery", "t", ended=1)],
    ],
)
def test_no_key_is_ever_left_out(givens: list[Given]) -> None:
    document = Patient().tell_all(givens).timeline()
    assert list(document) == KEYS
    assert list(document["progression"]) == ["pd_on", "record_id", "pattern"]
    for name in ("response", "clinical_benefit"):
        assert document[name] == {"value": False, "on": None}
    assert document["best_overall_response"] == {"value": None, "on": None, "confirmed": False}
    assert {name: list(one) for name, one in document["endpoints"].items()} == dict.fromkeys(
        ("PFS", "TTP", "OS", "TTNST", "DOR"), PROFILES
    )
    assert document["eligibility"] == {"overall": None, "criteria": []}
