"""`monitor worker`: the live monitor, until SIGTERM or Ctrl-C."""

import logging
import sys

import typer

from monitor.exits import ConfigurationError

app = typer.Typer(add_completion=False)

LINE = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@app.command()
def worker() -> None:
    """Consume the three input topics, decide, commit, publish notices.

    Settings come from CTDNA_MONITOR_ variables (`monitor config show`). SIGTERM ends it within
    10 s; nothing is acknowledged that was not committed.

    Exit code 0; 3 configuration; 69 broker or database away at the start; 70 unexpected, restart;
    75 the ledger is behind Kafka, do not restart; 76 its rules are not the active
    ones; 78 topics or database are not as needed.
    """
    from monitor import settings
    from monitor.rulesets import RulesInvalid
    from monitor.stream.runner import run_worker
    from monitor.wiring import open_duties

    loaded = settings.load()
    logging.basicConfig(stream=sys.stderr, level=loaded.log_level, format=LINE)
    try:
        code = run_worker(loaded, open_duties)
    except RulesInvalid as error:
        raise ConfigurationError(str(error)) from error
    raise typer.Exit(code)
