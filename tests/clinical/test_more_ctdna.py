"""More rows of runs and clearance (clinical rules 4.5): which sample a clearance is of."""

import pytest

from tests.clinical.facts import enrolled, sample
from tests.clinical.patient import Patient
from tests.clinical.table import assert_told


def supporting(patient: Patient, finding: str) -> list[str]:
    """The records beside the identifying ones of the latest notice."""
    return [item.record_id for item in patient.last(finding).said.evidence
            if item.role == "supporting"]  # fmt: skip


@pytest.mark.parametrize("ends", ["", "150 | surgery t2 round=2 |"])
def test_the_last_positive_of_the_run_is_the_one_that_is_cleared(ends: str) -> None:
    patient = assert_told(f"""
          0 | enrolled             |
          1 | surgery t1           |
        100 | ctdna p1 detected    |
        120 | ctdna p2 detected    |
        140 | ctdna p3 detected    |
        {ends}
        200 | ctdna n1 not_detected | clearance_provisional
    """)
    assert supporting(patient, "CTDNA_CLEARANCE_PROVISIONAL") == ["p3"]


def test_a_later_therapy_does_not_make_a_relapse_persistence() -> None:
    patient = assert_told("""
          0 | enrolled              |
          1 | surgery t1            |
         60 | ctdna n1 not_detected |
        100 | ctdna p1 detected     | suspected
        150 | surgery t2 round=2    |
    """)
    assert patient.last("MOLECULAR_RELAPSE_SUSPECTED").said.details["pattern"] == "RELAPSE"


def test_one_positive_never_confirms_itself_where_two_are_asked_for() -> None:
    rules = {"ctdna.confirm.min_gap": 0}
    assert_told("100 | ctdna p1 detected | suspected", rules)
    assert_told("""
        100 | ctdna p1 detected | suspected
        100 | ctdna p2 detected | confirmed
    """, rules)  # fmt: skip


@pytest.mark.parametrize("variants", [None, []])
def test_a_panel_that_names_no_gene_may_confirm(variants: list[object] | None) -> None:
    panel = {"design": "tumor_naive_panel", "chip_filtered": "no"}
    positives = [
        sample(day, "detected", f"s{day}", assay=panel, variants=variants) for day in (100, 120)
    ]
    patient = Patient().tell_all([enrolled(), *positives])
    assert [row["course"] for row in patient.timeline()["ctdna"]] == ["suspected", "confirmed"]
