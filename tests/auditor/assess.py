"""One series through its episodes, read by read: every value the timeline shows (1.3-1.12)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.auditor import recist
from tests.auditor.lesions import TOMOGRAPHY, Lesions, entry_of, image_days, new_lesions
from tests.auditor.series import baseline_of, episode_at, is_marked_baseline, outside_window
from tests.auditor.sites import Sites
from tests.auditor.values import Record, days, rule
from tests.auditor.visits import Episode, Visit


@dataclass
class Course:
    """One episode of one series while it is read from its first visit on."""

    episode: Episode
    reads: list[Record]
    series: Sequence[Record]
    sites: Sites
    rules: Mapping[str, Any]
    past: Sequence[Visit] = ()  # of the series' earlier episodes
    visits: list[Visit] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.baseline = baseline_of(self.episode, self.reads)
        self.lesions = Lesions(self.series, self.reads, self.baseline, self.sites.all_biopsies)

    def before(self, read: Record) -> recist.Before:
        """1.4, 1.8: what holds strictly before this read."""
        started = self.baseline is not None and self.baseline.order < read.order
        baseline = self.baseline if started else None
        past = [v for v in self.visits if v.record.order < read.order]
        sums = [
            v.sum_mm
            for v in past
            if started and baseline is not None and v.record.order >= baseline.order
            if v.sum_complete and v.sum_mm is not None
        ]
        total = recist.sum_of(baseline, None) if baseline is not None else None
        values = [v.overall for v in past]
        return recist.Before(
            baseline=baseline,
            baseline_sum=total.value if total is not None and total.complete else None,
            nadir=min(sums, default=None),
            overall_cr="CR" in values,
            pr_confirmed=self._response_seen_twice(past),
            pd="PD" in values,
        )

    def _response_seen_twice(self, past: Sequence[Visit]) -> bool:
        # 1.4 "Responses only": no sum, no nadir, no PR carry.
        responses = [
            v.last_image_on
            for v in past
            if v.overall in {"CR", "PR"} and recist.depth(v.record) != "responses"
        ]
        least = rule(self.rules, "recist.confirm_days")
        return any(days(responses[0], later) >= least for later in responses[1:])

    def judge(self) -> list[Visit]:
        for read in self.reads:
            self.visits.append(self._visit(read))
        return self.visits

    def _visit(self, read: Record) -> Visit:
        before = self.before(read)
        visit = Visit(read, self.episode.number, evaluated=True)
        visit.is_baseline = read is self.baseline
        total = recist.sum_of(read, before.baseline)
        visit.sum_mm, visit.sum_complete = total.value, total.complete
        visit.baseline_sum_mm = before.baseline_sum
        if visit.is_baseline and total.complete:
            visit.baseline_sum_mm = total.value
        visit.nadir_mm = before.nadir
        for reading in self.sites.readings(read, self.series):
            if reading.recurred:
                visit.recurred[reading.site_id] = reading.biopsy
            elif reading.doubtful:
                visit.doubtful_sites.append(reading.site_id)
        if visit.is_baseline:
            self._baseline_values(visit)
        else:
            self._values(visit, total, before)
        self._flag(visit)
        return visit

    def _counted(self, read: Record, *, beside: bool) -> dict[str, str]:
        """What each new lesion counts as; `beside` other evidence of PD a small node counts."""
        words = {str(n["lesion_id"]): self.lesions.counts_as(read, n) for n in new_lesions(read)}
        node = "unequivocal" if beside else "equivocal"
        return {lesion: node if word == "node" else word for lesion, word in words.items()}

    def _put_lesions(self, visit: Visit, counted: dict[str, str]) -> None:
        visit.equivocal = [lesion for lesion, word in counted.items() if word == "equivocal"]
        visit.unequivocal = [lesion for lesion, word in counted.items() if word == "unequivocal"]
        if visit.unequivocal:
            visit.new_lesion = "unequivocal"
        elif visit.equivocal:
            visit.new_lesion = "equivocal"
        elif visit.record.get("survey") == "incomplete":
            visit.new_lesion = "incomplete"

    def _baseline_values(self, visit: Visit) -> None:
        visit.non_target = recist.non_target_response(visit.record, None)
        alone = self._counted(visit.record, beside=False)
        beside = self._other_evidence(visit, alone, visit.recurred)
        self._put_lesions(visit, self._counted(visit.record, beside=beside))

    def _values(self, visit: Visit, total: recist.Sum, before: recist.Before) -> None:
        visit.target = recist.target_response(visit.record, total, before, self.rules)
        visit.non_target = recist.non_target_response(visit.record, before.baseline)
        alone = self._counted(visit.record, beside=False)
        beside = self._other_evidence(visit, alone, visit.recurred)
        counted = self._counted(visit.record, beside=beside)
        new = "unequivocal" in counted.values() or bool(visit.recurred)
        visit.overall = self._overall(visit, new=new)
        self._put_lesions(visit, counted)
        if visit.overall == "PD":
            self._date_pd(visit)

    def _overall(self, visit: Visit, *, new: bool) -> str:
        """1.7 and 1.8, with or without a new lesion or a recurred site."""
        read, before = visit.record, self.before(visit.record)
        total = recist.sum_of(read, before.baseline)
        pair = (visit.target, visit.non_target)

        def value(*, incomplete: bool) -> str:
            said, stands = recist.overall_response(read, *pair, new=new, incomplete=incomplete)
            return recist.with_memory(read, total, *pair, said, before, self.rules, stands=stands)

        # 1.7: what an incomplete survey makes NE it makes so "unless it is PD", by 1.8 as well.
        if value(incomplete=False) == "PD":
            return "PD"
        return value(incomplete=read.get("survey") == "incomplete")

    def _other_evidence(
        self, visit: Visit, words: Mapping[str, str], recurred: Collection[str]
    ) -> bool:
        """1.6: evidence of PD beside small nodes, a PD as reported included."""
        if "unequivocal" in words.values() or recurred or "PD" in {visit.target, visit.non_target}:
            return True
        return not visit.is_baseline and self._overall(visit, new=False) == "PD"

    def _unproven(self, visit: Visit) -> tuple[set[str], bool]:
        """The new lesions that count without any biopsy, and whether the read then is PD."""
        without = Lesions(self.series, self.reads, self.baseline, [])
        words = {str(n["lesion_id"]): n for n in new_lesions(visit.record)}
        said = {name: without.counts_as(visit.record, n) for name, n in words.items()}
        sites = [site for site, biopsy in visit.recurred.items() if biopsy is None]
        alone = {name: word for name, word in said.items() if word != "node"}
        beside = self._other_evidence(visit, alone, sites)
        certain = {name for name, word in said.items() if word == "unequivocal"}
        certain |= {name for name, word in said.items() if word == "node" and beside}
        new = bool(certain or sites)
        return certain, not visit.is_baseline and self._overall(visit, new=new) == "PD"

    def _date_pd(self, visit: Visit) -> None:
        """1.10: the earliest day that contributed evidence, and the records that identify it."""
        read = visit.record
        evidence = [self.pd_day(self.lesions.contributing(n)) for n in visit.unequivocal]
        by_lesions_alone = bool(evidence or visit.recurred)
        by_lesions_alone = by_lesions_alone and self._overall(visit, new=False) != "PD"
        if visit.recurred or not by_lesions_alone:
            evidence.append(self.pd_day(image_days(read, TOMOGRAPHY)))
        visit.pd_on = min(evidence)
        sites = [] if self._unproven(visit)[1] else list(visit.recurred)
        proofs = set() if self._unproven(visit)[1] else set(visit.unequivocal)
        visit.identifying = self.identifying(visit, visit.unequivocal, sites, proofs)

    def pd_day(self, contributing: list[date]) -> date:
        earliest = rule(self.rules, "recist.pd_date_rule") == "earliest_evidence"
        return contributing[0] if earliest else contributing[-1]

    def identifying(
        self, visit: Visit, lesions: Sequence[str], sites: Sequence[str], proofs: Collection[str]
    ) -> list[tuple[str, str]]:
        """4.2: the read, the reads that named confirmed lesions first, biopsies that decided.

        `sites` and the lesions in `proofs` are those whose biopsies may have decided.
        """
        keys = {visit.record.key}
        for lesion_id in lesions:
            first = self.lesions.first_named(lesion_id)
            if first is not visit.record and not self._counted_at(first, lesion_id):
                keys.add(first.key)
        for lesion_id in set(proofs) - self._unproven(visit)[0]:
            entry = entry_of(visit.record, lesion_id)
            assert entry is not None
            proof = self.lesions.deciding(visit.record, entry)
            keys |= set() if proof is None else {proof.key}
        keys |= {biopsy.key for s in sites if (biopsy := visit.recurred.get(s)) is not None}
        return sorted(keys)

    def _counted_at(self, read: Record, lesion_id: str) -> bool:
        return any(v.record is read and lesion_id in v.unequivocal for v in self.visits)

    def _flag(self, visit: Visit) -> None:
        read = visit.record
        if read.get("survey") == "incomplete":
            visit.flags.append("INCOMPLETE_SURVEY")
        if self.second_baseline(read) or self.out_of_window(read):
            visit.flags.append("DATA_QUALITY")

    def second_baseline(self, read: Record) -> bool:
        """1.12: a later read of the episode marked as baseline."""
        marked = is_marked_baseline(read) and self.baseline is not None
        return marked and self.baseline is not None and read.order > self.baseline.order

    def out_of_window(self, read: Record) -> bool:
        """1.12: the baseline lies outside its window."""
        return read is self.baseline and outside_window(self.episode, read, self.rules)


def courses(
    series: list[Record], episodes: list[Episode], sites: Sites, rules: Mapping[str, Any]
) -> list[Course]:
    """The series' evaluated reads, in order, cut into episodes and judged."""
    made: list[Course] = []
    for episode in episodes:
        reads = [r for r in series if episode_at(episodes, r.clinical_day) is episode]
        past = [visit for course in made for visit in course.visits]
        course = Course(episode, reads, series, sites, rules, past)
        course.judge()
        made.append(course)
    return made
