"""Every file that `monitor schema export` writes, as its path and its text."""

import json

from monitor.wire.asyncapi import document
from monitor.wire.codec import VERSION_SUFFIX
from monitor.wire.examples import REFUSED, TITLED
from monitor.wire.schemas.corpus import accepted, refused
from monitor.wire.schemas.generated import FLAVOURS, schemas, text

ASYNCAPI_FILE = "asyncapi.json"


def published() -> dict[str, str]:
    """The files by their path in the folder, the same text each time."""
    files = {
        f"{flavour}/{name}.json": text(schema)
        for flavour in FLAVOURS
        for name, schema in schemas(flavour).items()
    }
    for kind in TITLED:
        folder = "accepted" if kind in REFUSED else "told"
        files[f"examples/{folder}/{kind}{VERSION_SUFFIX}.ndjson"] = _lines(accepted(kind))
    for kind in REFUSED:
        files[f"examples/refused/{kind}{VERSION_SUFFIX}.ndjson"] = _lines(refused(kind))
    files[ASYNCAPI_FILE] = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    return files


def _lines(events: list[bytes]) -> str:
    return "".join(event.decode() + "\n" for event in events)
