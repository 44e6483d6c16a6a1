"""The fault proxy does to a connection what it is told, and nothing else."""

import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from tests.chaos.commits import CommitSpotter
from tests.chaos.proxy import Link, Proxy
from tests.chaos.toxics import HEALTHY, Toxic
from tests.services import free_ports


class Echo(threading.Thread):
    """Answers every connection with what it sends, and remembers it."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.plug = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.plug.getsockname()[1]
        self.heard = b""
        self.ended = threading.Event()

    def run(self) -> None:
        while True:
            try:
                client, _ = self.plug.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(client,), daemon=True).start()

    def _answer(self, client: socket.socket) -> None:
        with client:
            try:
                while chunk := client.recv(65_536):
                    self.heard += chunk
                    client.sendall(chunk)
            except OSError:
                pass
        self.ended.set()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    server.start()
    yield server
    server.plug.close()


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


def connect(link: Link) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", link.port), timeout=5)
    client.settimeout(5)
    return client


def ask(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    found = b""
    while len(found) < len(text):
        part = client.recv(65_536)
        if not part:
            break
        found += part
    return found


def is_over(client: socket.socket) -> bool:
    """Tell whether the other side has ended the connection, in whatever way."""
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def simple(text: bytes) -> bytes:
    return b"Q" + struct.pack("!i", len(text) + 5) + text + b"\0"


def message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


STARTUP = struct.pack("!ii", 8, 80877103) + struct.pack("!ii", 9, 196608) + b"\0"


def test_bytes_pass_unchanged(proxy: Proxy, echo: Echo) -> None:
    link = proxy.add(echo.port)
    long = bytes(range(256)) * 4_000
    with connect(link) as client:
        assert ask(client, b"one") == b"one"
        assert ask(client, long) == long


def test_latency_and_bandwidth_take_their_time(proxy: Proxy, echo: Echo) -> None:
    link = proxy.add(echo.port)
    proxy.set(link, Toxic(latency_s=0.1, bytes_per_s=100_000))
    with connect(link) as client:
        began = time.monotonic()
        assert ask(client, b"x" * 20_000) == b"x" * 20_000
    assert 0.6 <= time.monotonic() - began < 3  # 0.1 s and 0.2 s, each way


def test_a_held_way_keeps_its_bytes_until_it_is_healed(proxy: Proxy, echo: Echo) -> None:
    link = proxy.add(echo.port)
    with connect(link) as client:
        assert ask(client, b"before") == b"before"
        proxy.set(link, Toxic(held=frozenset({"down"})))
        client.sendall(b"late")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(10)
        assert echo.heard == b"beforelate"  # the other way goes on
        proxy.set(link)
        client.settimeout(5)
        assert client.recv(10) == b"late"


def test_a_toxic_reaches_only_whom_it_is_for(proxy: Proxy, echo: Echo) -> None:
    link = proxy.add(echo.port)
    with connect(link) as one, connect(link) as other:
        mine = one.getsockname()[1]
        proxy.set(link, Toxic(held=frozenset({"up"}), only=lambda port: port == mine))
        one.sendall(b"held")
        assert ask(other, b"free") == b"free"
        assert echo.heard == b"free"
        proxy.set(link)
        assert one.recv(10) == b"held"


def test_a_reset_is_one(proxy: Proxy, echo: Echo) -> None:
    link = proxy.add(echo.port)
    with connect(link) as client:
        assert ask(client, b"x") == b"x"
        assert proxy.end_all(link, reset=True) == 1
        with pytest.raises(ConnectionResetError):
            client.recv(1)


def test_a_cut_ends_and_refuses_until_it_is_healed(proxy: Proxy, echo: Echo) -> None:
    link = proxy.add(echo.port)
    with connect(link) as client:
        assert ask(client, b"x") == b"x"
        proxy.set(link, Toxic(refuses=True))
        proxy.end_all(link, reset=False)
        assert client.recv(1) == b""
    with connect(link) as refused:
        assert is_over(refused)
    proxy.set(link, HEALTHY)
    with connect(link) as again:
        assert ask(again, b"z") == b"z"


def test_a_server_that_is_away_ends_its_clients(proxy: Proxy) -> None:
    link = proxy.add(free_ports(1)[0])
    with connect(link) as client:
        assert is_over(client)


def test_the_server_has_the_commit_and_the_client_no_answer(proxy: Proxy, echo: Echo) -> None:
    link = proxy.add(echo.port, database=True)
    before = STARTUP + simple(b"BEGIN;")
    heard: list[int] = []
    with connect(link) as client:
        assert ask(client, before) == before
        link.commits.left, link.commits.told = 1, heard.append
        mine = client.getsockname()[1]
        client.sendall(simple(b"COMMIT;") + simple(b"SELECT 1"))
        assert is_over(client)
    assert echo.ended.wait(5)
    assert echo.heard == before + simple(b"COMMIT;")
    assert heard == [mine]
    with connect(link) as client:
        again = STARTUP + simple(b"COMMIT;")
        assert ask(client, again) == again


def test_a_commit_is_found_however_it_is_cut_into_pieces() -> None:
    whole = STARTUP + simple(b"SELECT 'COMMIT'") + simple(b"commit;")
    for size in (1, 2, 7, len(whole)):
        spotter = CommitSpotter()
        ends = [
            begin + end
            for begin in range(0, len(whole), size)
            for end in spotter.feed(whole[begin : begin + size])
        ]
        assert ends == [len(whole)]


def test_a_prepared_commit_ends_with_its_sync() -> None:
    spotter = CommitSpotter()
    parsed = message(b"P", b"s1\0COMMIT\0\0\0") + message(b"P", b"s2\0SELECT 1\0\0\0")
    assert spotter.feed(STARTUP + parsed) == []
    other = message(b"B", b"\0s2\0") + message(b"E", b"\0\0\0\0\0") + message(b"S", b"")
    assert spotter.feed(other) == []
    own = message(b"B", b"\0s1\0") + message(b"E", b"\0\0\0\0\0") + message(b"S", b"")
    assert spotter.feed(own) == [len(own)]


def test_links_of_one_proxy_are_apart(proxy: Proxy, echo: Echo) -> None:
    one, other = proxy.add(echo.port), proxy.add(echo.port)
    proxy.set(one, Toxic(refuses=True))
    with connect(other) as client:
        assert ask(client, b"x") == b"x"
