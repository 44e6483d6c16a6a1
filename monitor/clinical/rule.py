"""A rule: one row of the rulebook, and the sentence that it says to a coordinator."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal

from monitor.clinical.course import Course
from monitor.clinical.findings import Finding
from monitor.clinical.parameters import Parameters
from monitor.clinical.terms import Severity

_DIGITS = Context(prec=60)  # enough for any two amounts that the contract lets in


def rounded(number: Decimal, step: str, rounding: str) -> Decimal:
    """A number as a sentence shows it, in whole steps such as `0.01`, however large it is."""
    return number.quantize(Decimal(step), rounding, _DIGITS)


@dataclass(frozen=True, slots=True)
class Rule:
    """One row. `origin`: P seed protocol, L literature, D design choice, - none.

    `source` is the section of the clinical rules; `sentence` is filled with the finding's
    numbers and, as `{rules.…}`, the study's parameters; `thresholds` are the keys of the
    parameters that it depends on.
    """

    id: str
    version: int
    finding: str
    severity: Severity
    origin: str
    source: str
    sentence: str
    derive: Callable[[Course], Iterator[Finding]]
    thresholds: tuple[str, ...] = ()

    def explain(self, finding: Finding, rules: Parameters) -> str:
        """The sentence with this patient's numbers and dates."""
        text = self.explain_with(finding.numbers, rules)
        if "resolved_on" in finding.details:
            text += f" Resolved on {finding.details['resolved_on']}."
        return text

    def explain_with(self, numbers: Mapping[str, object], rules: Parameters) -> str:
        """The sentence with these numbers; a design choice says so."""
        text = self.sentence.format(rules=rules, **numbers)
        if self.origin == "D":
            text += " This rule is a design choice of the study team, not an established criterion."
        return text
