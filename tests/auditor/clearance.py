"""Clearance tracking of one stream of ctDNA results (clinical-rules 4.5, "armed")."""

from typing import Any

from tests.auditor.values import Found, Record, days, rule


class Tracking:
    """Armed or not; the first negative since, how many there were, and whether it is sustained."""

    def __init__(self, rules: dict[str, Any]) -> None:
        self._rules = rules
        self._armed = False
        self._first: Record | None = None
        self._negatives = 0
        self._sustained = False

    def arm(self) -> None:
        """A baseline positive, a confirmed run that ends, or a therapy that ends a run."""
        self._armed, self._first, self._negatives, self._sustained = True, None, 0, False

    def lose(self) -> bool:
        """A run starts: true (and disarmed) when a clearance had been found before."""
        if self._first is None:
            return False
        self.arm()
        self._armed = False
        return True

    def negative(self, record: Record) -> Found | None:
        """A counted negative: the clearance that it makes, if any."""
        if not self._armed or self._sustained:
            return None
        self._negatives += 1
        if self._first is None:
            self._first = record
            return Found("CTDNA_CLEARANCE_PROVISIONAL", record.clinical_day, [record.key])
        span = days(self._first.clinical_day, record.clinical_day)
        enough = self._negatives >= rule(self._rules, "ctdna.clearance.n")
        if not enough or span < rule(self._rules, "ctdna.clearance.min_span"):
            return None
        self._sustained = True
        evidence = [self._first.key, record.key]
        return Found("CTDNA_CLEARANCE_SUSTAINED", self._first.clinical_day, evidence)
