"""What senders are told of the deliveries of one batch, where a deployment answers them."""

import datetime
from collections.abc import Mapping

from monitor.ledger.answers import AnswerRow
from monitor.ledger.entries import QuarantineRow, TopicPartition
from monitor.wire.delivery import Delivery, Event

_OUTCOMES = {"applied": "accepted", "duplicate": "duplicate", "stale": "stale"}


class Answers:
    """One answer for each delivery that was not recorded before."""

    def __init__(self, deployment: str, recorded: Mapping[TopicPartition, int]) -> None:
        """`recorded` gives the last offset of each partition that was recorded before."""
        self._deployment = deployment
        self._recorded = recorded
        self.rows: list[AnswerRow] = []

    def accepted(
        self, delivery: Delivery, event: Event, outcome: str, at: datetime.datetime
    ) -> None:
        """Answer an accepted delivery; `outcome` is its receipt's."""
        place = (delivery.topic, delivery.partition, delivery.offset)
        named = (event.source, event.event_id)
        self._add(AnswerRow(*place, delivery.key, _OUTCOMES[outcome], *named,
                            None, None, None, self._deployment, at))  # fmt: skip

    def refused(self, row: QuarantineRow) -> None:
        """Answer a refused delivery."""
        place = (row.topic, row.partition, row.offset)
        why = (row.source, row.event_id, row.reason, row.field, row.message)
        self._add(AnswerRow(*place, row.message_key, "refused", *why,
                            self._deployment, row.received_at))  # fmt: skip

    def _add(self, row: AnswerRow) -> None:
        last = self._recorded.get(TopicPartition(row.topic, row.partition), -1)
        if row.offset > last:
            self.rows.append(row)
