"""The visits of one reader become imaging reads (contract 2.2)."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from monitor.clinical.terms import LIST_LENGTH_MAX
from monitor.wire.adapters.conversion import Place, RefusedAt, RowKey
from monitor.wire.adapters.sdtm.images import UNKNOWN, Image, images_of, modality_of
from monitor.wire.adapters.sdtm.lesions import Lesion, Lesions
from monitor.wire.adapters.sdtm.others import new_lesion, non_target_state, non_targets
from monitor.wire.adapters.sdtm.responses import RESULT, Answers, answers_of, sum_mm
from monitor.wire.adapters.sdtm.rows import Course, VisitRows
from monitor.wire.adapters.sdtm.targets import Document, TargetVisits, Tests, value_of
from monitor.wire.adapters.sdtm.values import PartialDate
from monitor.wire.adapters.sdtm.visits import earliest
from monitor.wire.adapters.sdtm.words import NEW_LESION, SUM, Group, said
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

_BASELINE_WORDS: Final = ("SCREEN", "BASELINE")
_OF_THE_GROUP: Final = frozenset({SUM, "LNSTATE"})
_CERTAINTY_RISING: Final = ("benign", "equivocal", "unequivocal")
_FLAGS: Final = ("TRLOBXFL", "TRBLFL")


class Read(NamedTuple):
    """A visit as a read without the common fields, or why it is none."""

    visit: VisitRows
    content: Document
    refused: RefusedAt | None = None


class CourseReads:
    """One reader's visits, in the order of their images.

    Raises RefusedAt where the lesions of the reader contradict each other.
    """

    def __init__(self, course: Course, partial: PartialDate, baselines: frozenset[str]) -> None:
        self._course = course
        self._partial: PartialDate = partial
        self._lesions = Lesions(course)
        self.baselines = self._baseline_visits(baselines)
        self._targets = TargetVisits(self._lesions)
        self._expected: dict[Group, Sequence[str]] = {"target": (), "non_target": ()}

    def __iter__(self) -> Iterator[Read]:
        dated: list[tuple[Sequence[Image], VisitRows]] = []
        for visit in self._course.visits.values():
            try:
                if visit.tr or visit.rs or self._lesions_in_tu(visit, "new"):
                    dated.append((images_of(visit, self._lesions, self._partial), visit))
            except RefusedAt as refused:
                if visit.visit in self.baselines:
                    self._expect_identified(visit)
                yield Read(visit, {}, refused)
        for images, visit in sorted(dated, key=lambda one: (one[0][0].day.day, one[1].visit)):
            try:
                yield Read(visit, self._content(visit, images))
            except RefusedAt as refused:
                yield Read(visit, {}, refused)

    def _baseline_visits(self, given: frozenset[str]) -> frozenset[str]:
        """As the user says; else by the tables' flags, by TU, or by the visit's name."""
        visits = self._course.visits
        if given:
            return frozenset(name for name, one in visits.items() if given & one.names)
        for flag in _FLAGS:
            flagged = [n for n, one in visits.items() if any(r.get(flag) == "Y" for r in one.tr)]
            if flagged:
                return frozenset(flagged)
        named = (n for n, one in visits.items() if said(one.label).startswith(_BASELINE_WORDS))
        return self._identifying_visits() or frozenset(named)

    def _identifying_visits(self) -> frozenset[str]:
        """The visits at which targets were identified, without any the first of non-target ones."""
        found: dict[Group, set[str]] = {"target": set(), "non_target": set()}
        for one in self._lesions.known.values():
            if one.visit and one.group in found and self._lesions.parts(one.id) == (one.id,):
                found[one.group].add(one.visit)
        others = {visit: tuple(self._course.visits[visit].rows) for visit in found["non_target"]}
        if found["target"] or not others:
            return frozenset(found["target"])
        return frozenset([earliest(others)])

    def _lesions_in_tu(self, visit: VisitRows, group: Group) -> dict[str, Row]:
        rows = {row.get("TULNKID"): row for row in visit.tu}
        return {one: row for one, row in rows.items() if self._group(one) == group}

    def _expect_identified(self, visit: VisitRows) -> None:
        """What TU names at a baseline is expected from then on, also where its read is refused."""
        for group in self._expected:
            identified = self._lesions_in_tu(visit, group)
            self._expected[group] = self._parts(identified)

    def _parts(self, identified: Iterable[str]) -> Sequence[str]:
        """The lesions that make up some ids; one more than a read can list is enough."""
        parts = (part for one in identified for part in self._lesions.parts(one))
        return list(islice(parts, LIST_LENGTH_MAX + 1))

    def _group(self, lesion_id: str) -> Group:
        lesion = self._lesions.of(lesion_id)
        return lesion.group if lesion else "other"

    def _content(self, visit: VisitRows, images: Sequence[Image]) -> Document:
        is_baseline = visit.visit in self.baselines
        if is_baseline:
            for group in self._expected:
                _check_count(self._lesions_in_tu(visit, group).values())
            self._expect_identified(visit)
        answers = answers_of(visit.rs)
        content: Document = {
            "reader": {"id": self._course.reader.id, "role": self._course.reader.role},
            "timepoint": {"label": visit.label, "is_baseline": is_baseline},
            "images": [image.document() for image in images],
            "survey": "incomplete" if answers.new_lesion == "incomplete" else "complete",
        }
        tests = tests_of(visit)
        _check_count([next(iter(rows.values())) for rows in tests.values()])
        content.update(self._followed(tests, is_baseline=is_baseline))
        if seen := list(self._new(visit, tests, answers, images)):
            content["new_lesions"] = seen
        if (total := sum_mm(visit.tr)) is not None:
            content["sum_of_diameters_mm"] = total
        if answers.reported:
            content["reported"] = answers.reported
        return content

    def _followed(self, tests: Mapping[str, Tests], *, is_baseline: bool) -> Document:
        """Target and non-target lesions; nothing where no row of the visit speaks of any."""
        targets = self._of_group(tests, "target")
        others = self._of_group(tests, "non_target")
        if not (targets or others):
            return {}
        values = [value_of(one, lesion, tests[one]) for one, lesion in targets.items()]
        documents = self._targets.at(values, self._expected["target"])
        states = {one: non_target_state(one, lesion, tests[one]) for one, lesion in others.items()}
        listed = non_targets(self._lesions, states, self._expected["non_target"])
        if is_baseline:
            self._expected["target"] = [str(one["lesion_id"]) for one in documents]
            self._expected["non_target"] = [str(one["lesion_id"]) for one in listed]
        found: Document = {}
        # An empty list says that there is no target disease (contract 2.2).
        if documents or not any(one.group == "target" for one in self._lesions.known.values()):
            found["targets"] = documents
        if listed:
            found["non_targets"] = {"lesions": listed}
        return found

    def _of_group(self, tests: Mapping[str, Tests], group: Group) -> dict[str, Lesion]:
        found = ((one, self._lesions.of(one)) for one in tests)
        return {one: lesion for one, lesion in found if lesion and lesion.group == group}

    def _new(
        self,
        visit: VisitRows,
        tests: Mapping[str, Tests],
        answers: Answers,
        images: Sequence[Image],
    ) -> Iterator[Document]:
        """New lesions of TU and TR; one without a name where RS alone says that there are any."""
        in_tu = self._lesions_in_tu(visit, "new")
        listed: list[str] = []
        for one in sorted({*in_tu, *self._of_group(tests, "new")}):
            lesion = self._lesions.of(one)
            row = next(iter(tests.get(one, {}).values()), None)
            prefix, blamed = ("TR", row) if row else ("TU", in_tu.get(one))
            if lesion is None or blamed is None:
                continue
            modality = modality_of(blamed, prefix, self._lesions)
            document = new_lesion(one, lesion, tests.get(one, {}), answers.certainty, modality)
            if document is not None:
                listed.append(str(document["certainty"]))
                yield document
        if listed:
            _check_certainty(visit, listed, answers)
        elif answers.certainty in {"equivocal", "unequivocal"}:
            modalities = {image.modality for image in images}
            yield {
                "lesion_id": f"new at {visit.visit}",
                "organ": "unspecified",
                "nodal": False,
                "certainty": answers.certainty,
                "method": modalities.pop() if len(modalities) == 1 else UNKNOWN,
            }


def _check_certainty(visit: VisitRows, listed: Collection[str], answers: Answers) -> None:
    """Refuse a word on new lesions in RS that is worse than that of each lesion that is listed."""
    answer = answers.certainty
    if answer is None or max(map(_CERTAINTY_RISING.index, listed)) >= _CERTAINTY_RISING.index(
        answer
    ):
        return
    row = next(row for row in visit.rs if said(row.get("RSTESTCD")) == NEW_LESION)
    words = "is more certain than TUMSTATE of each new lesion of this visit"
    raise row.refused(Reason.SCHEMA_INVALID, RESULT[1] if row.get(RESULT[1]) else RESULT[0], words)


def _check_count(rows: Collection[Row]) -> None:
    """Refuse more lesions than a read can list, before work grows with their number."""
    if len(rows) > LIST_LENGTH_MAX:
        words = f"the reader names more than {LIST_LENGTH_MAX} lesions at this visit"
        raise next(iter(rows)).refused(Reason.TOO_LARGE, None, words)


def tests_of(visit: VisitRows) -> Mapping[str, dict[str, Row]]:
    """The rows of TR by lesion and test. Raises RefusedAt for two rows of one test."""
    found: dict[str, dict[str, Row]] = {}
    for row in visit.tr:
        test, lesion_id = said(row.get("TRTESTCD")), row.get("TRLNKID")
        if not lesion_id:
            if test not in _OF_THE_GROUP:
                raise row.refused(Reason.SCHEMA_INVALID, "TRLNKID", "is required for this test")
            continue  # of the group, not of a lesion
        tests = found.setdefault(lesion_id, {})
        if test in tests:
            words = "the lesion has two rows of this test for this reader and visit"
            raise row.refused(Reason.SCHEMA_INVALID, "TRTESTCD", words)
        tests[test] = row
    return found


def rows_of(visit: VisitRows) -> dict[RowKey, Place]:
    """The rows of a visit by what keeps a row the same in the next snapshot."""
    found: dict[RowKey, Place] = {}
    for row in visit.tr:
        found["TR", row.get("TRLNKID"), said(row.get("TRTESTCD"))] = row.place()
    for row in visit.rs:
        found["RS", said(row.get("RSTESTCD"))] = row.place()
    for row in visit.tu:
        found["TU", row.get("TULNKID")] = row.place()
    return found
