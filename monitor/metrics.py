"""What Prometheus is told: counts and times, never a patient, record, key or value."""

from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info

from monitor.differences import Kind
from monitor.wire.delivery import Reason

_BATCH_SECONDS: Final = (0.002, 0.005, 0.01, 0.02, 0.03, 0.06, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BATCH_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


class Metrics:
    """Every metric of the product, in the registry it was given."""

    def __init__(self, registry: CollectorRegistry, version: str) -> None:
        self.registry = registry
        self.events = Counter(
            "ctdna_monitor_events",
            "Deliveries recorded, by outcome and reason of refusal.",
            ("outcome", "reason"),
            registry=registry,
        )
        self.notices = Counter(
            "ctdna_monitor_notices",
            "Notices recorded in the ledger.",
            ("finding",),
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "ctdna_monitor_batch_seconds",
            "Seconds from a batch's begin to its commit.",
            buckets=_BATCH_SECONDS,
            registry=registry,
        )
        self.batch_size = Histogram(
            "ctdna_monitor_batch_size",
            "Deliveries in a batch.",
            buckets=_BATCH_SIZES,
            registry=registry,
        )
        self._add_counters(registry)
        self._add_gauges(registry)
        self._add_audit(registry)
        self._add_quarantine(registry)
        Info("ctdna_monitor_build", "The program's version.", registry=registry).info(
            {"version": version}
        )

    def _add_counters(self, registry: CollectorRegistry) -> None:
        self.relayed = Counter(
            "ctdna_monitor_relayed",
            "Notices and dead letters the broker acknowledged.",
            registry=registry,
        )
        self.failures = Counter(
            "ctdna_monitor_failures",
            "Attempts that failed and are tried again.",
            ("part",),
            registry=registry,
        )

    def _add_gauges(self, registry: CollectorRegistry) -> None:
        self.lag = Gauge(
            "ctdna_monitor_lag",
            "Deliveries in the topic that are not yet acknowledged.",
            ("topic", "partition"),
            registry=registry,
        )
        self.oldest_unpublished = Gauge(
            "ctdna_monitor_oldest_unpublished_seconds",
            "Age of the oldest notice that the broker has not acknowledged; 0 when there is none.",
            registry=registry,
        )
        self.since_commit = Gauge(
            "ctdna_monitor_since_commit_seconds",
            "Seconds since a batch was last committed; since the start before the first.",
            registry=registry,
        )
        self.loop_delay = Gauge(
            "ctdna_monitor_loop_delay_seconds",
            "How late the event loop last woke.",
            registry=registry,
        )

    def _add_audit(self, registry: CollectorRegistry) -> None:
        self._differences = Gauge(
            "ctdna_monitor_audit_differences",
            "What the last audit of every patient found to differ, by kind; must be 0.",
            ("kind",),
            registry=registry,
        )
        self._audited = Gauge(
            "ctdna_monitor_audit_patients",
            "Patients whom the last audit of every patient compared.",
            registry=registry,
        )
        self._audit_end = Gauge(
            "ctdna_monitor_audit_last_full_pass_timestamp_seconds",
            "When the last audit of every patient ended, in Unix time; 0 before the first.",
            registry=registry,
        )
        self.show_audit({}, 0, 0.0)

    def _add_quarantine(self, registry: CollectorRegistry) -> None:
        self._refused_open = Gauge(
            "ctdna_monitor_quarantine_open",
            "Refused deliveries that nothing has settled, by reason.",
            ("reason",),
            registry=registry,
        )
        self._refused_oldest = Gauge(
            "ctdna_monitor_quarantine_oldest_seconds",
            "Age of the oldest of them; 0 when there is none.",
            registry=registry,
        )
        self.show_quarantine({}, 0.0)

    def show_quarantine(self, counts: Mapping[str, int], oldest_s: float) -> None:
        """Show what is open in quarantine; every reason is there, 0 where there is none."""
        for reason in Reason:
            self._refused_open.labels(reason.value).set(counts.get(reason.value, 0))
        self._refused_oldest.set(oldest_s)

    def show_audit(self, differences: Mapping[str, int], patients: int, ended_at: float) -> None:
        """Show what a pass of the audit found; every kind is there, 0 where it found none."""
        for kind in Kind:
            self._differences.labels(kind.value).set(differences.get(kind.value, 0))
        self._audited.set(patients)
        self._audit_end.set(ended_at)

    def count_outcomes(self, outcomes: Mapping[tuple[str, str], int]) -> None:
        """Add deliveries per (outcome, reason); the reason is empty unless refused."""
        for (outcome, reason), count in outcomes.items():
            self.events.labels(outcome, reason).inc(count)

    def count_findings(self, names: Iterable[str]) -> None:
        """Add one notice for each name of a finding."""
        for name in names:
            self.notices.labels(name).inc()
