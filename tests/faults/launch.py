"""Runs the `monitor` command with the bug that the first argument names planted in it."""

import sys

from monitor.cli.main import main
from tests.faults.planted import BUGS

if __name__ == "__main__":
    _, bug, *arguments = sys.argv
    BUGS[bug]()
    sys.argv = ["monitor", *arguments]
    main()
