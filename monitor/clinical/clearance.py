"""Clearance: counted negatives after a positive that can be cleared, and what takes it back.

Clinical rules 2.5 and 4.5. Tracking is armed by a baseline positive, by a confirmed run that ends
and by a local therapy that ends a run.
"""

from msgspec import Struct, field

from monitor.clinical.parameters import Clearance as ClearanceRules
from monitor.clinical.sample import Sample


class Clearance(Struct):
    """A clearance: provisional by its first negative, sustained by a later one, lost by a positive.

    `positive` is the sample that was cleared: the baseline one, or the last of the run.
    `negatives` are the counted ones up to the one that made it sustained, that one included.
    """

    positive: Sample
    provisional: Sample
    negatives: int = 1
    sustained: Sample | None = None
    lost: Sample | None = None


class Tracking(Struct):
    """What one stream of samples has cleared so far; armed while `positive` is there."""

    clearances: list[Clearance] = field(default_factory=list)
    positive: Sample | None = None
    current: Clearance | None = None

    def arm(self, positive: Sample) -> None:
        """From here on a counted negative clears this positive."""
        self.positive, self.current = positive, None

    def take_negative(self, sample: Sample, rules: ClearanceRules) -> None:
        """A counted negative; sets its `course` when it makes a clearance."""
        if self.positive is None:
            return
        found = self.current
        if found is None:
            self.current = Clearance(self.positive, sample)
            self.clearances.append(self.current)
            sample.course = "clearance_provisional"
            return
        if found.sustained:
            return
        found.negatives += 1
        long_enough = (sample.day - found.provisional.day).days >= rules.min_span
        if found.negatives >= rules.n and long_enough:
            found.sustained = sample
            sample.course = "clearance_sustained"

    def take_first_positive(self, sample: Sample) -> None:
        """A run begins: a clearance is lost, and tracking rests until it is armed again."""
        if self.current:
            self.current.lost = sample
            self.positive = self.current = None
