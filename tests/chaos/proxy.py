"""A TCP proxy that spoils the network between clients and servers, in a thread of its own.

Bytes are never invented and never lost within a connection that lives on: as under TCP, what a
fault holds back comes late, or the connection ends.
"""

import asyncio
import concurrent.futures
import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tests.chaos.commits import CommitSpotter
from tests.chaos.toxics import HEALTHY, Commits, Toxic, Way

CHUNK_BYTES = 65_536
T = TypeVar("T")


@dataclass(eq=False)
class _Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    port: int
    met: dict[Toxic, bool] = field(default_factory=dict)
    spotter: CommitSpotter | None = None


class Link:
    """One port that leads to one server. Its methods are for the proxy's own thread."""

    def __init__(self, target: int, rng: random.Random, *, database: bool) -> None:
        self.target = target
        self.port = 0
        self.forwarded = 0
        self.toxic = HEALTHY
        self.commits = Commits()
        self._rng = rng
        self._database = database
        self._changed = asyncio.Event()
        self._open: set[_Connection] = set()
        self._server: asyncio.Server | None = None

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def set(self, toxic: Toxic) -> None:
        """Put another toxic in the place of the one before."""
        self.toxic = toxic
        self._changed.set()
        self._changed = asyncio.Event()

    def end_all(self, *, reset: bool, only: Callable[[int], bool] | None = None) -> int:
        """End every open connection, by RST or by FIN; returns how many."""
        ended = [one for one in self._open if only is None or only(one.port)]
        for one in ended:
            _end(one, reset=reset)
        return len(ended)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.end_all(reset=True)

    async def _accept(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        port = client.get_extra_info("peername")[1]
        try:
            if self.toxic.refuses and (self.toxic.only is None or self.toxic.only(port)):
                raise ConnectionError
            back, server = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            client.transport.abort()
            return
        one = _Connection(client, server, port, spotter=CommitSpotter() if self._database else None)
        self._open.add(one)
        ways = (self._carry(one, "up", reader, server), self._carry(one, "down", back, client))
        both = [asyncio.create_task(way) for way in ways]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        _end(one, reset=False)
        self._open.discard(one)

    async def _carry(
        self, one: _Connection, way: Way, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Forward one way until it ends; the queue lets bytes travel while others set out."""
        travelling: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(256)
        arriving = asyncio.create_task(self._arrive(one, way, travelling, writer))
        loop, latest = asyncio.get_running_loop(), 0.0
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                toxic = self._of(one)
                delay = toxic.latency_s + self._rng.uniform(-1, 1) * toxic.jitter_s
                latest = max(latest, loop.time() + delay)
                await travelling.put((latest, chunk))
            await travelling.put((latest, b""))
            await arriving
        except OSError:
            pass
        finally:
            arriving.cancel()

    async def _arrive(
        self,
        one: _Connection,
        way: Way,
        travelling: asyncio.Queue[tuple[float, bytes]],
        writer: asyncio.StreamWriter,
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await travelling.get()
            await asyncio.sleep(due - loop.time())
            while way in self._of(one).held:
                await self._changed.wait()
            if not chunk:
                return
            if rate := self._of(one).bytes_per_s:
                await asyncio.sleep(len(chunk) / rate)
            if way == "up" and one.spotter is not None and self._cuts(one, chunk):
                return
            with contextlib.suppress(OSError):
                writer.write(chunk)
                await writer.drain()
            self.forwarded += len(chunk)

    def _of(self, one: _Connection) -> Toxic:
        toxic = self.toxic
        if toxic.only is None:
            return toxic
        if toxic not in one.met:
            one.met = {toxic: toxic.only(one.port)}
        return toxic if one.met[toxic] else HEALTHY

    def _cuts(self, one: _Connection, chunk: bytes) -> bool:
        """Forward up to a COMMIT that is to be the last word; True when the connection is over."""
        ends = one.spotter.feed(chunk) if one.spotter else []
        self.commits.seen += len(ends)
        if not ends or self.commits.left <= 0:
            return False
        self.commits.left -= 1
        self.commits.done += 1
        one.server.write(chunk[: ends[0]])
        if self.commits.told is not None:
            self.commits.told(one.port)
        one.client.transport.abort()  # the client never hears the answer
        if one.server.can_write_eof():
            one.server.write_eof()  # the server has the COMMIT and is not torn away from it
        return True


def _end(one: _Connection, *, reset: bool) -> None:
    for writer in (one.client, one.server):
        plug = writer.get_extra_info("socket")
        with contextlib.suppress(OSError):
            if reset and plug is not None:
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            writer.close()


class Proxy:
    """The thread with its links; every method may be called from any other thread."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.links: list[Link] = []

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        waiting: concurrent.futures.Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        return waiting.result(30)

    def add(self, target: int, *, database: bool = False) -> Link:
        """Open a port that leads to another one."""

        async def made() -> Link:
            link = Link(target, self._rng, database=database)
            await link.listen()
            return link

        link = self._call(made())
        self.links.append(link)
        return link

    def set(self, link: Link, toxic: Toxic = HEALTHY) -> None:
        """Spoil a link, or heal it."""

        async def change() -> None:
            link.set(toxic)

        self._call(change())

    def end_all(self, link: Link, *, reset: bool, only: Callable[[int], bool] | None = None) -> int:
        """End a link's open connections by RST or FIN; returns how many."""

        async def end() -> int:
            return link.end_all(reset=reset, only=only)

        return self._call(end())

    def close(self) -> None:
        """End everything; the thread with it."""
        for link in self.links:
            self._call(link.close())
        self._call(_all_done())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


async def _all_done() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
