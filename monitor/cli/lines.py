"""Lines of files and of standard input, in steady memory: files and lines may be of any length."""

import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, NamedTuple

import typer

from monitor.exits import Exit, ExpectedError
from monitor.wire.limits import VALUE_BYTES_MAX

STREAM = Path("-")
CHUNK_BYTES = 256 * 1024
BLANKS = b" \t\r"  # what JSON allows around an object on a line


class Line(NamedTuple):
    """A line without its end: the number of its file and its own in it, both from 1."""

    file: int
    number: int
    content: bytes


def _given_files(files: list[Path]) -> list[Path]:
    for path in files:
        if path != STREAM and not path.is_file():
            raise typer.BadParameter(f"no such file: {path}")
    return files


Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="NDJSON files of structured CloudEvents; - is standard input.",
        callback=_given_files,
    ),
]
Rules = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Rule parameters (TOML) for every study, a folder with one <study_id>.toml each, or "
        "the name of a built-in ruleset; without it the seed protocol's hold, whatever "
        "CTDNA_MONITOR_RULES says.",
    ),
]


def name_of(path: Path) -> str:
    """How a file is called in messages."""
    return "standard input" if path == STREAM else str(path)


def is_live(files: Iterable[Path]) -> bool:
    """Whether a line may have to be waited for: standard input is no file."""
    if STREAM not in files:
        return False
    try:
        return not stat.S_ISREG(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError):
        return True


class Reading:
    """The lines of some files, with a bar for a terminal that says how far they are read."""

    def __init__(self, files: list[Path], doing: str, stack: ExitStack, *, bar: bool) -> None:
        from rich.progress import Progress, TextColumn

        from monitor.cli.words import console

        self._files = files
        self._stack = stack
        self.console = console(stderr=True)  # what is printed here leaves the bar whole
        # A bar needs an end: standard input has none.
        shown = bar and self.console.is_terminal and STREAM not in files
        columns = (*Progress.get_default_columns(), TextColumn("{task.fields[said]}"))
        progress = Progress(
            *columns,
            console=self.console,
            disable=not shown,
            transient=True,
            redirect_stdout=False,  # it may go into a file
        )
        self._bar = stack.enter_context(progress)
        sizes = sum(path.stat().st_size for path in files if path != STREAM)
        self._task = progress.add_task(doing, total=sizes, said="")

    def say(self, words: str) -> None:
        """Show some words beside the bar."""
        self._bar.update(self._task, said=words)

    def lines(self) -> Iterator[Line]:
        """Every line of every file; of one that is far too long only as much as shows it."""
        for file, path in enumerate(self._files, 1):
            stream = _unbuffered(path, self._stack)
            for number, content in enumerate(_split(self._chunks(stream)), 1):
                yield Line(file, number, content)

    def _chunks(self, stream: BinaryIO) -> Iterator[bytes]:
        while chunk := stream.read(CHUNK_BYTES):
            self._bar.advance(self._task, len(chunk))
            yield chunk


def _unbuffered(path: Path, stack: ExitStack) -> BinaryIO:
    """A stream whose reads give what is there, and hold no lock while they wait."""
    if path == STREAM:
        buffered = sys.stdin.buffer
        return getattr(buffered, "raw", buffered)
    return stack.enter_context(path.open("rb", buffering=0))


def _split(chunks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        lines = chunk.split(b"\n")
        lines[0] = rest + lines[0]
        rest = lines.pop()[: VALUE_BYTES_MAX + 1]  # enough to be refused for its length
        yield from lines
    if rest:
        yield rest


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Turn what nobody expected into code 4 and a line without a patient's values."""
    try:
        yield
    except (ExpectedError, BrokenPipeError):
        raise
    except KeyboardInterrupt:
        raise typer.Exit(Exit.INTERRUPTED) from None
    except OSError as problem:
        place = f"{problem.filename}: " if problem.filename else ""
        raise ExpectedError(f"{place}{problem.strerror or 'cannot be read or written'}") from None
    except Exception as problem:  # noqa: BLE001 - shown by kind only: its text may hold values
        what = f"an error of the monitor itself ({type(problem).__name__})"
        raise ExpectedError(what) from None


@contextmanager
def reading(files: list[Path], doing: str, *, bar: bool = True) -> Iterator[Reading]:
    """Open files for reading; `doing` says beside the bar what for."""
    with failures_in_words(), ExitStack() as stack:
        yield Reading(files, doing, stack, bar=bar)
