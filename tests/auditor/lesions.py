"""New lesions by definition: what each counts as, and when it was first seen (1.6, 1.10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.auditor.values import Record, day, num

TOMOGRAPHY = {"CT", "MRI"}


def new_lesions(read: Record) -> list[dict[str, Any]]:
    return list(read.get("new_lesions") or [])


def entry_of(read: Record, lesion_id: str) -> dict[str, Any] | None:
    return next((n for n in new_lesions(read) if n["lesion_id"] == lesion_id), None)


@dataclass
class Lesions:
    """The new lesions of one episode of one series; reads are evaluated ones, in order."""

    series: Sequence[Record]
    episode: Sequence[Record]
    baseline: Record | None
    biopsies: Sequence[Record]

    def counts_as(self, read: Record, lesion: dict[str, Any]) -> str:
        """`none`, `equivocal`, `unequivocal`, or `node`: unequivocal beside other evidence only."""
        lesion_id = str(lesion["lesion_id"])
        pet_only = self._pet_only(read, lesion)
        if self.proof(lesion) is not None and not pet_only:
            return "unequivocal"
        if lesion["certainty"] == "benign" or self.dropped(lesion_id):
            return "none"
        if pet_only or lesion["certainty"] == "equivocal":
            return "equivocal"
        size = num(lesion.get("size_mm"))
        small_node = lesion["nodal"] and size is not None and Decimal(10) <= size < Decimal(15)
        if small_node and not self.named_before(read, lesion_id):
            return "node"
        return "unequivocal"

    def proof(self, lesion: dict[str, Any]) -> Record | None:
        """The malignant biopsy that makes this new lymph node count in every read."""
        if not lesion["nodal"]:
            return None
        return next(
            (
                biopsy
                for biopsy in self.biopsies
                if biopsy.get("lesion_id") == lesion["lesion_id"] and biopsy.data["malignant"]
            ),
            None,
        )

    def deciding(self, read: Record, lesion: dict[str, Any]) -> Record | None:
        """The biopsy that makes a lesion count: its own, or of one that it then stands beside."""
        proven = [
            proof
            for one in (lesion, *new_lesions(read))
            if (proof := self.proof(one)) is not None and not self._pet_only(read, one)
        ]
        return proven[0] if proven else None

    def dropped(self, lesion_id: str) -> bool:
        """Called benign in a read and unequivocal in none after it: dropped in all reads."""
        words = [
            str(entry["certainty"])
            for entry in (entry_of(read, lesion_id) for read in self.series)
            if entry is not None
        ]
        if "benign" not in words:
            return False
        last_benign = len(words) - 1 - words[::-1].index("benign")
        return "unequivocal" not in words[last_benign:]

    def named_before(self, read: Record, lesion_id: str) -> bool:
        """An earlier read of the episode named the lesion: this one is the later look."""
        return self.first_named(lesion_id) is not read

    def first_named(self, lesion_id: str) -> Record:
        """The first read of the episode that named the lesion, whatever it called it."""
        return next(read for read in self.episode if entry_of(read, lesion_id) is not None)

    def _pet_only(self, read: Record, lesion: dict[str, Any]) -> bool:
        """PET shows it, no PET at baseline, and neither CT nor MRI has shown it so far."""
        if lesion["method"] != "PET_CT":
            return False
        if self.baseline is not None and "PET_CT" in modalities(self.baseline):
            return False
        until_now = [r for r in self.episode if r.order <= read.order]
        entries = [entry_of(r, str(lesion["lesion_id"])) for r in until_now]
        return not any(entry is not None and entry["method"] in TOMOGRAPHY for entry in entries)

    def contributing(self, lesion_id: str) -> list[date]:
        """1.10: image days, in the read that named it first, of the modality of its method."""
        first = self.first_named(lesion_id)
        entry = entry_of(first, lesion_id)
        assert entry is not None
        return image_days(first, {str(entry["method"])})


def modalities(read: Record) -> set[str]:
    return {str(image["modality"]) for image in read.data["images"]}


def responses_only(read: Record) -> bool:
    """Contract 2.2: neither lesions nor a sum."""
    return read.get("targets") is None and read.get("sum_of_diameters_mm") is None


def image_days(read: Record, wanted: set[str]) -> list[date]:
    """Days of the images of these modalities; of all when there is none, or only responses."""
    chosen = sorted(
        day(image["acquired_on"])
        for image in read.data["images"]
        if image["modality"] in wanted and not responses_only(read)
    )
    return chosen or read.image_days
