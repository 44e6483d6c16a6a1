"""How the worker ends: orderly within a limit, or at once without acknowledging anything."""

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Callable

from monitor.exits import Exit, ExpectedError, RulesDifferError, StartRefusedError, raised_at
from monitor.ledger.port import LedgerBehind, LedgerError

logger = logging.getLogger(__name__)

LEDGER_BEHIND_ADVICE = (
    "Was the database restored to an earlier point? A restart does not help; runbook: ledger-behind"
)
DRAIN_SECONDS_MAX = 8.0  # SIGTERM to exit at the latest; orchestrators kill after 10 s or more


def end_now(error: BaseException) -> None:
    """End the process without acknowledging anything: the supervisor starts it again.

    The log names the type of the error and where it was raised, not its text, which may hold a
    patient's values: only that of the ledger's errors, and of a refusal to work, never does.
    """
    code = exit_code(error)
    logger.critical(
        "stopped: %s at %s; nothing was acknowledged (exit %d, %s)",
        type(error).__qualname__,
        raised_at(error),
        code,
        code.name,
    )
    if isinstance(error, LedgerBehind):  # its text names partitions and offsets only
        logger.critical("%s. %s", error, LEDGER_BEHIND_ADVICE)
    elif isinstance(error, StartRefusedError | RulesDifferError | LedgerError):
        # Their texts name topics, studies, commands and kinds of errors only.
        logger.critical("%s", error)
    _leave(code)


def exit_code(error: BaseException) -> Exit:
    """Return the exit code that tells the supervisor what kind of error ended the worker."""
    if isinstance(error, LedgerBehind):
        return Exit.LEDGER_BEHIND
    return error.code if isinstance(error, ExpectedError) else Exit.UNEXPECTED


def _leave(code: Exit) -> None:
    logging.shutdown()
    os._exit(code)


class Stop:
    """Remembers that somebody asked the worker to end, and sets the time limit for it."""

    def __init__(self, leave: Callable[[Exit], None] = _leave) -> None:
        self._asked = asyncio.Event()
        self._leave = leave
        self._is_done = False

    @property
    def asked(self) -> bool:
        """True from the moment that a signal came."""
        return self._asked.is_set()

    async def wait(self) -> None:
        """Return when the worker was asked to end."""
        await self._asked.wait()

    def on_signals(self) -> None:
        """Let SIGTERM and SIGINT ask; the second SIGINT ends at once, as people expect."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.ask)

    def ask(self) -> None:
        """Ask the worker to end; a batch that hangs past the limit is left unacknowledged."""
        if self.asked:
            self._past_limit()
            return
        logger.info("stopping: the batch in hand is finished first")
        self._asked.set()
        # A thread, since the event loop itself may be what hangs.
        limit = threading.Timer(DRAIN_SECONDS_MAX, self._past_limit)
        limit.daemon = True
        limit.start()

    def done(self) -> None:
        """Say that everything ended by itself: past the limit only a thread that reads goes on."""
        self._is_done = True

    def _past_limit(self) -> None:
        if not self._is_done:
            logger.warning(
                "the batch in hand did not end in time; it is left to be delivered again"
            )
        self._leave(Exit.OK)
