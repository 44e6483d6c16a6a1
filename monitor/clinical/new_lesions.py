"""What a read's new lesions count as, and the read that saw each of them first.

Clinical rules 1.6: equivocal lesions and their back-dating, benign ones, PET-only lesions and
small nodes, biopsies. A lesion is first named within its episode; benign it is in all reads.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from monitor.clinical.episodes import HeldRead
from monitor.clinical.imaging_read import ImagingRead, NewLesionSeen
from monitor.clinical.sites import HeldBiopsy
from monitor.clinical.terms import NewLesion

NODE_SMALL_FROM_MM = Decimal(10)
NODE_MEASURABLE_MM = Decimal(15)
CROSS_SECTIONAL = frozenset({"CT", "MRI"})


class Mention(Struct, frozen=True):
    """A new lesion in a read: what it counts as, and the read and methods that date it.

    The first read that named it dates it (1.6, 1.10); `confirmed` says that it did not count as
    unequivocal there, so that it takes both reads to show it. `biopsy` is the one without which
    it would not count as unequivocal; `leaning` on other evidence counts a small node (1.6).
    """

    lesion: NewLesionSeen
    certainty: str
    dating_read: HeldRead
    dating_methods: frozenset[str]
    confirmed: bool = False
    leaning: bool = False
    biopsy: HeldBiopsy | None = None


class NewLesions:
    """The new lesions of one episode; reads must be judged in order."""

    def __init__(
        self,
        baseline: HeldRead | None,
        benign: set[str],
        proven: Mapping[str, HeldBiopsy],
    ) -> None:
        """Take the lesions that are benign, and those that a malignant biopsy has proven."""
        self._benign = benign
        self._proven = proven
        self._pet_at_baseline = baseline is not None and any(
            image.modality == "PET_CT" for image in baseline.fact.images
        )
        self._first: dict[str, tuple[HeldRead, frozenset[str]]] = {}
        self._told: set[str] = set()
        self._sectioned: set[str] = set()

    def judge(
        self, held: HeldRead, lesions: Sequence[NewLesionSeen], *, other_evidence: bool
    ) -> list[Mention]:
        """What the new lesions of a read count as; `other_evidence`: it is PD without them."""
        fresh = {lesion.lesion_id for lesion in lesions if lesion.lesion_id not in self._first}
        methods = _methods(lesions)
        for lesion_id in fresh:
            self._first[lesion_id] = (held, methods[lesion_id])
        self._sectioned |= {name for name, seen in methods.items() if seen & CROSS_SECTIONAL}
        found = [
            Mention(
                lesion,
                self._certainty(lesion),
                *self._first[lesion.lesion_id],
                confirmed=lesion.lesion_id not in fresh and lesion.lesion_id not in self._told,
                leaning=lesion.lesion_id in fresh and _small_node(lesion),
            )
            for lesion in lesions
        ]
        found = self._counted(found, fresh, other_evidence=other_evidence)
        self._told |= fresh & _unequivocal(found)
        return found

    def _certainty(self, lesion: NewLesionSeen) -> str:
        if lesion.lesion_id in self._benign:
            return "benign"
        if lesion.certainty == "unequivocal" and self._pet_only(lesion):
            return "equivocal"
        return lesion.certainty

    def _pet_only(self, lesion: NewLesionSeen) -> bool:
        seen_in_sections = lesion.lesion_id in self._sectioned
        return lesion.method == "PET_CT" and not (seen_in_sections or self._pet_at_baseline)

    def _counted(
        self, found: list[Mention], fresh: set[str], *, other_evidence: bool
    ) -> list[Mention]:
        """Hold back small nodes that are the only evidence, unless a biopsy has proven one."""
        alone = _without_small_nodes(found, fresh, other_evidence=other_evidence)
        proven = {
            mention.lesion.lesion_id: self._proven[mention.lesion.lesion_id]
            for mention in found
            if mention.lesion.nodal
            and mention.lesion.lesion_id in self._proven
            and not self._pet_only(mention.lesion)
        }
        if not proven:
            return alone
        counted = [
            replace(mention, certainty="unequivocal")
            if mention.lesion.lesion_id in proven
            else mention
            for mention in found
        ]
        counted = _without_small_nodes(
            counted, fresh - proven.keys(), other_evidence=other_evidence
        )
        any_proven = next(iter(proven.values()))
        return [
            now
            if now.certainty != "unequivocal" or before.certainty == "unequivocal"
            else replace(now, biopsy=proven.get(now.lesion.lesion_id, any_proven))
            for before, now in zip(alone, counted, strict=True)
        ]


def benign_lesions(reads: Sequence[HeldRead]) -> set[str]:
    """Lesions that some read calls benign and no later read unequivocal."""
    benign: set[str] = set()
    for held in reads:
        for lesion in held.fact.new_lesions or ():
            if lesion.certainty == "benign":
                benign.add(lesion.lesion_id)
            elif lesion.certainty == "unequivocal":
                benign.discard(lesion.lesion_id)
    return benign


def _methods(lesions: Sequence[NewLesionSeen]) -> dict[str, frozenset[str]]:
    """The methods that a read saw each lesion by: it may name a lesion more than once."""
    found: dict[str, frozenset[str]] = {}
    for lesion in lesions:
        found[lesion.lesion_id] = found.get(lesion.lesion_id, frozenset()) | {lesion.method}
    return found


def _unequivocal(mentions: Sequence[Mention]) -> set[str]:
    return {m.lesion.lesion_id for m in mentions if m.certainty == "unequivocal"}


def _without_small_nodes(
    found: list[Mention], fresh: set[str], *, other_evidence: bool
) -> list[Mention]:
    """Small nodes named for the first time count as equivocal when nothing else is PD (1.6)."""
    small = {
        mention.lesion.lesion_id
        for mention in found
        if mention.certainty == "unequivocal"
        and mention.lesion.lesion_id in fresh
        and _small_node(mention.lesion)
    }
    if other_evidence or _unequivocal(found) - small:
        return found
    return [
        replace(mention, certainty="equivocal") if mention.lesion.lesion_id in small else mention
        for mention in found
    ]


def _small_node(lesion: NewLesionSeen) -> bool:
    size = lesion.size_mm
    return lesion.nodal and size is not None and NODE_SMALL_FROM_MM <= size < NODE_MEASURABLE_MM


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
