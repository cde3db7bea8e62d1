#!/usr/bin/env python3
"""Counts what the kernel executes: `instructions.py PROGRAM MODE` runs PROGRAM under callgrind at two sizes and takes
the difference per item, so that start-up cancels. Exact to a fraction of a percent on any machine, however busy.

Exit status: 0 within the limit, 1 above it, 77 (skipped) without valgrind.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
from typing import NamedTuple


class Work(NamedTuple):
    item: str
    small: int  # items in the two runs
    large: int
    limit: int  # instructions an item


LIMITS = {
    "b1": Work("wakeup (64 processes that sleep)", 20_000, 100_000, 420),
    "b2": Work("message (2 processes, ping-pong)", 20_000, 100_000, 320),
    "b3": Work("delivered message (4 producers, broker with 2 followers, consumer)", 4_000, 20_000, 2_200),
    "world": Work("world (10 processes, 100 wakeups)", 100, 1_000, 45_000),
}
# Less than this part of the limit means that the program did not do the work.
LEAST = 0.1


def instructions(program, mode, items):
    with tempfile.TemporaryDirectory() as folder:
        counts = pathlib.Path(folder, "callgrind")
        run = subprocess.run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", program, mode,
                              str(items)], capture_output=True, text=True, check=False)
        totals = re.search(r"^totals: (\d+)", counts.read_text(), re.MULTILINE) if counts.exists() else None
        if run.returncode or not totals:
            sys.exit(f"{program} {mode} {items} failed with {run.returncode}:\n{run.stdout}{run.stderr}")
        return int(totals[1])


def main(arguments):
    if len(arguments) != 2 or arguments[1] not in LIMITS:
        print(f"usage: instructions.py PROGRAM {'|'.join(LIMITS)}", file=sys.stderr)
        return 2
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        return 77
    program, mode = arguments
    work = LIMITS[mode]
    difference = instructions(program, mode, work.large) - instructions(program, mode, work.small)
    each = difference / (work.large - work.small)
    print(f"{mode}: {each:,.1f} instructions a {work.item}; at most {work.limit:,} are allowed")
    if each < LEAST * work.limit:
        print("so few that the work cannot have been done")
        return 1
    return 1 if each > work.limit else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
