"""The rule parameters of studies, read from TOML files."""

import functools
import tomllib
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from monitor.clinical.parameters import parameters_from_toml
from monitor.clinical.transitions import Ruleset

BUILT_IN = "nct06778382"


class RulesInvalid(Exception):
    """A rules file cannot be used; the text names the file, the key and the reason."""


def read_ruleset(path: Path) -> Ruleset:
    """Read one file; its stem is the ruleset's name. Raises RulesInvalid."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise RulesInvalid(f"{path}: cannot be read ({type(problem).__name__})") from None
    return _ruleset(path.stem, text, str(path))


@functools.cache
def built_in_ruleset() -> Ruleset:
    """The seed protocol's rules, which hold where nothing else is given."""
    text = resources.files(__name__).joinpath(f"{BUILT_IN}.toml").read_text(encoding="utf-8")
    return _ruleset(BUILT_IN, text, "built-in rules")


class Rulesets:
    """Which rules hold for a study: one file for every study, or a folder with one for each."""

    def __init__(self, path: Path | None = None) -> None:
        """Read everything at once. Raises RulesInvalid."""
        self._for_all: Ruleset | None = None
        self._by_study: dict[str, Ruleset] = {}
        if path is None:
            self._for_all = built_in_ruleset()
        elif path.is_dir():
            self._by_study = {file.stem: read_ruleset(file) for file in path.glob("*.toml")}
            if not self._by_study:
                raise RulesInvalid(f"{path}: the folder holds no <study_id>.toml")
        else:
            self._for_all = read_ruleset(path)

    def __call__(self, study_id: str) -> Ruleset | None:
        """The study's rules, or None when rules are given per study and it has none."""
        return self._for_all or self._by_study.get(study_id)


def _ruleset(name: str, text: str, place: str) -> Ruleset:
    try:
        return Ruleset(name, parameters_from_toml(text))
    except tomllib.TOMLDecodeError as problem:
        raise RulesInvalid(f"{place}: not TOML: {problem}") from None
    except ValidationError as problem:
        first = problem.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RulesInvalid(f"{place}: {key}: {first['msg']}") from None
