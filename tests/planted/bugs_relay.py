"""Bugs of the relay and the outbox: what is sent, when, in which order, and what is marked."""

from tests.planted.bug import bug

BUGS = (
    bug(
        "relay marks before acknowledgement",
        "Notices are marked as sent when they are given to the client.",
        (
            "relay.py",
            """\
        for outgoing in some:
            topic = outgoing.topic
""",
            """\
        given = [Sent(outgoing, NOWHERE, NOWHERE) for outgoing in some]
        await self._ledger.mark_sent(given, self._clock.now())
        for outgoing in some:
            topic = outgoing.topic
""",
        ),
    ),
    bug(
        "refused send marked",
        "What the broker did not acknowledge is marked as sent, and never sent again.",
        (
            "relay.py",
            """\
                self._refused[f"{outgoing.kind}, {type(problem).__name__}"] += 1
                break
""",
            """\
                self._refused[f"{outgoing.kind}, {type(problem).__name__}"] += 1
                place = (NOWHERE, NOWHERE)
""",
        ),
    ),
    bug(
        "relay out of order after a failed send",
        "After a failed send the patient's next notice is sent all the same.",
        (
            "relay.py",
            """\
                self._refused[f"{outgoing.kind}, {type(problem).__name__}"] += 1
                break
""",
            """\
                self._refused[f"{outgoing.kind}, {type(problem).__name__}"] += 1
                continue
""",
        ),
    ),
    bug(
        "lease never renewed",
        "A relay that once held the lease goes on without looking at it again.",
        (
            "relay.py",
            "        if now - self._renewed_at < LEASE_SECONDS / 3:\n",
            "        if self._renewed_at >= 0:\n",
        ),
    ),
    bug(
        "lease asked and not heeded",
        "A relay asks for the lease and sends, whatever the answer is.",
        (
            "relay.py",
            "        return held\n",
            "        return True\n",
        ),
    ),
    bug(
        "resend with other bytes",
        "Every sending carries the moment of its own.",
        (
            "relay.py",
            "                    topic, outgoing.key, outgoing.value, outgoing.headers\n",
            """\
                    topic,
                    outgoing.key,
                    outgoing.value,
                    [*outgoing.headers, ("sent", str(self._clock.now()).encode())],
""",
        ),
    ),
    bug(
        "notice keyed by itself",
        "A patient's notices go to different partitions, where no order holds between them.",
        (
            "ledger/outgoing.py",
            "    return Outgoing(NOTICE, (notice_id,), key, NOTICES_TOPIC, key, headers, value)\n",
            """\
    own = notice_id.encode()
    return Outgoing(NOTICE, (notice_id,), key, NOTICES_TOPIC, own, headers, value)
""",
        ),
    ),
)
