"""What a topic of notices holds, small enough to keep in memory: fingerprints, no contents."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.ledger.archive import Published
from monitor.ledger.entries import PatientKey

FINGERPRINT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies of one notice: how each looks, each once, and where the first is."""

    fingerprints: tuple[bytes, ...]
    first: Published


def key_of(patient: PatientKey) -> bytes:
    """The key of every message about a patient (contract 1)."""
    return f"{patient.study_id}/{patient.patient_id}".encode()


def fingerprint(
    key: bytes | None, headers: Sequence[tuple[str, bytes | None]], value: bytes | None
) -> bytes:
    """Equal for equal messages, whichever home they come from."""
    seen = repr((key, [(name, text) for name, text in headers], value))
    return hashlib.blake2b(seen.encode(), digest_size=FINGERPRINT_BYTES).digest()


class Notified:
    """The notices of one deployment on their topic, by the message's key and the notice's id.

    `bounds` gives the first offset that a partition still holds, and the one after its last.
    """

    def __init__(self, bounds: Mapping[int, tuple[int, int]]) -> None:
        self._bounds = dict(bounds)
        self._by_key: dict[bytes, dict[str, Copies]] = {}

    def add(
        self,
        key: bytes | None,
        headers: Sequence[tuple[str, bytes | None]],
        value: bytes | None,
        at: Published,
    ) -> None:
        """Note one message; one without an id is a notice that nobody knows."""
        notice_id = (dict(headers).get("ce_id") or b"").decode(errors="replace")
        seen = fingerprint(key, headers, value)
        known = self._by_key.setdefault(key or b"", {})
        before = known.get(notice_id)
        if before is None:
            known[notice_id] = Copies((seen,), at)
        elif seen not in before.fingerprints:
            known[notice_id] = Copies((*before.fingerprints, seen), before.first)

    def of(self, patient: PatientKey) -> Mapping[str, Copies]:
        """A patient's notices by id."""
        return self._by_key.get(key_of(patient), {})

    def beyond(self, patients: Sequence[PatientKey]) -> int:
        """How many notices are about nobody of these."""
        known = set(map(key_of, patients))
        return sum(len(found) for key, found in self._by_key.items() if key not in known)

    def holds(self, place: Published) -> bool:
        """Whether what was published there must still be there."""
        first, end = self._bounds.get(place.partition, (0, 0))
        return first <= place.offset < end
