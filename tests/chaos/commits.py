"""Finds the COMMITs in what a PostgreSQL client sends, whichever protocol it speaks them in."""

import struct

STARTUP_BYTES_MIN = 8
_ENCRYPTION = {80877103, 80877104}  # SSLRequest and GSSENCRequest: what follows is a startup again


class CommitSpotter:
    """Fed with a client's stream; tells where in it a COMMIT is complete.

    Two forms: a simple query, and a prepared statement that is executed and then synchronised.
    """

    def __init__(self) -> None:
        self._pending = b""
        self._started = False
        self._statements: set[bytes] = set()
        self._portals: set[bytes] = set()
        self._executed = False

    def feed(self, chunk: bytes) -> list[int]:
        """Return the places in `chunk`, in bytes, at which a COMMIT has ended."""
        begin = len(self._pending)
        self._pending += chunk
        at, found = 0, []
        while (end := self._message_end(at)) is not None:
            if not self._started:
                self._begin(at)
            elif self._commits(self._pending[at : at + 1], self._pending[at + 5 : end]):
                found.append(end - begin)
            at = end
        self._pending = self._pending[at:]
        return found

    def _message_end(self, at: int) -> int | None:
        """The place after the message at `at`, None while it is not complete."""
        header = 1 if self._started else 0
        if len(self._pending) < at + header + 4:
            return None
        (length,) = struct.unpack_from("!i", self._pending, at + header)
        end = at + header + max(int(length), 4)
        return end if end <= len(self._pending) else None

    def _begin(self, at: int) -> None:
        (code,) = struct.unpack_from("!i", self._pending, at + 4)
        self._started = code not in _ENCRYPTION

    def _commits(self, kind: bytes, body: bytes) -> bool:
        names = body.split(b"\0", 2)
        match kind:
            case b"Q":
                return _is_commit(body)
            case b"P":
                self._keep(self._statements, names[0], kept=_is_commit(names[1]))
            case b"B":
                self._keep(self._portals, names[0], kept=names[1] in self._statements)
            case b"E":
                self._executed |= names[0] in self._portals
            case b"S" if self._executed:
                self._executed = False
                return True
        return False

    @staticmethod
    def _keep(names: set[bytes], name: bytes, *, kept: bool) -> None:
        if kept:
            names.add(name)
        else:
            names.discard(name)


def _is_commit(text: bytes) -> bool:
    return text.strip(b"\0 ;\n").upper() in {b"COMMIT", b"END", b"COMMIT TRANSACTION"}
