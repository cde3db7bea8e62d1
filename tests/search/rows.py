#!/usr/bin/env python3
"""Every row of the textbook table by exhaustive search: rows.py NOLOSS [--jobs N] [--but ROW] [ROW...]

A safe row must survive every plan of at most K faults, an unsafe one must be broken by as many faults as it names. The
scenarios are the committed ones with their own expectations; their workload is cut to the few messages that the row
needs, so that the space can be run through. Rows 6, 10 and 27 are safe against one fault only, as the table says; that
two break them is shown by scenarios/textbook/witnesses.

Prints one line a row: faults, plans, seconds. Exit status 0: every expectation of every row is met.
"""

import argparse
import re
import sys

from searching import ROOT, run

ONE = "producers.workload.messages=1"

# rows, file, configurations (--only), K, changes (--set)
ROWS = [
    ("1-4", "single-node", [], 2, [ONE]),
    # The follower is behind only while a message comes before its answer to the one before.
    ("5", "replicated-async", ["replicas=2", "replicas.acks=1"], 1,
     ["producers.workload.messages=3", "producers.workload.rate=10000/s", "producers.application.send=async"]),
    ("6", "replicated-async", ["replicas.acks=2", "faults=leader"], 1, [ONE]),
    ("6, twice", "replicated-async", ["faults=twice"], 2, [ONE]),
    ("7", "replicated-async", ["faults=zone"], 1, [ONE]),
    ("8", "replicated-sync", [], 2, [ONE]),
    ("9", "wiped-disk", ["replicas=1"], 1, [ONE]),
    ("10", "wiped-disk", ["replicas=2"], 1, [ONE]),
    ("11, 13, 14", "send-and-forget", ["faults=drop"], 2, [ONE]),
    ("13, kill", "send-and-forget", ["faults=kill"], 1, [ONE]),
    ("12, 15, 16", "lost-request-lost-answer", [], 2, [ONE]),
    ("17", "producer-crash", [], 2, [ONE]),
    ("18-20", "consumer-crash", [], 2, [ONE]),
    ("21", "consumer-acknowledgement", [], 2, [ONE]),
    ("22", "failing-handler", [], 2, []),
    ("23", "lying-disk", [], 1, [ONE]),
    ("24, 25", "failing-fsync", [], 2, [ONE]),
    ("26", "cut-off-follower", [], 2, [ONE]),
    ("27", "short-partition", [], 1, [ONE]),
    ("28, 29", "sequence-check", [], 1, []),
    ("30", "sequence-check-false-alarm", [], 2, ["producers.workload.messages=9"]),
    ("31", "sequence-check-identity", [], 1, []),
    ("32", "sequence-check-per-partition", [], 1, []),
]


def search(binary, jobs, folder, row):
    rows, file, only, faults, sets = row
    done = run(binary, folder / f"{file}.yaml", [], faults=faults, only=only, sets=sets, jobs=jobs)
    met = re.search(r"(\d+ of \d+) expectations? met", done.stdout)
    print(f"row {rows:16} {file:28} k={faults}  {done.plans:>9,} plans  {done.seconds:6.1f} s  "
          f"{met.group(1) if met else '?'} met", flush=True)
    if done.status != 0:
        print(done.stdout + done.stderr, flush=True)
    return done.status == 0


def main(table, folder):
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary")
    arguments.add_argument("rows", nargs="*")
    arguments.add_argument("--but", action="append", default=[], help="not this row")
    arguments.add_argument("--jobs", type=int, default=2)
    given = arguments.parse_args()
    chosen = [row for row in table if row[0] not in given.but and (not given.rows or row[0] in given.rows)]
    results = [search(given.binary, given.jobs, folder, row) for row in chosen]
    print(f"{sum(results)} of {len(results)} rows")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main(ROWS, ROOT / "scenarios" / "textbook"))
