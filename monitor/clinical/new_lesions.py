"""What a read's new lesions count as, and the read that saw each of them first.

Clinical rules 1.6: equivocal lesions and their back-dating, benign ones, PET-only lesions and
small nodes. Everything is looked for within one episode of one series.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from monitor.clinical.episodes import HeldRead
from monitor.clinical.imaging_read import ImagingRead, NewLesionSeen
from monitor.clinical.terms import NewLesion

NODE_SMALL_FROM_MM = Decimal(10)
NODE_MEASURABLE_MM = Decimal(15)
CROSS_SECTIONAL = frozenset({"CT", "MRI"})


class Mention(Struct, frozen=True):
    """A new lesion in a read: what it counts as, and where it was first named and how."""

    lesion: NewLesionSeen
    certainty: str
    first_read: HeldRead
    first_method: str


class NewLesions:
    """The new lesions of one episode; reads must be judged in order."""

    def __init__(self, reads: Sequence[HeldRead], baseline: HeldRead | None) -> None:
        """Look ahead for lesions that later reads call benign."""
        self._benign = _dropped(reads)
        self._pet_at_baseline = baseline is not None and any(
            image.modality == "PET_CT" for image in baseline.fact.images
        )
        self._first: dict[str, tuple[HeldRead, str]] = {}
        self._sectioned: set[str] = set()

    def judge(self, held: HeldRead, *, other_evidence: bool) -> list[Mention]:
        """What the new lesions of a read count as; `other_evidence`: it is PD without them."""
        lesions = held.fact.new_lesions
        if not lesions:
            return []
        fresh = {lesion.lesion_id for lesion in lesions if lesion.lesion_id not in self._first}
        for lesion in lesions:
            self._first.setdefault(lesion.lesion_id, (held, lesion.method))
            if lesion.method in CROSS_SECTIONAL:
                self._sectioned.add(lesion.lesion_id)
        found = [
            Mention(lesion, self._certainty(lesion), *self._first[lesion.lesion_id])
            for lesion in lesions
        ]
        small = {
            mention.lesion.lesion_id
            for mention in found
            if mention.certainty == "unequivocal"
            and mention.lesion.lesion_id in fresh
            and _small_node(mention.lesion)
        }
        unequivocal = {m.lesion.lesion_id for m in found if m.certainty == "unequivocal"}
        if other_evidence or unequivocal - small:
            return found
        return [_demoted(mention) if mention.lesion.lesion_id in small else mention
                for mention in found]  # fmt: skip

    def _certainty(self, lesion: NewLesionSeen) -> str:
        if lesion.lesion_id in self._benign:
            return "benign"
        pet_only = lesion.method == "PET_CT" and lesion.lesion_id not in self._sectioned
        if lesion.certainty == "unequivocal" and pet_only and not self._pet_at_baseline:
            return "equivocal"
        return lesion.certainty


def _dropped(reads: Sequence[HeldRead]) -> set[str]:
    """Lesions that some read calls benign and no later read unequivocal."""
    benign: set[str] = set()
    for held in reads:
        for lesion in held.fact.new_lesions or ():
            if lesion.certainty == "benign":
                benign.add(lesion.lesion_id)
            elif lesion.certainty == "unequivocal":
                benign.discard(lesion.lesion_id)
    return benign


def _small_node(lesion: NewLesionSeen) -> bool:
    size = lesion.size_mm
    return lesion.nodal and size is not None and NODE_SMALL_FROM_MM <= size < NODE_MEASURABLE_MM


def _demoted(mention: Mention) -> Mention:
    return Mention(mention.lesion, "equivocal", mention.first_read, mention.first_method)


def new_lesion_value(mentions: Sequence[Mention], read: ImagingRead) -> NewLesion:
    """`none`, `equivocal`, `unequivocal`, or `incomplete` when nothing was seen in part."""
    if not mentions:
        return "incomplete" if read.survey == "incomplete" else "none"
    certainties = {mention.certainty for mention in mentions}
    if "unequivocal" in certainties:
        return "unequivocal"
    if "equivocal" in certainties:
        return "equivocal"
    return "incomplete" if read.survey == "incomplete" else "none"
