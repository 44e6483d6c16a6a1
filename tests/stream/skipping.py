"""A worker whose first batch meets a new generation: what is skipped then must stay uncommitted."""

import asyncio
import os
from typing import cast

import faust

from monitor.settings import KafkaSettings, Settings
from monitor.stream.agents import input_topics
from monitor.stream.app import HeldEvent, build_app


async def main() -> None:
    kafka = KafkaSettings(bootstrap_servers=os.environ["BROKER"])
    settings = Settings(kafka=kafka)
    app = build_app(settings)
    first = asyncio.Event()

    async def consume(stream: faust.StreamT[bytes]) -> None:
        async for event in cast("faust.Stream[bytes]", stream).noack().events():
            assert isinstance(event, HeldEvent)
            if not first.is_set():
                await asyncio.sleep(1)  # until the others wait in the queue
                event.committed = True
                event.ack()
                app.consumer_generation_id += 1
                first.set()

    app.agent(input_topics(app, settings), concurrency=1)(consume)
    await app.start()
    await first.wait()
    await asyncio.sleep(2 * kafka.commit_interval_s + 0.5)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
