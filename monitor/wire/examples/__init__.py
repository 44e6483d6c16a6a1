"""Examples of every kind, accepted and refused: invented people only.

They stand in the schemas and the AsyncAPI document, laboratories try them, and the tests hold each
of them against schema and codec. The first of a kind is as full as it can be, the second as short.
"""

from collections.abc import Mapping
from typing import Final

from monitor.wire.examples.clinical_events import CLINICAL_EVENTS
from monitor.wire.examples.common import Example, Titled
from monitor.wire.examples.refused import Broken, refused
from monitor.wire.examples.results import RESULTS
from monitor.wire.examples.told import TOLD

TITLED: Final[Mapping[str, tuple[Titled, ...]]] = {**RESULTS, **CLINICAL_EVENTS, **TOLD}
EXAMPLES: Final[Mapping[str, tuple[Example, ...]]] = {
    kind: tuple(example.content for example in examples) for kind, examples in TITLED.items()
}
REFUSED: Final[Mapping[str, tuple[Broken, ...]]] = {
    kind: tuple(refused(kind, EXAMPLES[kind][0])) for kind in (*RESULTS, *CLINICAL_EVENTS)
}
