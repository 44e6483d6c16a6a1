"""Every exit code of the program, the errors that carry one, and where an error was raised."""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code tells the caller; 0 to 4 are contract 4, the rest are sysexits."""

    OK = 0
    REFUSED = 1  # some input was refused, or a check failed; the output says which
    USAGE = 2
    CONFIGURATION = 3
    FAILED = 4
    UNREACHABLE = 69  # the broker or the database cannot be reached
    UNEXPECTED = 70  # an error nobody foresaw: nothing was acknowledged, restart
    LEDGER_BEHIND = 75  # Kafka's offsets are ahead of the ledger: a restart does not help
    RULES_DIFFER = 76  # the rules are not those that the database was told of
    START_REFUSED = 78  # broker or ledger are not as this worker needs them
    INTERRUPTED = 130  # Ctrl-C, as shells say it


class ExpectedError(Exception):
    """An error whose text is for the operator: shown without a traceback, ends with `code`."""

    code = Exit.FAILED


class ConfigurationError(ExpectedError):
    """The settings cannot be used."""

    code = Exit.CONFIGURATION


class StartRefusedError(ExpectedError):
    """The worker will not start on what it found; the text says what to do."""

    code = Exit.START_REFUSED


class UnreachableError(ExpectedError):
    """The broker or the database did not answer."""

    code = Exit.UNREACHABLE


class LedgerBehindKafkaError(ExpectedError):
    """The group's committed offsets are ahead of what the ledger recorded."""

    code = Exit.LEDGER_BEHIND


class RulesDifferError(ExpectedError):
    """The rules given are not those that are active in the database."""

    code = Exit.RULES_DIFFER


class ActivationOvertakenError(RulesDifferError):
    """Another activation began while this one ran."""

    code = Exit.START_REFUSED


def raised_at(error: BaseException) -> str:
    """Return `module:line` where an error was raised: what a log may say of it besides its type."""
    trace = error.__traceback__
    if trace is None:
        return "an unknown place"
    while trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
