#!/usr/bin/env python3
"""Questions that TLC was asked about Kafka's replication, asked here: kafka_tlc.py NOLOSS [-o FILE] [--jobs N]

TLC checked published TLA+ specifications (hachikuji/kafka-specification; Vanlightly/kafka-tlaplus kraft/v3.5) on two
cores: Java 17, -workers 2, two records, a log of two. Its seconds are the figures measured then. Here the release with
that protocol runs as a whole cluster: sessions, ISR proposals, metadata, clients, disks. The seconds are those of the
command, from its start until it has shrunk the first loss and named what would have helped, or has run the whole space.

A protocol spec may elect and re-order freely; a whole cluster needs a reason, which is a fault. Where the smallest
reason has more than two faults, the first ones are placed by the scenario (`placed`) and the rest is searched.

Prints a table; -o writes it as CSV (results/README.md has the columns). Exit status 0: all is as expected.
"""

import argparse
import csv
import sys

from kafka_rows import AGREE, EARLY, FILES, NO_LOSS
from searching import search

COLUMNS = ["question", "tlc_replicas", "tlc_epochs", "tlc_result", "tlc_states", "tlc_s", "release", "brokers",
           "guarantee", "placed", "searched", "space", "result", "runs", "s", "cpu_s"]

HW2 = ("truncate to the high watermark", 2, 2, "violated", 4079, 1.6)
HW3 = ("truncate to the high watermark", 3, 3, "violated", 152212, 4.3)
KIP101_2 = ("KIP-101 without fencing of fetches", 2, 2, "violated", 7477, 1.9)
KIP101_3 = ("KIP-101 without fencing of fetches", 3, 3, "violated", 733725, 27)
KIP279_2 = ("KIP-279 without fencing of fetches", 2, 2, "holds", 23425, 2.6)
KIP279_3 = ("KIP-279 without fencing of fetches", 3, 2, "violated", 182441, 11)
KIP320 = ("KIP-320", 3, 2, "holds", 1967560, 69)
KRAFT = ("KRaft 3.5, last replica standing, min ISR 2, one lossy stop", 3, "", "violated", 20942, 5.2)

CUT_3 = ["faults=[{action: partition, isolate: broker-1, duration: 3s}, "
         "{action: partition, isolate: broker-2, duration: 3s}]"]

# TLC's question and answer, release, brokers, guarantee, file, --only, K, changes, faults that are placed, what is
# expected. TLC's invariant is that replicas in sync agree below the high watermark.
QUESTIONS = [
    (HW2, "0.10.2", 2, NO_LOSS, "releases-zookeeper", ["faults=bounce"], 2, EARLY, 0, "violated"),
    (HW3, "0.10.2", 3, NO_LOSS, "releases-zookeeper", ["faults=kill"], 2, EARLY, 0, "violated"),
    (KIP101_2, "1.1", 2, AGREE, "elected-back", [], 2, [], 0, "violated"),
    (KIP101_3, "1.1", 3, AGREE, "elected-back", [], 2, CUT_3, 0, "violated"),
    (KIP101_3, "1.1", 3, NO_LOSS, "stale-leader", [], 1, [], 5, "violated"),
    (KIP101_3, "1.1", 4, NO_LOSS, "joining", [], 2, [], 1, "violated"),
    (KIP279_2, "2.0", 2, AGREE, "elected-back", [], 2, [], 0, "holds"),
    (KIP279_2, "2.0", 2, NO_LOSS, "releases-zookeeper", ["faults=kill"], 2, EARLY, 0, "holds"),
    (KIP279_3, "2.0", 3, AGREE, "elected-back", [], 2, CUT_3, 0, "holds"),
    (KIP279_3, "2.0", 3, NO_LOSS, "releases-zookeeper", ["faults=kill"], 2, EARLY, 0, "holds"),
    (KIP279_3, "2.0", 3, NO_LOSS, "stale-leader", [], 1, [], 5, "violated"),
    (KIP279_3, "2.0", 4, NO_LOSS, "joining", [], 2, [], 1, "violated"),
    (KIP320, "2.6", 3, AGREE, "elected-back", [], 2, CUT_3, 0, "holds"),
    (KIP320, "2.6", 3, NO_LOSS, "releases-zookeeper", ["faults=kill"], 2, EARLY, 0, "holds"),
    (KIP320, "2.6", 3, NO_LOSS, "stale-leader", [], 1, [], 5, "holds"),
    (KIP320, "2.6", 4, NO_LOSS, "joining", [], 2, [], 1, "holds"),
    (KRAFT, "3.5", 3, NO_LOSS, "last-standing", [], 2, [], 0, "violated"),
]


def ask(binary, jobs, entry):
    tlc, release, brokers, guarantee, file, only, faults, more, placed, expected = entry
    sets = [f"release={release}", f"brokers.count={brokers}", f"topic.replication.factor={brokers}", *more]
    found = search(binary, FILES / f"{file}.yaml", guarantee=guarantee, faults=faults, only=only, sets=sets,
                   jobs=jobs)
    row = dict(zip(COLUMNS, [*tlc, release, brokers, guarantee, placed, f"k={faults}", found.plans, found.verdict,
                             found.runs, f"{found.seconds:.1f}", f"{found.cpu:.1f}"]))
    good = found.verdict == expected
    print(f"{tlc[0]}, {tlc[1]} replicas: TLC {tlc[3]} {tlc[5]} s | {release}, {brokers} brokers, {placed} placed + "
          f"k={faults}: {found.verdict} after {found.runs:,} of {found.plans:,} plans, {found.seconds:.1f} s "
          f"({found.cpu:.1f} cpu){'' if good else '  NOT AS EXPECTED'}", flush=True)
    if not good:
        print(found.output, flush=True)
    return row, good


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary")
    arguments.add_argument("-o", "--out")
    arguments.add_argument("--jobs", type=int, default=2)
    given = arguments.parse_args()
    answers = [ask(given.binary, given.jobs, entry) for entry in QUESTIONS]
    if given.out:
        with open(given.out, "w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            table.writeheader()
            table.writerows(row for row, _ in answers)
    return 0 if all(good for _, good in answers) else 1


if __name__ == "__main__":
    sys.exit(main())
