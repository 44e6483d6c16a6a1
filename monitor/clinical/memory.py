"""What an episode remembers from read to read: baseline, nadir, CR, a confirmed PR.

Clinical rules 1.4, 1.7 and 1.8.
"""

import datetime
from collections.abc import Sequence
from decimal import Decimal

from monitor.clinical import recist
from monitor.clinical.imaging_read import ImagingRead
from monitor.clinical.parameters import Recist
from monitor.clinical.visit import Visit

DISEASE_AFTER_CR = frozenset({"PR", "SD", "NON-CR/NON-PD"})
DISEASE_AGAIN = "disease after CR"
TARGET_WORDS = frozenset({"CR", "PR", "SD", "PD", "NE"})
NON_TARGET_WORDS = frozenset({"CR", "NON-CR/NON-PD", "PD", "NE"})


class EpisodeMemory:
    """What an episode remembers from read to read.

    `targets` and `non_targets` are the lesions of its baseline; no targets are another thing than
    None, which leaves open whether there are any.
    """

    def __init__(self, rules: Recist) -> None:
        self.rules = rules
        self.has_baseline = False
        self.targets: Sequence[str] | None = None
        self.non_targets: Sequence[str] = ()
        self.baseline_mm: Decimal | None = None
        self.had_non_targets = False
        self.nadir_mm: Decimal | None = None
        self.had_cr = False
        self.had_pd = False
        self.first_response_on: datetime.date | None = None
        self.response_confirmed = False

    def begin(self, visit: Visit) -> None:
        """Take the surveillance baseline: its sum counts when every target is evaluable."""
        read = visit.read
        self.has_baseline = True
        self.targets = None if read.targets is None else [one.lesion_id for one in read.targets]
        if read.non_targets:
            self.non_targets = [lesion.lesion_id for lesion in read.non_targets.lesions]
        visit.found = _own_sum(read)
        if visit.found and visit.found.complete:
            self.baseline_mm = self.nadir_mm = visit.found.sum_mm
        visit.baseline_mm = self.baseline_mm
        visit.non_target = self._non_target(read)
        self.had_non_targets = visit.non_target is not None
        if visit.non_target is None and recist.depth(read) != "responses":
            visit.non_target = "NONE"

    def follow_up(self, visit: Visit) -> None:
        """Sum, target and non-target response of a read, and whether disease came back."""
        self._assess(visit)
        if self._disease_after_cr(visit):
            visit.pd_reasons = (DISEASE_AGAIN,)

    def _assess(self, visit: Visit) -> None:
        read = visit.read
        visit.baseline_mm, visit.nadir_mm = self.baseline_mm, self.nadir_mm
        if read.timepoint.is_baseline and self.has_baseline:
            visit.baseline_problem = "second_baseline"
        visit.non_target = self._non_target(read)
        if recist.depth(read) == "responses":
            reported = read.reported.target if read.reported else None
            visit.target = reported if reported in TARGET_WORDS else None
            return
        if visit.non_target is None:
            visit.non_target = "NE" if self.had_non_targets else "NONE"
        visit.target = self._target(visit)
        found = visit.found
        if self.has_baseline and found and found.complete:
            lowest = self.nadir_mm
            self.nadir_mm = found.sum_mm if lowest is None else min(lowest, found.sum_mm)

    def _target(self, visit: Visit) -> str:
        read = visit.read
        if not self.has_baseline:
            visit.found = _own_sum(read)
            return "NE"
        if self.targets is not None:
            if not self.targets:
                return "NONE"
            if read.targets:
                visit.found = recist.sum_of_targets(read.targets, self.targets)
        if visit.found is None:
            visit.found = _own_sum(read)
        if visit.found is None:
            return "NE"
        return recist.target_response(visit.found, self.baseline_mm, self.nadir_mm, self.rules)

    def _non_target(self, read: ImagingRead) -> str | None:
        """From the lesions or the group's response, else as reported below the lesion depth."""
        value = recist.non_target_response(
            read.non_targets, self.non_targets, read.tumour_markers_normal
        )
        if value is None and recist.depth(read) != "lesions" and read.reported:
            value = read.reported.non_target
            if value in DISEASE_AFTER_CR:
                value = "NON-CR/NON-PD"
        return value if value in NON_TARGET_WORDS else None

    def _disease_after_cr(self, visit: Visit) -> bool:
        """Whether what is seen is PD because an overall CR came before it (1.8)."""
        if not self.had_cr or self.rules.disease_after_cr != "pd" or not _disease_seen(visit):
            return False
        return _by_tables(visit, "none", full_survey=True) in DISEASE_AFTER_CR

    def conclude(self, visit: Visit) -> None:
        """The overall response with the memory of CR (1.8) and of a confirmed PR (1.4)."""
        by_responses = recist.depth(visit.read) == "responses"
        full_survey = visit.read.survey != "incomplete"
        # A recurred site counts as an unequivocal new lesion does (1.7).
        new_lesion = "unequivocal" if visit.recurred else visit.new_lesion
        overall = _by_tables(visit, new_lesion, full_survey=full_survey)
        if visit.pd_reasons:
            overall = "PD"
        elif overall == "SD" and visit.target == "SD" and self._carries(by_responses=by_responses):
            overall = "PR"
        visit.overall = overall
        if by_responses:
            self._show_no_disease(visit)
        self.had_cr = self.had_cr or overall == "CR"
        self.had_pd = self.had_pd or overall == "PD"
        if not by_responses and overall in ("CR", "PR"):
            self._remember_response(visit.last_day)

    def _show_no_disease(self, visit: Visit) -> None:
        """Responses beside a baseline without targets: shown as NONE, the overall is derived."""
        if self.targets is None or self.targets:
            return
        visit.target = visit.target or "NONE"
        if not self.had_non_targets:
            visit.non_target = visit.non_target or "NONE"

    def _carries(self, *, by_responses: bool) -> bool:
        on = self.rules.pr_carry_forward == "after_confirmation"
        return on and self.response_confirmed and not self.had_pd and not by_responses

    def _remember_response(self, day: datetime.date) -> None:
        if self.first_response_on is None:
            self.first_response_on = day
        elif (day - self.first_response_on).days >= self.rules.confirm_days:
            self.response_confirmed = True


def _own_sum(read: ImagingRead) -> recist.TargetSum | None:
    """The read's sum over what it lists itself; None without targets."""
    if read.targets:
        return recist.sum_of_targets(read.targets, [target.lesion_id for target in read.targets])
    if read.targets is None and read.sum_of_diameters_mm is not None:
        return recist.sum_as_reported(read.sum_of_diameters_mm)
    return None


def _by_tables(visit: Visit, new_lesion: str, *, full_survey: bool) -> str:
    """By the tables; of responses only a given overall stands, a null one is derived (1.4)."""
    if recist.depth(visit.read) != "responses":
        no_target = "NE"
    elif visit.read.reported and visit.read.reported.overall:
        return visit.read.reported.overall
    elif new_lesion != "unequivocal" and visit.target is None and visit.non_target is None:
        return "NE"
    else:
        no_target = "NONE"
    return recist.overall_response(
        visit.target or no_target, visit.non_target or "NONE", new_lesion, full_survey=full_survey
    )


def _disease_seen(visit: Visit) -> bool:
    """Disease that is seen, not only what keeps a read from being CR (1.8)."""
    read = visit.read
    lesions = read.non_targets.lesions if read.non_targets else ()
    if any(lesion.state == "present" for lesion in lesions):
        return True
    # Of lesions the value may be NON-CR/NON-PD for raised markers alone.
    if not lesions and visit.non_target == "NON-CR/NON-PD":
        return True
    if recist.depth(read) == "responses":
        words = (visit.target, read.reported and read.reported.overall)
        return not DISEASE_AFTER_CR.isdisjoint(words)
    return visit.found is not None and visit.found.seen
