#!/usr/bin/env python3
"""What trace and digest cost when nobody asked for the trace: `trace_share.py NOLOSS SCENARIO` runs a sweep under
callgrind at two sizes and takes the difference, so that start-up cancels. Every instruction that stems from the trace's
files, or from the digest that they inline, counts, wherever the compiler put it.

Exit status: 0 within the limit, 1 above it, 77 (skipped) without valgrind.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SMALL, LARGE = 20, 120  # runs
MOST = 0.15
LEAST = 0.001  # less means that the trace was not found in the counts
TRACE_FILES = ("sim/trace.hpp", "sim/trace.cpp", "xxhash.h")
TRACE_FUNCTIONS = re.compile(r"XXH|noloss::sim::Trace::")
POSITION = re.compile(r"(fl|fi|fe|fn)=\((\d+)\)(?: (.*))?$")


def counts(noloss, scenario, runs):
    """Instructions of the trace, and of all, for a sweep of so many runs."""
    with tempfile.TemporaryDirectory() as folder:
        profile = pathlib.Path(folder, "profile")
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", noloss, "run", scenario, "--jobs",
                   "1", "--seeds", f"1..{runs}", "--out", str(pathlib.Path(folder, "out"))]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode or not profile.exists():
            sys.exit(f"{' '.join(command)} failed with {run.returncode}:\n{run.stdout}{run.stderr}")
        return self_costs(profile.read_text(encoding="utf-8"))


def self_costs(profile):
    names = {"f": {}, "n": {}}  # callgrind writes a name once, then its number
    file = function = ""
    trace = every = 0
    of_callee = False
    for line in profile.splitlines():
        position = POSITION.match(line)
        if position:
            kind, number, name = position.groups()
            table = names["n" if kind == "fn" else "f"]
            name = table.setdefault(number, name or "")
            if kind == "fn":
                function = name
            else:
                file = name
        elif line.startswith(("cfn=", "cfi=", "cfl=")):
            number, name = re.match(r"\w+=\((\d+)\)(?: (.*))?$", line).groups()
            if name:
                names["n" if line.startswith("cfn") else "f"].setdefault(number, name)
        elif line.startswith("calls="):
            of_callee = True
        elif line[:1] in "+-*0123456789" and line:
            cost = int(line.split()[1])
            if not of_callee:
                every += cost
                trace += cost if file.endswith(TRACE_FILES) or TRACE_FUNCTIONS.search(function) else 0
            of_callee = False
    return trace, every


def main(arguments):
    if len(arguments) != 2:
        print("usage: trace_share.py NOLOSS SCENARIO", file=sys.stderr)
        return 2
    if not shutil.which("valgrind"):
        print("valgrind is not installed")
        return 77
    small, large = (counts(*arguments, runs) for runs in (SMALL, LARGE))
    trace, every = ((b - a) / (LARGE - SMALL) for a, b in zip(small, large))
    share = trace / every
    print(f"{every:,.0f} instructions a run, {trace:,.0f} of them for trace and digest: {share:.2%}; "
          f"at most {MOST:.0%} are allowed")
    if share < LEAST:
        print("so few that the trace cannot have been found")
        return 1
    return 1 if share > MOST else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
