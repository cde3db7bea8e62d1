#!/usr/bin/env python3
"""A sweep's memory is constant in the number of seeds: `memory.py NOLOSS SCENARIO` runs few seeds and ten times as
many, and compares the peaks of resident memory. No limit depends on how long anything takes.

Exit status: 0 within the limits, 1 above them.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

FEW, MANY = 2_000, 20_000
MOST_MORE = 5 * 1024  # KiB that many seeds may take beyond few
MOST = 100 * 1024  # KiB


def peak(noloss, scenario, seeds):
    """KiB of the program that runs so many seeds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [noloss, "run", scenario, "--seeds", f"1..{seeds}", "--out", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
            output = run.stdout.read()
            _, status, usage = os.wait4(run.pid, 0)
            run.returncode = os.waitstatus_to_exitcode(status)
        lines = pathlib.Path(folder, "runs.csv").read_text(encoding="utf-8").count("\n")
        if run.returncode or lines <= seeds:
            sys.exit(f"{' '.join(command)} ended with {run.returncode} and wrote {lines} lines:\n{output}")
        return usage.ru_maxrss


def main(arguments):
    if len(arguments) != 2:
        print("usage: memory.py NOLOSS SCENARIO", file=sys.stderr)
        return 2
    few, many = (peak(*arguments, seeds) for seeds in (FEW, MANY))
    print(f"{FEW:,} seeds: {few:,} KiB; {MANY:,} seeds: {many:,} KiB; "
          f"at most {MOST_MORE:,} KiB more and {MOST:,} KiB in all are allowed")
    return 1 if many - few >= MOST_MORE or max(few, many) >= MOST else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
