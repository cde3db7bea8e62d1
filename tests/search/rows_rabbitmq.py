#!/usr/bin/env python3
"""The rows of the RabbitMQ table by exhaustive search: rows_rabbitmq.py NOLOSS [--jobs N] [--but ROW] [ROW...]

As rows.py, with scopes of their own (rabbitmq/*.yaml): each has the few messages that its rows need, faults without a
time, and the verdicts of the table as expectations. A safe row must survive every plan of at most K faults, an unsafe
one must be broken by K: by as many as the table names, or by fewer where the scope says why.
"""
import sys

import rows

ALWAYS = ["ha-promote-on-failure=always", "faults=kill"]

# rows, file, configurations (--only), K, changes (--set)
ROWS = [
    ("1", "classic", ["confirms=false"], 1, []),
    ("2, 5, 23", "classic", ["confirms=true"], 1, []),
    ("2, 5, 23, twice", "classic", ["confirms=true"], 2, []),
    ("7, 8", "durability", [], 2, []),
    ("12, 13, 15", "limits", [], 2, []),
    ("18, 19", "routes", [], 2, []),
    ("20", "in-flight", [], 1, []),
    ("21, 22", "clients", [], 2, []),
    ("24", "transactions", [], 2, []),
    ("25", "mirrored-once", [], 1, []),
    ("26", "mirrored", ALWAYS, 2, []),
    ("27, 28", "mirrored", ["ha-promote-on-failure=when-synced"], 2, []),
    ("31, 32, 34", "partitions", [], 1, []),
    ("36, 37, 39, 40", "quorum", [], 1, []),
    ("36, 40, twice", "quorum", ["faults=kill"], 2, []),
    ("37, twice", "quorum", ["faults=power"], 2, []),
    ("39, twice", "quorum", ["faults=cut"], 2, []),
    ("38", "quorum-lying", [], 2, []),
    ("41, 42", "unreachable-consumer", [], 1, []),
    ("45, 46", "dead-letters", [], 2, []),
    ("51", "consumer-timeout", [], 2, []),
    ("52", "disk-alarm", [], 1, []),
    ("53", "amnesia", [], 1, []),
]

if __name__ == "__main__":
    sys.exit(rows.main(ROWS, rows.ROOT / "tests" / "search" / "rabbitmq"))
