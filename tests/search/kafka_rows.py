#!/usr/bin/env python3
"""Rows of the Kafka table by exhaustive search: kafka_rows.py NOLOSS [--jobs N] [--long] [--all] [WORD...]

A safe row must survive every plan of at most K faults. An unsafe one must be broken by K faults, and by no plan of
fewer where the row says how many are needed. The scenarios are those of tests/search/kafka: the settings of the row,
with the one or two messages, the short sessions and the one broken machine that it needs, so that the space can be run
through. Rows that need three faults have the first one placed, where scenarios/kafka has it; the others are searched.

Prints one line a row. --long: those that take more than a few seconds; --all: both. WORD: only rows with that in them.
Exit status 0: all are as expected.
"""

import argparse
import sys

from searching import ROOT, search

FILES = ROOT / "tests" / "search" / "kafka"
HOLDS, FOUND = "holds", "violated"
NO_LOSS, NOT_SILENT, ONCE = "no_acked_loss", "no_silent_loss", "no_duplicates"
ORDER, AGREE = "order", "replicas_agree"
NEVER = "9223372036854775807"


def elr(value):
    return f"eligible.leader.replicas.version={value}"


def last(faults, min_isr, unclean="false", eligible="0"):
    return [f"faults={faults}", f"min.insync.replicas={min_isr}", f"unclean.leader.election.enable={unclean}",
            elr(eligible)]


def power(faults, brokers, flush, eligible="0"):
    return [f"faults={faults}", f"brokers.count={brokers}", f"flush.messages={flush}", elr(eligible)]


def release(name, brokers=0, more=()):
    counts = [f"brokers.count={brokers}", f"topic.replication.factor={brokers}"] if brokers else []
    return [f"release={name}", *counts, *more]


THIRD = ["producers.workload=[{messages: 2}, {at: 6s, messages: 1}]"]
EARLY = ["producers.workload.messages=1", "operations=[{at: 15s, do: start, target: consumer-1}]"]

# rows of the table, file, configuration (--only), K, guarantee, what is expected, changes (--set), takes long
ROWS = [
    ("1", "acknowledgements", ["acks=0", "faults=kill"], 1, NO_LOSS, FOUND, [], False),
    ("3", "acknowledgements", ["acks=1", "faults=kill"], 1, NO_LOSS, FOUND, [], False),
    ("4", "acknowledgements", ["acks=1", "faults=cut"], 1, NO_LOSS, FOUND, [], False),
    ("5", "acknowledgements", ["acks=all", "faults=cut"], 2, NO_LOSS, HOLDS, [], False),
    ("6", "acknowledgements", ["acks=all", "faults=kill"], 2, NO_LOSS, HOLDS, [], True),
    ("41", "acknowledgements", ["acks=all", "faults=power"], 1, NO_LOSS, HOLDS, [], False),
    ("7", "last-replica", last("cut-kill", 1, unclean="true"), 2, NO_LOSS, FOUND, [], False),
    ("7, kills", "last-replica", last("kill", 1, unclean="true"), 2, NO_LOSS, FOUND, [], False),
    ("8", "last-replica", last("cut-kill", 1), 2, NO_LOSS, HOLDS, [], True),
    ("6, 8, kills", "last-replica", last("kill", 1), 2, NO_LOSS, HOLDS, [], False),
    ("10", "last-replica", last("cut-kill", 2), 2, NO_LOSS, HOLDS, [], True),
    ("11", "unclean-despite-min-isr", ["unclean.leader.election.enable=true"], 2, NO_LOSS, FOUND, [], False),
    ("11, clean", "unclean-despite-min-isr", ["unclean.leader.election.enable=false"], 2, NO_LOSS, HOLDS, [], True),
    ("17", "releases-kraft", ["faults=kill-power"], 2, "no_phantom", FOUND, release("3.6"), True),
    ("25", "releases-zookeeper", ["faults=kill"], 2, NO_LOSS, FOUND, release("0.10.2", 3, EARLY), False),
    ("25, bounce", "releases-zookeeper", ["faults=bounce"], 2, NO_LOSS, FOUND, release("0.10.2", 2, EARLY), False),
    ("25, epochs", "releases-zookeeper", ["faults=kill"], 2, NO_LOSS, HOLDS, release("1.1", 3), True),
    ("27", "releases-zookeeper", ["faults=kill-power"], 2, AGREE, FOUND, release("0.10.2", 2, THIRD), True),
    ("28", "releases-zookeeper", ["faults=kill-power"], 2, NO_LOSS, FOUND, release("1.1", 2, THIRD), False),
    ("29", "fast-changes", [], 2, AGREE, FOUND, release("1.1"), False),
    ("29, both in sync", "elected-back", [], 1, AGREE, FOUND, release("1.1"), False),
    ("30", "fast-changes", [], 2, AGREE, HOLDS, release("2.0"), True),
    ("30, both in sync", "elected-back", [], 2, AGREE, HOLDS, release("2.0"), False),
    ("31", "stale-leader", [], 1, NO_LOSS, FOUND, release("2.0"), False),
    ("31, fenced", "stale-leader", [], 1, NO_LOSS, HOLDS, release("2.1"), False),
    ("32", "joining", [], 2, NO_LOSS, FOUND, release("2.0"), True),
    ("32, mended", "joining", [], 2, NO_LOSS, HOLDS, release("2.1"), True),
    ("33", "diverging-fetch", [], 2, NO_LOSS, FOUND, release("2.8.0"), False),
    ("33, mended", "diverging-fetch", [], 2, NO_LOSS, HOLDS, release("2.8.1"), True),
    ("37", "power", power("kill", 1, NEVER), 2, NO_LOSS, HOLDS, [], True),
    ("38", "power", power("power", 1, NEVER), 1, NO_LOSS, FOUND, [], False),
    ("39", "power", power("power", 1, 1), 2, NO_LOSS, HOLDS, [], True),
    ("43", "power", power("power", 2, NEVER), 1, NO_LOSS, FOUND, [], False),
    ("44", "last-replica", last("cut-power", 1), 2, NO_LOSS, FOUND, [], False),
    ("45", "last-replica", last("cut-power", 2), 2, NO_LOSS, FOUND, [], False),
    # One lossy machine, however often; two of them are row 46b.
    ("46", "last-replica", last("cut-power-1", 2, eligible="1"), 2, NO_LOSS, HOLDS, [], True),
    ("46, 2", "last-replica", last("cut-power-2", 2, eligible="1"), 2, NO_LOSS, HOLDS, [], True),
    ("46, both", "last-replica", last("cut-power", 2, eligible="1"), 2, NO_LOSS, FOUND, [], True),
    ("46, stopped", "last-replica", last("stop-power-1", 2, eligible="1"), 2, NO_LOSS, HOLDS, [], True),
    ("46, stopped 2", "last-replica", last("stop-power-2", 2, eligible="1"), 2, NO_LOSS, HOLDS, [], True),
    ("46b", "last-replica", last("kill-power", 2, eligible="1"), 2, NO_LOSS, FOUND, [], True),
    ("47", "power", power("power", 2, NEVER, "1"), 1, NO_LOSS, FOUND, [], False),
    ("48", "last-replica", last("kill", 2, eligible="1"), 2, NO_LOSS, HOLDS, [], True),
    ("50, all", "power", power("power", 2, 1), 1, NO_LOSS, HOLDS, [], False),
    ("50, each", "power", power("each-power", 2, 1), 2, NO_LOSS, HOLDS, [], True),
    ("51", "power", power("lying", 2, 1), 1, NO_LOSS, FOUND, [], False),
    ("53", "wiped", [], 1, NO_LOSS, HOLDS, [], False),
    ("54", "last-replica", last("cut-wipe", 1), 2, NO_LOSS, FOUND, [], False),
    ("57", "releases-kraft", ["faults=power"], 1, NO_LOSS, FOUND, release("3.9"), False),
    ("57, mended", "releases-kraft", ["faults=power"], 1, NO_LOSS, HOLDS, release("4.0"), False),
    ("58", "releases-zookeeper", ["faults=power"], 1, NO_LOSS, FOUND, release("2.1"), False),
    ("58, mended", "releases-zookeeper", ["faults=power"], 1, NO_LOSS, HOLDS, release("2.2"), False),
    ("61", "producer", ["producers=plain", "faults=response"], 1, ONCE, FOUND, [], False),
    ("62", "producer", ["producers=plain", "faults=request"], 1, ORDER, FOUND, [], False),
    ("62, one", "producer", ["producers=one-in-flight", "faults=request"], 2, ORDER, HOLDS, [], False),
    ("64", "producer", ["producers=no-retries", "faults=request"], 2, NOT_SILENT, HOLDS, [], False),
    ("65", "producer", ["producers=idempotent", "faults=response"], 2, ONCE, HOLDS, [], False),
    ("67", "producer", ["producers=outbox", "faults=kill"], 1, ONCE, FOUND, [], False),
    ("73", "producer", ["producers=idempotent", "faults=kill"], 1, NOT_SILENT, FOUND, [], False),
    ("75", "consumer", ["consumers=before"], 1, NO_LOSS, FOUND, [], False),
    ("76", "consumer", ["consumers=after"], 1, ONCE, FOUND, [], False),
    ("76, loss", "consumer", ["consumers=after"], 2, NO_LOSS, HOLDS, [], False),
    ("77", "consumer", ["consumers=automatic"], 1, NO_LOSS, HOLDS, [], False),
    ("77, twice", "consumer", ["consumers=automatic"], 2, NO_LOSS, HOLDS, [], True),
    ("78", "consumer", ["consumers=handed-off"], 1, NO_LOSS, FOUND, [], False),
]


def run(binary, jobs, row):
    rows, file, only, faults, guarantee, expected, sets, _ = row
    found = search(binary, FILES / f"{file}.yaml", guarantee=guarantee, faults=faults, only=only, sets=sets, jobs=jobs)
    good = found.verdict == expected
    fewer = ""
    if good and expected == FOUND and faults > 1:
        less = search(binary, FILES / f"{file}.yaml", guarantee=guarantee, faults=faults - 1, only=only, sets=sets,
                      jobs=jobs)
        fewer = f", nothing with {faults - 1}" if less.verdict == HOLDS else f", {less.verdict} with {faults - 1}"
    what = f"found by run {found.runs:,}" if found.verdict == FOUND else found.verdict
    print(f"row {rows:12} {file:24} k={faults} {found.plans:>8,} plans {found.seconds:6.1f} s {found.cpu:6.1f} cpu  "
          f"{guarantee} {what}{fewer}{'' if good else '  NOT AS EXPECTED'}", flush=True)
    if not good:
        print(found.output, flush=True)
    return good


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("binary")
    arguments.add_argument("words", nargs="*")
    arguments.add_argument("--long", action="store_true")
    arguments.add_argument("--all", action="store_true")
    arguments.add_argument("--jobs", type=int, default=2)
    given = arguments.parse_intermixed_args()
    chosen = [row for row in ROWS if given.all or row[-1] == given.long]
    chosen = [row for row in chosen if not given.words or any(word in str(row) for word in given.words)]
    results = [run(given.binary, given.jobs, row) for row in chosen]
    print(f"{sum(results)} of {len(results)} rows")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
