"""What a visit says of lesions that are not targets: the non-target ones and the new ones."""

from collections.abc import Iterable, Mapping
from typing import Final

from monitor.clinical.recist import NODE_NORMAL_BELOW_MM
from monitor.clinical.terms import Certainty, Modality, NonTargetState
from monitor.wire.adapters.sdtm.lesions import Lesion, Lesions
from monitor.wire.adapters.sdtm.targets import Document, Tests, value_of
from monitor.wire.adapters.sdtm.values import Size, millimetres_text, not_done, word_of
from monitor.wire.adapters.sdtm.words import (
    CERTAINTIES,
    DIAMETERS,
    NON_TARGET_STATES,
    PRESENT,
    STATES,
    said,
)
from monitor.wire.adapters.tables import Row
from monitor.wire.delivery import Reason

_RESULT: Final = ("TRSTRESC", "TRORRES")
_FROM_SIZE: Final[Mapping[str, NonTargetState]] = {
    "too_small_to_measure": "present",
    "absent": "absent",
    "not_evaluable": "not_evaluable",
    "merged": "not_evaluable",
}
# Of a lesion in parts the first of these that is said of a part counts.
_WORST_FIRST: Final[tuple[NonTargetState, ...]] = (
    *("unequivocal_progression", "not_evaluable", "present", "absent"),
)


def non_target_state(lesion_id: str, lesion: Lesion, tests: Tests) -> NonTargetState:
    """The state of a non-target lesion at a visit, by its word or else its size.

    A node is as if absent below 10 mm of short axis (clinical rules 1.5). Raises RefusedAt.
    """
    row = next((tests[test] for test in STATES if test in tests), None)
    if row is not None:
        if not_done(row, "TR"):
            return "not_evaluable"
        return word_of(row, _RESULT, NON_TARGET_STATES)
    size = value_of(lesion_id, lesion, tests).size
    if size.word != "measured" or size.mm is None:
        return _FROM_SIZE[size.word]
    gone = lesion.is_node() and size.mm < NODE_NORMAL_BELOW_MM
    return "absent" if gone else "present"


def non_targets(
    lesions: Lesions, states: Mapping[str, NonTargetState], expected: Iterable[str]
) -> list[Document]:
    """The non-target lesions as the contract writes them; one that is missing was not seen to."""
    said_of: dict[str, list[NonTargetState]] = {one: [] for one in expected}
    for lesion_id, state in states.items():
        for part in lesions.parts(lesion_id):
            said_of.setdefault(part, []).append(state)
    return [
        _non_target(lesions, lesion_id, min(found or ["not_evaluable"], key=_WORST_FIRST.index))
        for lesion_id, found in sorted(said_of.items())
    ]


def _non_target(lesions: Lesions, lesion_id: str, state: NonTargetState) -> Document:
    lesion = lesions.of(lesion_id)
    organ = lesion.organ if lesion else "unspecified"
    # Of a lesion that nobody measures the location alone tells a node.
    nodal = bool(lesion and lesion.nodal)
    return {"lesion_id": lesion_id, "organ": organ, "nodal": nodal, "state": state}


def new_lesion(
    lesion_id: str, lesion: Lesion, tests: Tests, answer: Certainty | None, modality: Modality
) -> Document | None:
    """A new lesion at a visit; None where the reader no longer sees it or could not look.

    How certain it is says its own row, else `answer`, the reader's word on new lesions in RS.
    Raises RefusedAt where neither says it.
    """
    row = next((tests[test] for test in STATES if test in tests), None)
    if row is not None and not_done(row, "TR"):
        return None
    certainty = answer
    if row is not None:
        present = said(row.get("TRSTRESC") or row.get("TRORRES")) == PRESENT
        certainty = (answer or "unequivocal") if present else word_of(row, _RESULT, CERTAINTIES)
        if certainty is None:
            return None
    if certainty is None:
        blamed = next(iter(tests.values()), lesion.row)
        words = "neither TUMSTATE of the lesion nor NEWLPROG in RS says how certain it is"
        raise blamed.refused(Reason.NO_DISCRETE_VALUE, None, words)
    document: Document = {
        "lesion_id": lesion_id,
        "organ": lesion.organ,
        "nodal": lesion.is_node(),
        "certainty": certainty,
        "method": modality,
    }
    if lesion.site:
        document["site"] = lesion.site
    size = _size(lesion_id, lesion, tests)
    if size is not None and size.mm is not None:
        document["size_mm"] = millimetres_text(size.mm)
    return document


def _size(lesion_id: str, lesion: Lesion, tests: Tests) -> Size | None:
    measured = {test: row for test, row in tests.items() if test in DIAMETERS}
    return value_of(lesion_id, lesion, measured).size if measured else None


def row_of(tests: Mapping[str, Tests], lesion_id: str) -> Row | None:
    """A row that speaks of the lesion."""
    return next(iter(tests.get(lesion_id, {}).values()), None)
