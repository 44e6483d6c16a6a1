"""The whole rulebook as one document: rules, thresholds, criteria, causes and response tables."""

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from monitor.clinical import best_response, recist
from monitor.clinical.criteria import CRITERIA
from monitor.clinical.keys import KEYS, value_of, value_words, values_of
from monitor.clinical.parameters import Parameters
from monitor.clinical.review import CAUSES
from monitor.clinical.rule import Rule
from monitor.clinical.rules import RULES
from monitor.clinical.transitions import Ruleset

Document = dict[str, Any]
ORIGINS: Mapping[str, str] = {
    "P": "seed protocol",
    "L": "literature",
    "D": "design choice",
    "-": "what is recorded",
}


def rulebook(ruleset: Ruleset) -> Document:
    """Everything that decides, with this ruleset's values; sentences name a patient's `[words]`."""
    parameters = ruleset.parameters
    return {
        "ruleset": ruleset.name,
        "config_hash": parameters.config_hash,
        "rules": [_rule(row, parameters) for row in RULES],
        "parameters": [_parameter(key, value) for key, value in values_of(parameters)],
        "criteria": [
            {"id": row.id, "asks": row.asks, "fields": list(row.check.fields)} for row in CRITERIA
        ],
        "causes": [{"id": row.number, "words": row.words} for row in CAUSES],
        "tables": list(_tables()),
    }


def _rule(row: Rule, parameters: Parameters) -> Document:
    return {
        "id": row.id,
        "version": row.version,
        "finding": row.finding,
        "severity": row.severity,
        "sentence": sentence_of(row, parameters),
        "thresholds": [_parameter(key, value_of(parameters, key)) for key in row.thresholds],
        "source": row.source,
        "origin": row.origin,
    }


def sentence_of(row: Rule, parameters: Parameters) -> str:
    """The rule's sentence with the study's thresholds, a patient's numbers as `[words]`."""
    parts = []
    for text, field, spec, conversion in Formatter().parse(row.sentence):
        parts.append(text)
        if field is None:
            continue
        if field.startswith("rules."):
            suffix = f":{spec}" if spec else ""
            shown = f"!{conversion}" if conversion else ""
            parts.append(f"{{{field}{shown}{suffix}}}".format(rules=parameters))
        else:
            parts.append(f"[{field.replace('_', ' ')}]")
    return "".join(parts)


def _parameter(key: str, value: object) -> Document:
    row = KEYS[key]
    return {
        "key": key,
        "value": value_words(value, row.unit),
        "words": row.words,
        "origin": row.origin,
    }


def _tables() -> Iterator[Document]:
    """The literal tables of responses (clinical rules 1.7 and 1.9)."""
    yield {
        "name": "Overall response without a new lesion; rows: target, columns: non-target",
        "source": "1.7",
        "columns": ["target", *recist.NON_TARGET_COLUMNS],
        "rows": [[target, *row] for target, row in recist.OVERALL.items()],
    }
    yield {
        "name": "Responses that an incomplete survey makes NE",
        "source": "1.7",
        "columns": ["target", "non-target"],
        "rows": [list(pair) for pair in sorted(recist.NEEDS_FULL_SURVEY)],
    }
    yield {
        "name": "Ranks of the best overall response, best first",
        "source": "1.9",
        "columns": ["response", "confirmation required", "not required"],
        "rows": [
            [name, str(rank + 1), str(best_response.RANKS[name] + 1)]
            for name, rank in best_response.RANKS_CONFIRMED.items()
        ],
    }
    yield {
        "name": "Responses that confirm one another",
        "source": "1.9",
        "columns": ["response", "confirmed by"],
        "rows": [
            [name, " or ".join(sorted(by))] for name, by in best_response.CONFIRMED_BY.items()
        ],
    }
