#!/usr/bin/env python3
"""An exhaustive search as a user runs it: search_test.py NOLOSS bytes|kill|words

bytes  the files are the same for one thread, two threads and three shards that are merged
kill   a search that is killed at any time loses nothing and ends with the same bytes
words  what it says: the size first, the evidence, a plan by its number, and what is wrong with options
"""

import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BINARY = sys.argv[1]
SCENARIO = """version: 1
name: small
system: textbook
brokers: {count: 2, config: {flush: async, replicas.acks: 2}}
topic: {replicas: 2}
producers: {workload: {messages: 1}}
faults:
  - {action: power_loss, target: any broker, duration: 200ms}
  - {action: kill, target: any broker, duration: 200ms}
"""


def noloss(*words, code=None):
    done = subprocess.run([BINARY, *map(str, words)], capture_output=True, text=True)
    if code is not None and done.returncode != code:
        raise AssertionError(f"exit code {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done


class Search(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        self.file = self.folder / "small.yaml"
        self.file.write_text(SCENARIO)

    def run_it(self, out, *words, code=0):
        return noloss("run", self.file, "--search", "exhaustive", "--faults", "2", "--progress", "none", "--out",
                      self.folder / out, *words, code=code)

    def contents(self, out):
        root = self.folder / out
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*"))
                if path.is_file() and path.name in ("runs.csv", "summary.csv", "faults.csv") or path.suffix == ".yaml"}


class Bytes(Search):
    def test_threads_and_shards(self):
        self.run_it("one", "--jobs", "1")
        self.run_it("two", "--jobs", "2")
        for shard in (1, 2, 3):
            self.run_it("shards", "--jobs", "2", "--shard", f"{shard}/3")
        noloss("merge", self.folder / "shards", "-o", self.folder / "merged", code=0)
        self.assertGreater(len(self.contents("one")), 3)
        self.assertEqual(self.contents("one"), self.contents("two"))
        self.assertEqual(self.contents("one"), self.contents("merged"))


class Kill(Search):
    def test_killed_and_repeated(self):
        self.run_it("whole")
        draw = random.Random(7)
        for _ in range(6):
            child = subprocess.Popen([BINARY, "run", self.file, "--search", "exhaustive", "--faults", "2", "--out",
                                      self.folder / "killed"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(draw.uniform(0.02, 0.4))
            child.send_signal(signal.SIGKILL)
            child.wait()
        self.run_it("killed")
        self.assertEqual(self.contents("whole"), self.contents("killed"))


class Words(Search):
    def test_size_first_then_the_evidence(self):
        done = self.run_it("o")
        plans = re.match(r"space: ([\d,]+) plans of at most 2 faults", done.stderr).group(1)
        summary = (self.folder / "o" / "summary.csv").read_text()
        self.assertIn(f'"exhaustive(k=2, kinds=power_loss+kill, {plans} plans, 1 schedule)"', summary)

    def test_kinds_narrow(self):
        done = self.run_it("o", "--kinds", "kill")
        self.assertIn("holds", done.stdout)
        self.assertIn("kinds=kill,", (self.folder / "o" / "summary.csv").read_text())

    def test_the_plan_of_a_violation_can_be_replayed(self):
        done = self.run_it("o")
        command = re.search(r"reproduce: noloss (replay .*)", done.stdout).group(1)
        self.assertIn("--faults 2 --number ", command)
        self.assertIn("VIOLATED", noloss(*command.split(), code=0).stdout)

    def test_witnesses_stand_alone(self):
        self.run_it("o")
        for file in (self.folder / "o" / "plans").iterdir():
            noloss("run", file, "--progress", "none", "--out", self.folder / file.stem, code=0)

    def test_wrong_options(self):
        for words, message in (
                (["--kinds", "kil"], "did you mean 'kill'"),
                (["--kinds", "drop"], "no scenario leaves a drop to be placed"),
                (["--faults", "9"], "whole number from 1 to 8"),
                (["--seeds", "1..9"], "--seeds is for random runs")):
            base = ["run", self.file, "--search", "exhaustive", "--out", self.folder / "w"]
            done = noloss(*base, *words, code=2)
            self.assertIn(message, done.stderr)
        done = noloss("run", self.file, "--faults", "2", code=2)
        self.assertIn("--faults belongs to --search exhaustive", done.stderr)
        done = noloss("replay", self.file, "--number", "99999999", code=2)
        self.assertIn("numbered from 0", done.stderr)


if __name__ == "__main__":
    chosen = {"bytes": Bytes, "kill": Kill, "words": Words}[sys.argv[2]]
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(chosen)
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
