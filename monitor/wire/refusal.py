"""How the steps of decoding say no to each other; outside `wire` it is always a `Rejection`."""

from monitor.wire.delivery import Reason, Rejection


class Refused(Exception):
    """One delivery is refused; `message` is in words a lab engineer understands.

    Neither `field` nor `message` ever holds anything that the sender wrote.
    """

    def __init__(self, reason: Reason, field: str | None, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field
        self.message = message

    def rejection(self, source: str | None = None, event_id: str | None = None) -> Rejection:
        """The refusal as it leaves the codec, with the envelope's name where it could be read."""
        return Rejection(self.reason, self.field, self.message, source, event_id)
