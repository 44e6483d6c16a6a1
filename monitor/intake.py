"""receive(batch): every delivery is decided and recorded in one transaction, or none is.

Nothing known to be bad leaves this module as an exception: it is quarantined with its original
bytes. What does leave it stops the worker before anything is acknowledged.
"""

import asyncio
import datetime
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitor.active_rules import refuse_moved
from monitor.clinical.state import NewerState
from monitor.clock import Clock
from monitor.closing import Closing
from monitor.crash_points import crash_at
from monitor.fold import DetectedAt, Fold, RulesFor
from monitor.ledger.entries import Loaded, PatientKey, TopicPartition
from monitor.ledger.port import Conflict, Ledger, RefusedRow, Unavailable
from monitor.ledger.standing import patient_of
from monitor.offsets import advances, refuse_gaps
from monitor.recording import Receipt, own_error
from monitor.touched import Batch, touched
from monitor.wire.closed_day import CLOCK_TOPIC, closed_day
from monitor.wire.codec import decode
from monitor.wire.delivery import Delivery, Event, Reason, Rejection

log = logging.getLogger(__name__)

FAILED_IN_A_ROW_MAX = 20  # patients; a delivery of which none is known counts as one
CONFLICTS_IN_A_ROW_MAX = 50  # no other writer wins so often: the ledger itself contradicts
CONFLICTS_UNDIVIDED_MAX = 3  # then a batch is halved: it touches what others write all the time
BACKOFF_FIRST_SECONDS = 0.05
BACKOFF_MAX_SECONDS = 5.0

Decoded = Event | Rejection
Failed = frozenset[tuple[object, ...]]  # whose deliveries failed, since the last that did not


class BrokenRelease(Exception):
    """Our own code failed for many patients in a row: stop, this is not bad input."""


@dataclass(frozen=True, slots=True)
class IntakeSettings:
    """What intake needs to know of its place.

    `topics` gives the plain name of each full input topic; `gaps_allowed` the full names of topics
    whose offsets may have gaps (compacted or transactional); `rules_known` the hashes of rules
    that patients may stand under (None: any); `answering` says that senders are told what became
    of their deliveries.
    """

    group: str
    deployment: str
    topics: Mapping[str, str]
    gaps_allowed: frozenset[str] = frozenset()
    rules_known: frozenset[str] | None = None
    answering: bool = False


class Intake:
    """Decides and records deliveries. One call at a time; the caller serialises."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        settings: IntakeSettings,
        *,
        rules_for: RulesFor,
        detected_at: DetectedAt | None = None,
        decoder: Callable[[Delivery], Decoded] | None = None,
    ) -> None:
        """`detected_at` defaults to the clock; `decoder` to the codec over `settings.topics`."""
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._rules_for = rules_for
        self._detected_at = detected_at
        self._decoder = decoder or (lambda delivery: decode(delivery, settings.topics))
        self._closing = Closing(ledger, clock, rules_for)
        self._failed: Failed = frozenset()
        self.firsts: Mapping[TopicPartition, int] = {}  # at the start; see `refuse_gaps`
        self._unclosed: PatientKey | None = None  # whose closed day the ledger refused

    async def receive(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Decide a batch in arrival order and record it in one transaction.

        Conflicts are decided again, in halves when others win again and again; an unavailable
        ledger is waited for; a row that the ledger refuses is found by splitting the batch and
        quarantined. Raises LedgerBehind, NewerState, BrokenRelease, RulesDifferError, and Conflict
        that does not end: the worker must stop unacknowledged.
        """
        return await self.settle([(one, self._decode(one)) for one in deliveries])

    async def close_days(self, limit: int = 500) -> list[Receipt]:
        """Close yesterday for at most `limit` patients whose due day has come.

        Returns a receipt for each that was closed; none means that nothing is left to close.
        A patient for whom that fails in our own code is set aside, incomplete, until the next fact.
        """
        days = await self._closing.days(limit)
        if not days:
            return []
        crash_at("ticker")
        receipts = await self.settle([closed_day(*patient, day) for patient, day in days])
        return [receipt for receipt in receipts if receipt.outcome == "applied"]

    def _decode(self, delivery: Delivery) -> Decoded:
        try:
            return self._decoder(delivery)
        except Exception as problem:  # noqa: BLE001 - any error of ours is this delivery's alone
            return own_error(problem, None)

    async def settle(self, batch: Batch) -> list[Receipt]:
        """Record decoded deliveries, as `receive` does."""
        crash_at("decoded")
        wait, conflicts = BACKOFF_FIRST_SECONDS, 0
        while True:
            try:
                return await self._attempt(batch)
            except Conflict:
                conflicts += 1
                if conflicts >= CONFLICTS_IN_A_ROW_MAX:
                    raise
                if conflicts >= CONFLICTS_UNDIVIDED_MAX and len(batch) > 1:
                    return await self._halves(batch)
                log.info("another writer was first: the batch is decided again")
                await asyncio.sleep(random.uniform(0, BACKOFF_FIRST_SECONDS))  # noqa: S311 - jitter
            except Unavailable as problem:
                log.warning("the ledger is not available (%s): trying again", problem)
                await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - jitter
                wait = min(2 * wait, BACKOFF_MAX_SECONDS)
            except RefusedRow as problem:
                return await self._split(batch, problem)

    async def _split(self, batch: Batch, problem: RefusedRow) -> list[Receipt]:
        """Halve a batch until the one delivery that the ledger refuses is alone."""
        if len(batch) == 1:
            delivery, decoded = batch[0]
            if isinstance(decoded, Rejection) or self._unclosed == patient_of(decoded):
                raise problem
            if delivery.topic == CLOCK_TOPIC:
                return await self._set_aside(batch)
            return await self.settle([(delivery, own_error(problem, decoded))])
        return await self._halves(batch)

    async def _halves(self, batch: Batch) -> list[Receipt]:
        """Settle a batch in two transactions, in its order."""
        middle = len(batch) // 2
        return [*await self.settle(batch[:middle]), *await self.settle(batch[middle:])]

    async def _set_aside(self, batch: Batch) -> list[Receipt]:
        """Flag the patient whose closed day the ledger refuses: it would come again for ever."""
        log.error("a day could not be closed (refused by the ledger): its patient is set aside")
        try:
            self._unclosed = next(patient_of(one) for _, one in batch if isinstance(one, Event))
            return await self.settle(batch)
        finally:
            self._unclosed = None

    async def _attempt(self, batch: Batch) -> list[Receipt]:
        loaded = await self._load(batch)
        given = [delivery for delivery, _ in batch]
        refuse_gaps(given, loaded.offsets, self._settings.gaps_allowed, self.firsts)
        refuse_moved(loaded.states.values(), self._settings.rules_known)
        at = self._clock.now()
        fold = Fold(
            loaded,
            rules_for=self._rules_for,
            detected_at=self._detected_at or (lambda _event, _before: at),
            deployment=self._settings.deployment,
            answering=self._settings.answering,
        )
        failed = self._failed
        for delivery, decoded in batch:
            failed = self._take(fold, delivery, decoded, at, failed)
        offsets = advances(
            [one for one in fold.receipts if one.delivery.topic != CLOCK_TOPIC],
            loaded.offsets,
        )
        await self._ledger.record(fold.changes(self._settings.group, offsets))
        self._failed = failed
        return fold.receipts

    def _take(
        self,
        fold: Fold,
        delivery: Delivery,
        decoded: Decoded,
        at: datetime.datetime,
        failed: Failed,
    ) -> Failed:
        """Fold one delivery; an error of our own quarantines it and flags its patient."""
        event = decoded if isinstance(decoded, Event) else None
        if event is not None and self._unclosed == patient_of(event):
            _flag(fold, patient_of(event))
            return failed
        try:
            if reason := fold.take(delivery, decoded, at):
                log.error("a day could not be closed (%s): its patient is set aside", reason)
        except NewerState:
            raise
        except Exception as problem:  # noqa: BLE001 - any error of ours is this delivery's alone
            decoded = own_error(problem, event)
            flags = delivery.topic == CLOCK_TOPIC or fold.refuse(delivery, decoded, at, event)
            if event is not None and flags:
                _flag(fold, patient_of(event))
        if isinstance(decoded, Event) or decoded.reason is not Reason.PROCESSING_ERROR:
            return frozenset()
        # One patient whose facts break the rules must not stop all others.
        failed |= {
            patient_of(event) if event else (delivery.topic, delivery.partition, delivery.offset)
        }
        if len(failed) >= FAILED_IN_A_ROW_MAX:
            raise BrokenRelease("for many patients in a row the monitor's own code failed")
        return failed

    async def _load(self, batch: Batch) -> Loaded:
        return await touched(self._ledger, self._settings.group, batch)


def _flag(fold: Fold, patient: PatientKey) -> None:
    try:
        fold.flag_broken(patient)
    except ValueError:
        log.error("a patient's stored state cannot be read: it is left as it is")  # noqa: TRY400
