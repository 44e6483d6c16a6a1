"""The `monitor` command: finds the command asked for, and says plainly what went wrong."""

import importlib
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

import typer

from monitor.exits import Exit, ExpectedError


class Entry(NamedTuple):
    """A command, known here by name only: its module is imported when it is asked for."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Entry("demo", "demo", "Show it all at work: an embedded broker, SQLite, example events."),
    Entry("worker", "worker", "Consume the input topics, decide, commit, publish notices."),
    Entry("notices", "notices", "Show the notices in the database, oldest first."),
    Entry("timeline", "timeline", "Show one patient's timeline from the database."),
    Entry("evaluate", "evaluate", "Run files of events through the same rules, without a broker."),
    Entry("validate", "validate", "Say of files of events what the worker would say of each line."),
    Entry("publish", "publish", "Send files of events to Kafka; say what was acknowledged."),
    Entry("convert", "convert", "Make events of SDTM tables or of a laboratory's spreadsheet."),
    Entry("doctor", "doctor", "Look at broker, topics, database and rules; say what to do."),
    Entry("rulebook", "rulebook", "Print every rule, threshold, criterion and table."),
    Entry("rules", "rules", "Check a study's rules, see what a change would say, activate it."),
    Entry("audit", "audit", "Compare states, notices and their topic with the accepted events."),
    Entry("rebuild", "rebuild", "Make states and notices good again; nothing is sent."),
    Entry("dlq", "dlq", "List refused deliveries, send them once more, or give them up."),
    Entry("topics", "topics", "Make the topics that the worker needs."),
    Entry("db", "db", "Bring the database to this program's tables."),
    Entry("config", "config", "Show the settings and the variables that set them."),
    Entry("schema", "schema", "Write or check the JSON Schemas of what goes in and out."),
)

app = typer.Typer(
    name="monitor",
    help="Watches ctDNA results and imaging reads on Kafka and says who needs attention, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _forward(entry: Entry) -> Callable[[typer.Context], None]:
    """Return a command that passes all its arguments, `--help` too, to the real one."""

    def forward(context: typer.Context) -> None:
        module = importlib.import_module(f"monitor.cli.{entry.module}")
        command = typer.main.get_command(module.app)
        code = command.main(
            args=context.args, prog_name=f"monitor {entry.name}", standalone_mode=False
        )
        if isinstance(code, int) and code:
            raise typer.Exit(code)

    return forward


for _entry in COMMANDS:
    app.command(
        _entry.name,
        help=_entry.summary,
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )(_forward(_entry))


def main() -> None:
    """Run the command line; an expected error is one line and its exit code, never a traceback."""
    try:
        app()
    except ExpectedError as error:
        _fail(str(error), error.code)
    except BrokenPipeError:
        # Whoever read our output has seen enough; Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.FAILED)
    except Exception as error:  # noqa: BLE001 - its text may hold a patient's values: type only
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        where = place.tb_frame.f_globals.get("__name__") if place is not None else None
        _fail(f"an error nobody foresaw: {type(error).__qualname__} in {where}", Exit.FAILED)


def _fail(message: str, code: Exit) -> None:
    sys.stderr.write(f"monitor: {message}\n")
    sys.exit(code)
