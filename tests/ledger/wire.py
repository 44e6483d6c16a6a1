"""A way to the server that breaks when told to."""

import asyncio

from sqlalchemy import make_url

from monitor.ledger.engine import open_engine
from monitor.ledger.sql import SqlLedger


class Wire:
    """A way to the server that swallows the answer to the next COMMIT, and then breaks."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._carriers: list[asyncio.Task[None] | None] = []
        self.cut = False
        self.deaf = False

    async def open(self) -> int:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def ledger(self, url: str) -> SqlLedger:
        through = make_url(url).set(port=await self.open()).render_as_string(hide_password=False)
        return SqlLedger(open_engine(f"{through}?sslmode=disable"))

    async def close(self) -> None:
        self._server.close()
        await asyncio.wait([task for task in self._carriers if task is not None])

    async def _carry(self, near: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        self._carriers.append(asyncio.current_task())
        back, far = await asyncio.open_connection("127.0.0.1", self._port)
        answers = asyncio.ensure_future(self._answers(back, out))
        while asked := await near.read(65536):
            if self.cut and b"COMMIT;" in asked:
                answers.cancel()
                await asyncio.wait([answers])
                far.write(asked)
                await back.read(65536)  # the answer: the server has committed
                self.cut = False
                break
            far.write(asked)
        answers.cancel()
        for end in (far, out):
            end.close()
            await end.wait_closed()

    async def _answers(self, back: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        while answer := await back.read(65536):
            out.write(answer)
        if not self.deaf:
            out.close()
