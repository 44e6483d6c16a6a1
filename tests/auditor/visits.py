"""What the imaging half of the auditor gives: visits, episodes, progressions."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tests.auditor.values import Found, Record

PLAIN: Final = (
    *("source", "record_id", "record_version", "reader", "role", "is_baseline", "episode"),
    *("target", "non_target", "new_lesion", "overall", "flags"),
)


@dataclass
class Episode:
    """One round of local therapy and what follows; 0 is the time before the first one (1.12)."""

    number: int
    starts_on: date | None
    ends_before: date | None  # first day of the next episode
    therapies: list[Record] = field(default_factory=list)

    @property
    def open_therapy(self) -> bool:
        """A therapy of the round has no `ended_on`: the episode has no last day."""
        return any(therapy.get("ended_on") is None for therapy in self.therapies)

    @property
    def last_therapy_day(self) -> date | None:
        """Last day of the round's local therapies; null without any and while one is open."""
        if not self.therapies or self.open_therapy:
            return None
        return max(therapy.last_day for therapy in self.therapies)


@dataclass
class Visit:
    """One read as the timeline shows it (contract 4.1), and what it was made of."""

    record: Record
    episode: int
    evaluated: bool
    is_baseline: bool = False
    sum_mm: Decimal | None = None
    sum_complete: bool = False
    baseline_sum_mm: Decimal | None = None
    nadir_mm: Decimal | None = None
    target: str | None = None
    non_target: str | None = None
    new_lesion: str = "none"
    overall: str | None = None
    pd_on: date | None = None
    flags: list[str] = field(default_factory=list)
    identifying: list[tuple[str, str]] = field(default_factory=list)
    # lesion ids of new lesions as they count in this read, in the read's order
    equivocal: list[str] = field(default_factory=list)
    unequivocal: list[str] = field(default_factory=list)
    # sites that count as recurred by what this read says of them; the biopsy that decided, if any
    recurred: dict[str, Record | None] = field(default_factory=dict)
    doubtful_sites: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return self.record.source

    @property
    def record_id(self) -> str:
        return self.record.record_id

    @property
    def record_version(self) -> int:
        return self.record.version

    @property
    def reader(self) -> str:
        return str(self.record.data["reader"]["id"])

    @property
    def role(self) -> str:
        return str(self.record.data["reader"]["role"])

    @property
    def first_image_on(self) -> date:
        return self.record.image_days[0]

    @property
    def last_image_on(self) -> date:
        return self.record.image_days[-1]

    @property
    def evaluable(self) -> bool:
        """4.2: overall neither NE nor null, baselines count; episode 0 is description only."""
        if not self.evaluated or self.episode == 0:
            return False
        return self.is_baseline or self.overall not in {None, "NE"}

    @property
    def clear(self) -> bool:
        """4.3: an evaluable overall other than PD; the baseline read is clear."""
        return self.evaluable and self.overall != "PD"

    def row(self) -> dict[str, Any]:
        """The timeline's entry, days and millimetres as text."""
        texts = {
            name: None if value is None else str(value)
            for name, value in (
                ("first_image_on", self.first_image_on),
                ("last_image_on", self.last_image_on),
                ("sum_mm", self.sum_mm),
                ("baseline_sum_mm", self.baseline_sum_mm),
                ("nadir_mm", self.nadir_mm),
                ("pd_on", self.pd_on),
            )
        }
        # "Dates or values without data are null": without a sum it is neither complete nor not.
        complete = None if self.sum_mm is None else self.sum_complete
        return {name: getattr(self, name) for name in PLAIN} | texts | {"sum_complete": complete}


@dataclass
class Pd:
    """A RADIOGRAPHIC_PD: the first progression of an episode, and its class (4.3).

    `klass` is OLIGO, POLY, OLIGO_NOT_TREATABLE (T2) or WAITS (T8); `record` is the read, or the
    biopsy where no read called the site anything before it.
    """

    record: Record
    pd_on: date
    identifying: list[tuple[str, str]]
    episode: int
    klass: str = "WAITS"
    lung: int | None = None
    elsewhere: int | None = None
    treatability: str = "unknown"


@dataclass
class LaterPoly:
    """POLYPROGRESSION first seen at a later read of the episode (4.3): that read and its day."""

    record: Record
    on: date
    episode: int
    lung: int
    elsewhere: int

    @property
    def identifying(self) -> list[tuple[str, str]]:
        return [self.record.key]


@dataclass
class Imaging:
    """All of a patient's imaging by definition."""

    visits: list[Visit]
    study: list[Visit]
    episodes: list[Episode]
    findings: list[Found]
    pds: list[Pd]
    later_poly: list[LaterPoly]
    baselines: dict[int, Visit]  # surveillance baseline of the study's series, by episode
    study_reads: list[Record]  # the study's series whatever the status

    @property
    def first_pd(self) -> Pd | None:
        """The first progression over all episodes, in order."""
        return min(self.pds, key=lambda pd: pd.episode, default=None)

    @property
    def earliest(self) -> dict[str, Any]:
        """The timeline's `progression`: the first one, its read and its pattern."""
        pd = self.first_pd
        if pd is None:
            return {"pd_on": None, "record_id": None, "pattern": None}
        pattern = pd.klass if pd.klass in {"OLIGO", "POLY"} else None
        return {"pd_on": str(pd.pd_on), "record_id": pd.record.record_id, "pattern": pattern}
