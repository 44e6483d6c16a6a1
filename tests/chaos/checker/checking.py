"""All checks, over the evidence of one run."""

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from tests.chaos.checker import inbox, notices, offsets
from tests.chaos.checker.evidence import Evidence, Kind, Violation
from tests.chaos.checker.seen import Seen

FACTS_HERE_MAX = 5_000  # more of them are shared out among all cores

Check = Callable[[Seen], Iterator[Violation]]
CHECKS: Sequence[Check] = (
    inbox.acknowledged_messages_are_on_their_topic,
    inbox.every_message_comes_to_one_end,
    inbox.every_event_has_one_row,
    inbox.rows_hold_the_bytes_that_were_sent,
    inbox.columns_say_what_the_bytes_say,
    inbox.closed_days_are_over,
    inbox.arrivals_are_numbered,
    inbox.records_stand_as_their_versions_say,
    notices.notices_are_as_the_rules_say,
    notices.notices_are_well_formed,
    notices.notices_are_published,
    notices.first_occurrences_are_in_sequence,
    notices.dead_letters_carry_the_original,
    notices.the_same_findings_stand,
    offsets.everything_is_recorded,
    offsets.counts_add_up,
    offsets.nothing_is_committed_beyond_the_ledger,
    offsets.the_ledger_goes_forward,
    offsets.nothing_stalls,
    offsets.all_is_settled_in_time,
    offsets.the_audit_trail_is_whole,
)


def violations(evidence: Evidence) -> list[Violation]:
    """Every broken promise, with what broke it; 2 to 3 ms of CPU for each accepted event."""
    many = len(evidence.accepted) > FACTS_HERE_MAX
    seen = Seen(evidence, workers=(os.cpu_count() or 1) if many else 0)
    return list(chain.from_iterable(_found(check, seen) for check in CHECKS))


def _found(check: Check, seen: Seen) -> list[Violation]:
    """What a check finds; rows that it cannot even read are a finding as well."""
    try:
        return list(check(seen))
    except Exception as problem:  # noqa: BLE001 - whatever it is, the evidence made it
        where = "".join(traceback.format_exception(problem)[-2:])
        return [Violation(Kind.WRONG, f"{check.__name__} could not be done: {where}")]
