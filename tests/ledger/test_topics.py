"""Which topics the offsets belong to, in every home of the ledger: remembered once."""

from monitor.ledger.entries import TopicIdentity
from monitor.ledger.port import Ledger
from tests.ledger.samples import GROUP, TOPIC


async def test_a_topic_stays_the_one_that_was_known_first(ledger: Ledger) -> None:
    assert await ledger.topics(GROUP) == {}
    first = {TOPIC: TopicIdentity("aaa", 12), "other": TopicIdentity(None, 3)}
    await ledger.remember_topics(GROUP, first)
    again = {TOPIC: TopicIdentity("bbb", 6), "third": TopicIdentity("ccc", 1)}
    await ledger.remember_topics(GROUP, again)
    await ledger.remember_topics(GROUP, {})
    assert await ledger.topics(GROUP) == {**again, **first}
    assert await ledger.topics("another group") == {}
