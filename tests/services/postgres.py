"""A real PostgreSQL: a private cluster on loopback, from installed binaries or else a container."""

import asyncio
import atexit
import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal, Protocol

import asyncpg
import psutil

from tests.services import UnavailableError, free_ports

IMAGE = "postgres:17"
USER = "monitor"
INSTALLED = Path("/usr/lib/postgresql")
START_SECONDS_MAX = 30.0
# It refuses to run as root, so root lends it one of these.
UNPRIVILEGED = ("postgres", "nobody")

StopMode = Literal["fast", "immediate"]
_numbers = itertools.count(1)


class Server(Protocol):
    """A server that can be stopped, killed and started again with the same files and port."""

    port: int

    def start(self) -> None:
        """Start and wait until connections are accepted."""

    def stop(self, mode: StopMode = "fast") -> None:
        """End it: `fast` cleanly, `immediate` so that the next start must recover."""

    def kill(self) -> None:
        """End the server and all its children by SIGKILL."""

    def close(self) -> None:
        """Stop it and throw its files away."""


def find_binaries() -> Path:
    """Return the folder with initdb and pg_ctl, the newest where there are several.

    Raises UnavailableError where no server is installed.
    """
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    installed = [one.parent for one in INSTALLED.glob("*/bin/initdb")]
    if not installed:
        raise UnavailableError("no PostgreSQL server is installed (initdb)")
    return max(installed, key=lambda folder: int(folder.parent.name))


def find_account() -> pwd.struct_passwd | None:
    """Return whom to run it as, None for ourselves; raises UnavailableError for a lone root."""
    if os.geteuid() != 0:
        return None
    for name in UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise UnavailableError("PostgreSQL refuses root, and there is no other account to run it as")


class PrivateCluster:
    """A cluster of its own in a temporary folder; fsync stays on, as in production."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: where to keep its files, a temporary one by default."""
        self._binaries = find_binaries()
        self._account = find_account()
        self.port = free_ports(1)[0]
        self.folder = Path(tempfile.mkdtemp(prefix="monitor-postgres-", dir=folder))
        if self._account:
            os.chown(self.folder, self._account.pw_uid, self._account.pw_gid)
        atexit.register(self.close)
        self._run(
            "initdb", "-U", USER, "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"
        )

    def _run(self, tool: str, *arguments: str) -> None:
        account = self._account
        told = subprocess.run(
            [self._binaries / tool, "-D", self.folder / "cluster", *arguments],
            cwd=self.folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would be kept open by the server that pg_ctl leaves
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if told.returncode != 0:
            raise RuntimeError(f"{tool} failed: {self._log_end()}")

    def _log_end(self) -> str:
        log = self.folder / "server.log"
        return log.read_text()[-1000:] if log.exists() else "no log"

    def start(self) -> None:
        """Start and wait until connections are accepted; raises RuntimeError with the log's end."""
        told = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        log = str(self.folder / "server.log")
        # In a session of its own, so that Ctrl-C reaches the tests only.
        self._run("pg_ctl", "start", "-w", "-t", str(int(START_SECONDS_MAX)), "-l", log, "-o", told)

    def stop(self, mode: StopMode = "fast") -> None:
        """End it: `fast` cleanly, `immediate` so that the next start must recover."""
        self._run("pg_ctl", "stop", "-w", "-m", mode)

    def kill(self) -> None:
        """End the server and all its children by SIGKILL, as a power cut would."""
        server = psutil.Process(int(self._pid_file.read_text().split()[0]))
        family = [server, *server.children(recursive=True)]
        for one in family:
            one.kill()
        psutil.wait_procs(family, timeout=10)

    @property
    def _pid_file(self) -> Path:
        return self.folder / "cluster" / "postmaster.pid"

    def close(self) -> None:
        """Stop it and remove its folder; more than once does no harm."""
        if self._pid_file.exists():
            with contextlib.suppress(RuntimeError):  # killed before: only the pid file is left
                self.stop("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def server_url(server: Server, database: str = "postgres") -> str:
    """Return the SQLAlchemy URL of one database of the server."""
    return f"postgresql+asyncpg://{USER}@127.0.0.1:{server.port}/{database}"


def execute(server: Server, statement: str) -> None:
    """Run one statement in the maintenance database."""

    async def run() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=server.port, user=USER, database="postgres"
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    # On a loop of its own: the caller may or may not be inside a running one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, run()).result()


def create_database(server: Server) -> str:
    """Make an empty database with a name of its own and return its name."""
    name = f"test_{next(_numbers)}"
    execute(server, f"CREATE DATABASE {name} TEMPLATE template0")
    return name


def drop_database(server: Server, name: str) -> None:
    """Drop a database together with whatever connections are left to it."""
    execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def _wait_accepting(server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while True:
        try:
            return execute(server, "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def open_server() -> Server:
    """Return a started server: from installed binaries, or else from a container.

    Raises UnavailableError with one line that says what is missing.
    """
    server: Server
    try:
        server = PrivateCluster()
    except UnavailableError as no_binaries:
        # Only machines without PostgreSQL need the container client at all.
        from tests.services.containers import PostgresContainer  # noqa: PLC0415

        try:
            server = PostgresContainer(IMAGE, USER)
        except UnavailableError as no_engine:
            raise UnavailableError(f"no PostgreSQL: {no_binaries}, and {no_engine}") from no_engine
    server.start()
    _wait_accepting(server)
    return server
