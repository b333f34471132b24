"""The `evalkit` command, also as `python -m evalkit`; a process of its own, which it leaves at once."""

import atexit
import os
import sys


def run() -> None:
    """Run a command, and end the process without taking apart what torch has loaded: that takes seconds.

    Whatever else is due at the end is done before: threads are waited for, and handlers called, the first one that was
    registered last. What ends with an exception ends as any program does.
    """
    codes: list[int] = []
    atexit.register(_leave, codes)
    from evalkit.cli import main

    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, int):
            codes.append(end.code)
        raise


def _leave(codes: list[int]) -> None:
    for code in codes:
        sys.stdout.flush()  # a full disk or a closed pipe: raised, told, and the process ends the long way
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    run()
