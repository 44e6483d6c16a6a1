"""A monitor that was lost, and a database made of what it read and told."""

from collections.abc import Mapping, Sequence

from monitor.adoption import Adoption
from monitor.clinical.transitions import Ruleset
from monitor.clock import FixedClock
from monitor.intake import IntakeSettings
from monitor.ledger.archive import Archive, Published
from monitor.ledger.entries import NoticeRow, Outgoing, PatientKey
from monitor.rebuilding import Turn
from monitor.rulesets import Rulesets
from monitor.wire.delivery import Delivery
from tests.clinical.facts import Given, sample
from tests.intake.desk import GROUP, NOON, TOPICS, Desk, memory
from tests.reconciliation.story import LATER, SINGLE, STORY, archive, publish

CLOCK = FixedClock(NOON)
MOVED = sample(100, "detected", "s1").but(version=2, patient_id="P-2")


def given() -> list[Given]:
    second = [one.but(patient_id="P-2", record_id=f"{one.record_id}.2") for one in STORY]
    conflict = sample(41, "detected", "s0").but(version=3)
    return [*STORY, *LATER[:2], conflict, *second, MOVED]


class Before:
    """The monitor that was lost: what it read, and what it told."""

    def __init__(self) -> None:
        self.desk = Desk(memory(), rules=SINGLE)
        self.deliveries: list[Delivery] = []
        self.sent: list[Outgoing] = []

    async def live(self) -> None:
        self.deliveries = [self.desk.delivery(one) for one in given()]
        await self.desk.intake.receive(self.deliveries)
        while await self.desk.intake.close_days():
            pass
        self.sent = await publish(archive(self.desk.ledger))

    def by_topic(self) -> list[Delivery]:
        """As another reader gets them: topic after topic."""
        return sorted(self.deliveries, key=lambda one: (one.topic, one.offset))


def messages(sent: Sequence[Outgoing]) -> list[tuple[Delivery, Published]]:
    return [
        (
            Delivery("t.monitor.notices", 0, offset, one.key, tuple(one.headers), one.value),
            Published(NOON, 0, offset),
        )
        for offset, one in enumerate(sent)
    ]


def adoption(
    ledger: Archive, deployment: str = "test", rules: Mapping[str, Ruleset] | None = None
) -> Adoption:
    place, rulesets = IntakeSettings(GROUP, deployment, TOPICS), Rulesets(SINGLE)
    if rules is not None:
        rulesets.use(rules)
    return Adoption(ledger, rulesets, CLOCK, place, Turn(ledger, CLOCK, "me"))


async def adopt(
    ledger: Archive, deliveries: Sequence[Delivery], sent: Sequence[Outgoing]
) -> list[NoticeRow]:
    """All of it; what is held at the end."""
    making = adoption(ledger)
    await making.begin("Dr A", "drill")
    await making.take_notices(messages(sent))
    await making.take(deliveries)
    await making.close_days()
    for patient in await ledger.everybody():
        await making.adopt(patient)
    await making.finish("Dr A", "drill", {})
    await ledger.release_lease("rebuild", "me")
    return await ledger.held()


async def unsent(ledger: Archive) -> list[object]:
    """Ids of notices; dead letters are sent again."""
    return [one.row_key[0] for one in await ledger.unsent(100) if one.kind == "notice"]


async def standing(ledger: Archive) -> dict[PatientKey, object]:
    desk = Desk(ledger, rules=SINGLE)
    return {
        patient: (await desk.timeline(patient))["standing_findings"]
        for patient in await ledger.everybody()
    }
