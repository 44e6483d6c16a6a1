"""Many histories on all cores."""

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.auditor.audit import Result, audit
from tests.auditor.compare import Scope

CHUNK = 100


def audit_some(start: int, count: int, only: str) -> Result:
    scope, result = Scope(only), Result()
    for seed in range(start, start + count):
        result.add(audit(seed, scope))
    return result


def audit_many(start: int, count: int, only: str, workers: int) -> Result:
    """Audit `count` seeds from `start`; the sum does not depend on the number of workers."""
    chunks = [(at, min(CHUNK, start + count - at)) for at in range(start, start + count, CHUNK)]
    result = Result()
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        pending = [pool.submit(audit_some, at, size, only) for at, size in chunks]
        for number, future in enumerate(pending, 1):
            result.add(future.result())
            if number % 100 == 0:
                print(f"{result.histories} histories", file=sys.stderr, flush=True)
    return result
