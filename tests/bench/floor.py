"""The least that any consumer in this language does: consume, decode, drop. Run as a program.

`python -m tests.bench.floor BROKER EVENTS` prints its cost as JSON.
"""

import asyncio
import json
import sys
from dataclasses import asdict

from aiokafka import AIOKafkaConsumer

from monitor.settings import KafkaSettings
from monitor.wire.codec import decode
from monitor.wire.delivery import Delivery
from tests.bench.meter import Cost, metered

BATCH = 500


async def consume(bootstrap: str, events: int) -> Cost:
    """Take what lies in the input topics; the clock begins after the first messages came."""
    topics = KafkaSettings().inputs
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    cost = Cost()
    try:
        while not await consumer.getmany(timeout_ms=1000, max_records=1):
            pass
        while cost.events < events - 1:
            with metered(cost):
                for some in (await consumer.getmany(timeout_ms=1000, max_records=BATCH)).values():
                    for one in some:
                        place = (one.topic, one.partition, one.offset)
                        decode(Delivery(*place, one.key, one.headers, one.value), topics)
                    cost.events += len(some)
    finally:
        await consumer.stop()
    return cost


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(consume(sys.argv[1], int(sys.argv[2]))))))
