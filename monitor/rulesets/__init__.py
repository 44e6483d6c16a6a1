"""The rule parameters of studies, read from TOML files."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from monitor.clinical.parameters import parameters_from_toml
from monitor.clinical.transitions import Ruleset
from monitor.rulesets.problems import Problem, problems_of

BUILT_IN = "nct06778382"
EVERY_STUDY = "*"  # the scope of one ruleset for all; no study has this name


class RulesInvalid(Exception):
    """A rules file cannot be used; the text names the file and every key with its reason."""

    def __init__(self, place: str, *problems: Problem | str) -> None:
        super().__init__(f"{place}: {'; '.join(map(str, problems))}")
        self.place = place
        self.problems = problems


def read_ruleset(path: Path) -> Ruleset:
    """Read one file, or what is built in under that name; the stem is the ruleset's name.

    Raises RulesInvalid.
    """
    if not path.exists() and str(path) in built_in_names():
        return built_in_ruleset(str(path))
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RulesInvalid(str(path), _NO_SUCH.format(", ".join(built_in_names()))) from None
    except UnicodeDecodeError:
        raise RulesInvalid(str(path), "cannot be read: it is not text in UTF-8") from None
    except OSError as problem:
        reason = (problem.strerror or "the system says no").lower()
        raise RulesInvalid(str(path), f"cannot be read: {reason}") from None
    return _ruleset(path.stem, text, str(path))


_NO_SUCH = "there is no such file; built-in rulesets are {}"


def files_of(folder: Path) -> list[Path]:
    """The rules files of a folder, one for each study. Raises RulesInvalid when there is none."""
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise RulesInvalid(str(folder), "the folder holds no <study_id>.toml")
    return files


def built_in_names() -> list[str]:
    """The names of the rulesets that come with the program."""
    files = resources.files(__name__).iterdir()
    return sorted(one.name[: -len(".toml")] for one in files if one.name.endswith(".toml"))


@functools.cache
def built_in_ruleset(name: str = BUILT_IN) -> Ruleset:
    """One of the program's own; the seed protocol's holds where nothing else is given."""
    text = resources.files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return _ruleset(name, text, f"built-in rules {name}")


class Rulesets:
    """Which rules hold for a study: one file for every study, or a folder with one for each."""

    def __init__(self, path: Path | None = None) -> None:
        """Read everything at once. Raises RulesInvalid."""
        self._by_scope: dict[str, Ruleset] = {}
        if path is None:
            self._by_scope = {EVERY_STUDY: built_in_ruleset()}
        elif path.is_dir():
            self._by_scope = {file.stem: read_ruleset(file) for file in files_of(path)}
        else:
            self._by_scope = {EVERY_STUDY: read_ruleset(path)}

    @property
    def by_scope(self) -> Mapping[str, Ruleset]:
        """The rules by study, or the one entry `*` for every study."""
        return self._by_scope

    def use(self, by_scope: Mapping[str, Ruleset]) -> None:
        """Take these from now on: the same rules under the names that they are recorded with."""
        self._by_scope = dict(by_scope)

    def __call__(self, study_id: str) -> Ruleset | None:
        """The study's rules, or None when rules are given per study and it has none."""
        return self._by_scope.get(EVERY_STUDY) or self._by_scope.get(study_id)


def _ruleset(name: str, text: str, place: str) -> Ruleset:
    try:
        return Ruleset(name, parameters_from_toml(text))
    except tomllib.TOMLDecodeError as problem:
        raise RulesInvalid(place, f"not TOML: {problem}") from None
    except ValidationError as problem:
        raise RulesInvalid(place, *problems_of(problem)) from None
