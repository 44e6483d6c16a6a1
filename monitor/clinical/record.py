"""What every fact has, and what its nested objects are made of (contract 2).

Facts are what a patient's state keeps: validated once where they come in, then read and written
many times. Moments are texts in one spelling (`day_of` gives their day), lengths exact decimals.
"""

import datetime
from typing import ClassVar

from msgspec import Struct

from monitor.clinical.terms import Status


class Part(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A nested object of a fact; a field without a value is None, and is not written."""


class Record(Part, frozen=True, kw_only=True):
    """The fields that every fact has."""

    KIND: ClassVar[str]

    study_id: str
    patient_id: str
    record_id: str
    record_version: int
    status: Status

    @property
    def clinical_day(self) -> datetime.date:
        """The fact's clinical day (contract 1, table of types)."""
        raise NotImplementedError

    @property
    def last_day(self) -> datetime.date:
        """The fact's latest day: orders reads of one clinical day, dates contacts."""
        return self.clinical_day
