"""How findings, notices and patients are shown to people, on a terminal and in a pipe."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

WIDTH_MAX = 110  # longer lines are hard to read
PIPE_WIDTH = 100
INDENT = 10
SEVERITY_STYLES: Mapping[str, str] = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
}
ACTION_STYLES: Mapping[str, str] = {"withdrawn": "strike", "amended": "italic", "raised": "bold"}
_CAPITALS = {"PD", "CR", "MDT"}


def console(*, stderr: bool = False) -> Console:
    """A console no wider than is good to read; colours on terminals only."""
    found = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not found.is_terminal:
        found.width = PIPE_WIDTH
    found.width = min(found.width, WIDTH_MAX)
    return found


def show(out: Console, *parts: RenderableType) -> None:
    """Print; a pipe gets no blanks at the ends of lines."""
    if out.is_terminal:
        out.print(*parts, sep="\n")
        return
    with out.capture() as captured:
        out.print(*parts, sep="\n")
    out.file.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())
    out.file.flush()


def finding_words(finding: str) -> str:
    """A finding's name as words: `RADIOGRAPHIC_PD` is "radiographic PD"."""
    words = finding.replace("CTDNA", "ctDNA").replace("FOLLOWUP", "FOLLOW-UP").split("_")
    return " ".join(word if word in _CAPITALS | {"ctDNA"} else word.lower() for word in words)


def severity_text(severity: str, pad_to: int = 0) -> Text:
    """The severity in its colour; the word alone says it too."""
    text = Text(severity, SEVERITY_STYLES.get(severity, ""))
    text.append(" " * max(0, pad_to - len(severity)), "none")
    return text


def notice_text(notice: Mapping[str, Any]) -> RenderableType:
    """A notice in two parts: what about whom, and why."""
    head = severity_text(notice["severity"], INDENT)
    head.append(f"{notice['action']:<11}")
    head.append(finding_words(notice["finding"]), ACTION_STYLES[notice["action"]])
    head.append(f", {notice['study_id']}/{notice['patient_id']}", "bold")
    head.append(f", {notice['effective_on']}")
    return Group(head, reason_text(notice["explanation"]))


def reason_text(explanation: str) -> RenderableType:
    """Why a finding holds, set in under its first line."""
    return Padding(Text(explanation), (0, 0, 0, INDENT))
