"""A closed day is kept as an event that is read back as the same fact."""

import datetime

import pytest

from monitor.wire.closed_day import closed_day
from monitor.wire.codec import decode_line


@pytest.mark.parametrize("patient_id", ["P-1", "p.2_x"])
def test_the_bytes_of_a_closed_day_are_the_event(patient_id: str) -> None:
    delivery, event = closed_day("NCT06778382", patient_id, datetime.date(2025, 7, 1))
    assert delivery.value is not None
    assert b"\n" not in delivery.value
    assert decode_line(delivery.value) == event
