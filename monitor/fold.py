"""The decisions of one batch: deliveries folded one by one over what the ledger holds.

Pure: reads no clock and writes nothing. The second copy of an event in a batch is a duplicate and
the second fact of a patient sees the first, because everything goes through one overlay.
"""

import datetime
from collections.abc import Callable, Sequence

from monitor.answering import Answers
from monitor.clinical.transitions import Arrival, Beside, Moved, Ruleset, apply
from monitor.ledger.entries import (
    AcceptedRow,
    Changes,
    EventKey,
    Loaded,
    NoticeRow,
    OffsetAdvance,
    PatientKey,
    RecordKey,
    RecordRow,
)
from monitor.ledger.refusals import Refused
from monitor.ledger.standing import Effect, Verdict, judge, patient_of
from monitor.overlay import Overlay
from monitor.quarantine import Quarantine, quarantine_row
from monitor.recording import (
    Place,
    Receipt,
    accepted_row,
    growth,
    needs_room,
    notice_row,
    refusal,
    too_long,
)
from monitor.wire.closed_day import CLOCK_TOPIC
from monitor.wire.delivery import Delivery, Event, Reason, Rejection

RulesFor = Callable[[str], Ruleset | None]
DetectedAt = Callable[[Event, datetime.date | None], datetime.datetime]


class Fold:
    """One batch. Feed `take` in arrival order, then ask for the `changes`."""

    def __init__(
        self,
        loaded: Loaded,
        *,
        rules_for: RulesFor,
        detected_at: DetectedAt,
        deployment: str,
        answering: bool = False,
    ) -> None:
        """`answering`: senders are told what became of their deliveries."""
        self._loaded = loaded
        self._rules_for = rules_for
        self._detected_at = detected_at
        self._deployment = deployment
        self._events = dict(loaded.events)
        self._records: dict[RecordKey, RecordRow] = dict(loaded.records)
        self._overlay = Overlay(loaded.states)
        self._accepted: list[AcceptedRow] = []
        self._notices: list[NoticeRow] = []
        self._quarantine = Quarantine(loaded.refused or Refused(), loaded.offsets)
        self._answers = Answers(deployment, loaded.offsets) if answering else None
        self.receipts: list[Receipt] = []

    def take(
        self, delivery: Delivery, decoded: Event | Rejection, at: datetime.datetime
    ) -> Reason | None:
        """Decide one delivery. Raises what our own rules raise; nothing of it is kept then.

        A refused one goes into quarantine, unless it is a day that the monitor closed itself: its
        patient is flagged, because it would come again, and nobody could mend it. Returns the
        reason of such a refusal.
        """
        event = decoded if isinstance(decoded, Event) else None
        rejection = self._accept(delivery, decoded) if isinstance(decoded, Event) else decoded
        if rejection is None:
            if event is not None and delivery.topic != CLOCK_TOPIC:
                self._settle(delivery, event, at)
            return None
        if event is not None and delivery.topic == CLOCK_TOPIC:
            self.flag_broken(patient_of(event))
            return rejection.reason
        self.refuse(delivery, rejection, at, event)
        return None

    def _settle(self, delivery: Delivery, event: Event, at: datetime.datetime) -> None:
        """Close what was refused and is settled by an accepted delivery; unmark its patients."""
        outcome = self.receipts[-1].outcome
        if self._answers is not None:
            self._answers.accepted(delivery, event, outcome, at)
        for patient, left in self._quarantine.settle(delivery, event, at, outcome).items():
            self._overlay.count_marks(patient, left, self._rules_for)

    def refuse(
        self, delivery: Delivery, rejection: Rejection, at: datetime.datetime, event: Event | None
    ) -> bool:
        """Put a delivery into quarantine with its original bytes; `event` where it was decoded.

        Returns whether its patient is to be flagged for it.
        """
        self._quarantine.refuse(quarantine_row(delivery, rejection, at, event))
        if self._answers is not None:
            self._answers.refused(self._quarantine.last)
        self.receipts.append(Receipt(delivery, "rejected", rejection))
        return self._quarantine.marks(delivery)

    def flag_broken(self, patient: PatientKey) -> None:
        """Mark a patient whose fact failed in our own code; nothing is due until the next fact."""
        self._overlay.patient(patient).flag_broken()

    def _accept(self, delivery: Delivery, event: Event) -> Rejection | None:
        """Accept an event, or say why not. The overlay changes only at the end."""
        key = EventKey(event.source, event.event_id)
        known = self._events.get(key)
        if known is not None:
            if known != event.content_hash:
                return refusal(event, Reason.DUPLICATE_CONFLICT)
            self.receipts.append(Receipt(delivery, "duplicate"))
            return None
        ruleset = self._rules_for(event.fact.study_id)
        if ruleset is None:
            return refusal(event, Reason.UNKNOWN_STUDY)
        record_key = RecordKey(event.source, event.fact.record_id)
        verdict = judge(self._records.get(record_key), event)
        if verdict.effect is Effect.CONFLICT:
            self._note_refused(record_key, verdict)
            return refusal(event, Reason.VERSION_CONFLICT)
        return self._apply(delivery, event, record_key, verdict, ruleset)

    def _note_refused(self, record_key: RecordKey, verdict: Verdict) -> None:
        self._records[record_key] = verdict.row
        held = self._overlay.patient(verdict.row.patient)
        held.set_refused(record_key, verdict.row.refused_version)

    def _apply(
        self,
        delivery: Delivery,
        event: Event,
        record_key: RecordKey,
        verdict: Verdict,
        ruleset: Ruleset,
    ) -> Rejection | None:
        arrivals = self._arrivals(event, record_key, verdict, ruleset)
        if arrivals is None:
            return refusal(event, Reason.UNKNOWN_STUDY)
        outcomes = [
            (self._overlay.patient(key), rules, apply(self._overlay.patient(key).state, one, rules))
            for key, one, rules in arrivals
        ]
        said = tuple(notice for _, _, done in outcomes for notice in done.notices)
        rows = [notice_row(notice, self._deployment) for notice in said]
        (held, _, outcome), added = outcomes[-1], growth(delivery, rows)
        if too_long(rows) or (
            verdict.effect is not Effect.STALE
            and needs_room(event.fact, outcome.state)
            and held.outgrows(outcome.state, added)
        ):
            return refusal(event, Reason.TOO_LARGE)
        for one, rules, done in outcomes:
            one.keep(done, rules, added)
        self._records[record_key] = verdict.row
        self._sync_refused(record_key, verdict)
        self._notices += rows
        self._remember(delivery, event, verdict, arrivals[-1][1].detected_at)
        self.receipts.append(Receipt(delivery, _word(verdict.effect), None, said))
        return None

    def _arrivals(
        self, event: Event, record_key: RecordKey, verdict: Verdict, ruleset: Ruleset
    ) -> list[tuple[PatientKey, Arrival, Ruleset]] | None:
        """What reaches whom by which rules, who loses the record first; None without rules."""
        row, loser = self._records.get(record_key), verdict.moved_from
        held = self._overlay.patient(row.patient) if row else None
        before = held.state.day_of_record(record_key) if held else None
        named = (event.source, event.event_id, self._detected_at(event, before))
        fact = event.fact
        change = {Effect.STANDS: fact, Effect.BESIDE: Beside(fact)}.get(verdict.effect)
        gains = (patient_of(event), Arrival(*named, change), ruleset)
        if loser is None:
            return [gains]
        rules = self._rules_for(loser.study_id)
        if rules is None:
            return None
        return [(loser, Arrival(*named, Moved(fact.record_id)), rules), gains]

    def _sync_refused(self, record_key: RecordKey, verdict: Verdict) -> None:
        """Let the patient for whom the record stands carry its unanswered conflict."""
        if verdict.moved_from is not None:
            self._overlay.patient(verdict.moved_from).set_refused(record_key, None)
        held = self._overlay.patient(verdict.row.patient)
        held.set_refused(record_key, verdict.row.refused_version)

    def _remember(
        self, delivery: Delivery, event: Event, verdict: Verdict, at: datetime.datetime
    ) -> None:
        loser = verdict.moved_from
        place = Place(
            arrival=self._overlay.patient(patient_of(event)).state.version,
            outcome=verdict.effect.value,
            moved_from=loser,
            moved_arrival=self._overlay.patient(loser).state.version if loser else None,
        )
        row = accepted_row(delivery, event, place, at)
        self._events[row.key] = event.content_hash
        self._accepted.append(row)

    def changes(self, group: str, offsets: Sequence[OffsetAdvance]) -> Changes:
        """Everything that one transaction has to write."""
        return Changes(
            group=group,
            offsets=offsets,
            accepted=self._accepted,
            records={
                key: (self._loaded.records.get(key), row)
                for key, row in self._records.items()
                if row is not self._loaded.records.get(key)
            },
            states=self._overlay.changes(),
            notices=self._notices,
            quarantined=self._quarantine.rows(group),
            closings=self._quarantine.closings,
            answers=self._answers.rows if self._answers is not None else (),
        )


def _word(effect: Effect) -> str:
    return "stale" if effect is Effect.STALE else "applied"
