"""What every notice says of itself (contract 3)."""

from tests.clinical.facts import died, enrolled
from tests.clinical.patient import Patient


def test_a_notice_orders_nothing() -> None:
    patient = Patient().tell_all([enrolled(), died(10)])
    assert patient.last("DEATH").document()["advisory"] == (
        "Decision support for trial staff: this notice orders nothing, "
        "a clinician reviews the sources and decides."
    )
