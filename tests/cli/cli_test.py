#!/usr/bin/env python3
"""The built program as a user meets it: `cli_test.py BINARY [TEST...]`.

Exit codes, what goes to stdout and what to stderr, golden texts, completion in a real bash. Golden texts are written
anew with NOLOSS_UPDATE_GOLDEN=1.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden"
AUDIT = GOLDEN / "audit"
BINARY = ""
PLAIN = {k: v for k, v in os.environ.items()
         if k not in ("NO_COLOR", "CLICOLOR_FORCE", "CI", "NOLOSS_LOG", "GITHUB_STEP_SUMMARY")}

SAFE = """version: 1
name: safe
system: textbook
seeds: 1..5
brokers: {count: 3, config: {replicas.acks: 2}}
topic: {replicas: 3}
expect: {no_acked_loss: holds}
"""
MATRIX = """version: 1
name: sweep
system: textbook
seeds: 1..4
matrix: {brokers.config.flush: [sync, async], brokers.config.failover: [2s, 3s]}
faults: [{action: power_loss, target: any broker, duration: 500ms}]
"""


def noloss(*arguments, cwd=None, env=None, stdin=None):
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, cwd=cwd, input=stdin,
                          env={**PLAIN, **(env or {})}, timeout=100, check=False)


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def refused(self, *arguments, says, **how):
        """Exit code 2, the reason on stderr, nothing on stdout."""
        done = noloss(*arguments, **how)
        self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
        self.assertIn(says, done.stderr)
        self.assertNotIn("internal error", done.stderr)
        return done

    def answered(self, *arguments, code=0, **how):
        """The exit code, the text on stdout and nothing on stderr."""
        done = noloss(*arguments, **how)
        self.assertEqual((done.returncode, done.stderr), (code, ""), done.stdout)
        return done.stdout

    def golden(self, name, text):
        path = GOLDEN / name
        if os.environ.get("NOLOSS_UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        self.assertEqual(text, path.read_text(encoding="utf-8"), f"differs from {path}")


class Help(Case):
    def test_alone_it_prints_the_short_help(self):
        self.golden("cli/help.txt", self.answered())
        self.assertEqual(self.answered("--help"), self.answered("-h"))

    def test_each_command_has_help_with_an_example(self):
        for command in ["run", "check", "replay", "shrink", "audit", "merge", "list", "schema", "completion"]:
            with self.subTest(command):
                text = self.answered(command, "--help")
                self.assertIn("Example", text)
                self.golden(f"cli/help-{command}.txt", text)

    def test_version(self):
        self.assertRegex(self.answered("--version"), r"^noloss \d+\.\d+\.\d+( \([0-9a-f]+(-dirty)?\))?\n$")


class Wrong(Case):
    def test_words(self):
        self.refused("rnu", "scenarios", says="unknown command 'rnu'; did you mean 'run'?")
        self.refused("run", "--sede", "4", "x.yaml", says="did you mean '--seed'?")
        self.refused("report", "x", says="'report' is not available yet")
        self.refused("list", "options", "txtbook", says="did you mean 'textbook'?")

    def test_paths(self):
        self.file("scenario.yaml", SAFE)
        self.refused("check", "scenaro.yaml", says="did you mean 'scenario.yaml'?", cwd=self.folder)
        self.refused("run", "nowhere", says="there is no file or folder 'nowhere'", cwd=self.folder)
        (self.folder / "empty").mkdir()
        self.refused("check", "empty", says="no *.yaml file below", cwd=self.folder)
        self.refused("replay", "empty", "--seed", "1", says="is a folder", cwd=self.folder)

    def test_every_error_of_every_file_is_shown(self):
        self.file("a.yaml", SAFE.replace("textbook", "txtbook"))
        self.file("b.yaml", "version: 1\nnam: x\n")
        for command in ["run", "check"]:
            done = self.refused(command, self.folder, says="a.yaml:3:")
            self.assertIn("b.yaml:2:1: error:", done.stderr)
            self.assertIn("in 2 of 2 files", done.stderr)

    def test_errors_as_annotations_and_as_json(self):
        self.file("a.yaml", "version: 1\nnam: x, 100%\n")
        done = self.refused("run", "a.yaml", "--format", "github", says="::error file=a.yaml,line=2,", cwd=self.folder)
        self.assertTrue(all(line.startswith("::error ") for line in done.stderr.splitlines()))
        done = self.refused("run", "a.yaml", "--format", "json", says='"errors"', cwd=self.folder)
        self.assertEqual(json.loads(done.stderr)["errors"][0]["file"], "a.yaml")


class Check(Case):
    def test_a_folder_is_read_in_order_and_other_files_are_not(self):
        self.file("s/b.yaml", MATRIX)
        self.file("s/a/x.yaml", SAFE)
        self.file("s/README.md", "# no scenario\n")
        self.file("s/.hidden/y.yaml", "no scenario")
        lines = self.answered("check", "s", cwd=self.folder).splitlines()
        self.assertEqual(lines, ["ok  s/a/x.yaml  safe: 1 configuration, 5 units",
                                 "ok  s/b.yaml  sweep: 4 configurations, 16 units"])

    def test_expand_prints_each_configuration(self):
        path = self.file("b.yaml", MATRIX)
        text = self.answered("check", "--expand", path)
        self.assertEqual(text.count("4 seeds"), 4)
        self.assertRegex(text, r"c[0-9a-f]{8}  flush=async failover=3s")
        listed = json.loads(self.answered("check", "--expand", "--format", "json", path))["files"][0]
        self.assertEqual(listed["configurations"], 4)
        self.assertEqual(listed["expanded"][3]["parameters"],
                         {"brokers.config.flush": "async", "brokers.config.failover": "3s"})

    def test_only_and_set(self):
        path = self.file("b.yaml", MATRIX)
        self.assertIn("2 configurations", self.answered("check", path, "--only", "flush=async"))
        self.assertIn("1 configuration,", self.answered("check", path, "--only", "flush=sync,failover=2s"))
        self.refused("check", path, "--set", "durtion=1s", says="durtion")


class Audit(Case):
    def test_golden_reports(self):
        for name, code in [("clean.csv", 0), ("everything.csv", 1), ("consumer-only.jsonl", 1)]:
            with self.subTest(name):
                done = noloss("audit", name, cwd=AUDIT)
                self.assertEqual(done.returncode, code, done.stderr)
                self.golden(f"audit/{name}.txt", done.stdout)
                machine = json.loads(self.answered("audit", name, "--format", "json", code=code, cwd=AUDIT))
                self.golden(f"audit/{name}.json", json.dumps(machine, indent=1) + "\n")

    def test_standard_input(self):
        text = (AUDIT / "everything.csv").read_text(encoding="utf-8")
        done = noloss("audit", "-", stdin=text)
        self.assertEqual((done.returncode, done.stdout), (1, noloss("audit", AUDIT / "everything.csv").stdout))

    def test_lines_that_cannot_be_understood(self):
        done = self.refused("audit", "broken.csv", says="broken.csv:3: error: sequence 'one'", cwd=AUDIT)
        self.assertIn("broken.csv:4: error: unknown event 'acknowleged'; did you mean 'acknowledged'?", done.stderr)
        self.assertIn("broken.csv:5: error: 3 fields", done.stderr)
        self.refused("audit", "nowhere.csv", says="nowhere.csv: No such file", cwd=AUDIT)
        self.refused("audit", "/", says="Is a directory")

    def test_what_is_allowed_does_not_fail(self):
        path = self.file("h.csv", "producer,partition,sequence,event\np,0,1,acked\np,0,1,processed\np,0,1,processed\n")
        self.answered("audit", path, code=1)
        self.assertIn("1 message, allowed", self.answered("audit", path, "--allow", "duplicates"))

    def test_nothing_to_judge(self):
        path = self.file("h.csv", "producer,partition,sequence,event\n")
        self.assertEqual(noloss("audit", path).returncode, 3)


class Lists(Case):
    TOPICS = [["systems"], ["options", "textbook"], ["waits", "textbook"], ["marks", "textbook"],
              ["events", "textbook"], ["faults"], ["guarantees"], ["columns"]]

    def test_each_has_rows_as_text_and_as_json(self):
        for topic in self.TOPICS:
            with self.subTest(topic):
                lines = self.answered("list", *topic).splitlines()
                rows = json.loads(self.answered("list", *topic, "--format", "json"))[topic[0]]
                self.assertEqual(len(lines), len(rows) + 1)
                self.assertTrue(all(list(row) == list(rows[0]) for row in rows))

    def test_options_tell_their_life_through_the_releases(self):
        def options(system):
            rows = json.loads(self.answered("list", "options", system, "--format", "json"))["options"]
            return {(row["where"], row["option"]): row for row in rows}
        acks = options("kafka")["producers.config", "acks"]
        self.assertEqual((acks["default"], acks["earlier"], acks["releases"]), ("all", "1 to 2.8", "all"))
        self.assertEqual(options("rabbitmq")["queue.policy", "ha-mode"]["releases"], "3.7 .. 3.13")
        self.assertEqual({row["releases"] for row in options("textbook").values()}, {"all"})

    def test_schema_is_json(self):
        self.assertEqual(json.loads(self.answered("schema"))["type"], "object")


class Output(Case):
    def test_a_reader_that_leaves_is_no_error(self):
        script = f'"{BINARY}" list columns | head -n 1; echo "${{PIPESTATUS[0]}}"'
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, env=PLAIN, check=False)
        self.assertEqual((done.stdout.splitlines()[-1], done.stderr), ("0", ""))

    def test_a_full_disk_is_one(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([BINARY, "schema"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("standard output cannot be written: No space left", done.stderr)

    def test_colour(self):
        path = self.file("a.yaml", SAFE)
        for arguments, env, coloured in [([], {}, False), (["--color", "always"], {}, True),
                                         ([], {"CLICOLOR_FORCE": "1"}, True),
                                         ([], {"CLICOLOR_FORCE": "1", "NO_COLOR": "1"}, False),
                                         (["--color", "never"], {"CLICOLOR_FORCE": "1"}, False)]:
            text = self.answered("check", path, *arguments, env=env)
            self.assertEqual("\x1b[" in text, coloured, (arguments, env))

    def test_log_level(self):
        path = self.file("a.yaml", SAFE)
        self.assertIn("noloss: debug: reading", noloss("check", path, env={"NOLOSS_LOG": "debug"}).stderr)
        self.assertIn("did you mean 'debug'?", noloss("check", path, env={"NOLOSS_LOG": "debg"}).stderr)
        self.assertEqual("", noloss("check", path, "--log-level", "off", env={"NOLOSS_LOG": "debug"}).stderr)


class Completion(Case):
    def complete(self, line, cwd=None):
        words = line.split(" ")
        script = (f'source <("{BINARY}" completion bash); COMP_WORDS=({" ".join(repr(w) for w in words)}); '
                  f'COMP_CWORD={len(words) - 1}; _noloss; printf "%s\\n" "${{COMPREPLY[@]}}"')
        done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=cwd, env=PLAIN, check=False)
        self.assertEqual(done.stderr, "")
        return sorted(done.stdout.split())

    def test_bash(self):
        self.assertEqual(self.complete("noloss re"), ["replay"])
        self.assertIn("completion", self.complete("noloss "))
        self.assertEqual(self.complete("noloss run --see"), ["--seed", "--seeds"])
        self.assertEqual(self.complete("noloss run --format j"), ["json"])
        self.assertEqual(self.complete("noloss run x.yaml --format "), ["github", "json", "text"])
        self.assertEqual(self.complete("noloss completion "), ["bash", "fish", "zsh"])
        self.assertIn("faults", self.complete("noloss list "))
        self.assertEqual(self.complete("noloss list options text"), ["textbook"])

    def test_bash_offers_scenario_files_and_folders(self):
        self.file("sweep.yaml", SAFE)
        self.file("notes.txt", "")
        self.file("sub/x.yaml", SAFE)
        self.assertEqual(self.complete("noloss run ", cwd=self.folder), ["sub", "sweep.yaml"])
        self.assertEqual(self.complete("noloss run --out ", cwd=self.folder), ["sub/"])
        self.assertEqual(self.complete("noloss audit ", cwd=self.folder), ["notes.txt", "sub", "sweep.yaml"])

    def test_every_shell_accepts_its_script(self):
        for shell in ["bash", "zsh", "fish"]:
            with self.subTest(shell):
                script = self.file(shell, self.answered("completion", shell))
                if subprocess.run(["which", shell], capture_output=True, check=False).returncode == 0:
                    done = subprocess.run([shell, "-n", script], capture_output=True, text=True, check=False)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))


class Replay(Case):
    def test_one_of_several_configurations_must_be_named(self):
        path = self.file("b.yaml", MATRIX)
        done = self.refused("replay", path, "--seed", "1", says="4 configurations; choose one:")
        only = done.stderr.splitlines()[1].split()
        self.assertIn("seed           1\n", self.answered("replay", path, "--seed", "1", *only))

    def test_the_plan_that_it_wrote_does_the_same_again(self):
        path = self.file("b.yaml", MATRIX)
        plan, trace, history = (self.folder / name for name in ["plan.yaml", "trace.jsonl", "history.jsonl"])
        only = ["--only", "flush=async,failover=2s"]
        first = self.answered("replay", path, "--seed", "3", *only, "--plan-out", plan, "--trace", trace, "--history",
                              history)
        digest = [line for line in first.splitlines() if line.startswith("digest")]
        again = self.answered("replay", path, "--seed", "3", *only, "--plan", plan)
        self.assertIn(digest[0], again)
        events = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
        self.assertEqual(list(events[0]), ["t_ns", "node", "event", "first", "second"])
        self.assertIn(noloss("audit", history).returncode, (0, 1))

    def test_the_audit_of_its_history_finds_the_same(self):
        path = self.file("b.yaml", MATRIX)
        history = self.folder / "history.jsonl"
        lost = 0
        for seed in range(1, 9):
            told = self.answered("replay", path, "--seed", seed, "--only", "flush=async,failover=2s",
                                 "--history", history)
            words = told.split("Messages\n")[1].splitlines()[0].split()
            totals = {"lost_acked": "0", "lost_silent": "0", "reordered": "0", **dict(zip(words[::2], words[1::2]))}
            streams = json.loads(noloss("audit", history, "--format", "json").stdout)["streams"]
            for name in ["sent", "acked", "processed"]:
                self.assertEqual(sum(stream[name] for stream in streams), int(totals[name]), (seed, name))
            for name in ["lost_acked", "lost_silent", "reordered"]:
                self.assertEqual(sum(stream[name]["messages"] for stream in streams), int(totals[name]), (seed, name))
            lost += int(totals["lost_acked"])
        self.assertGreater(lost, 0)

    def test_files_that_cannot_be_written_or_read(self):
        path = self.file("a.yaml", SAFE)
        done = noloss("replay", path, "--seed", "1", "--trace", "/nowhere/t")
        self.assertEqual(done.returncode, 2)
        self.assertIn("'/nowhere/t' cannot be written: No such file or directory", done.stderr)
        self.refused("replay", path, "--plan", "/nowhere/p", says="the plan '/nowhere/p' cannot be read")
        wrong = self.file("p.yaml", "version: 1\nfaults: [{action: kil, target: broker-1, at: 1s}]\n")
        self.refused("replay", path, "--plan", wrong, says="did you mean 'kill'?")

    def test_moments(self):
        path = self.file("a.yaml", SAFE)
        rows = json.loads(noloss("list", "moments", path, "--format", "json").stdout)["moments"]
        self.assertIn("producer-1 acked", {f"{row['node']} {row['event']}" for row in rows})


class Run(Case):
    def test_results_go_to_stdout_and_into_the_folder(self):
        path = self.file("a.yaml", SAFE)
        done = noloss("run", path, "--out", self.folder / "out")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no_acked_loss", done.stdout)
        self.assertTrue((self.folder / "out" / "runs.csv").read_text(encoding="utf-8").startswith("scenario,"))
        self.assertTrue(json.loads(noloss("run", path, "--out", self.folder / "out", "--format", "json").stdout)
                        ["expectations_met"])

    def test_an_expectation_that_fails(self):
        path = self.file("a.yaml", SAFE.replace("holds", "violated"))
        self.assertEqual(noloss("run", path, "--out", self.folder / "out").returncode, 1)

    def test_shards_merge_to_the_same_bytes(self):
        path = self.file("b.yaml", MATRIX)
        whole, parts, merged = (self.folder / name for name in ["whole", "parts", "merged"])
        noloss("run", path, "--out", whole)
        for number in (1, 2):
            done = noloss("run", path, "--shard", f"{number}/2", "--out", parts)
            self.assertEqual(done.returncode, 0, done.stderr)
        noloss("merge", parts, "-o", merged)
        for name in ["runs.csv", "summary.csv"]:
            self.assertEqual((whole / name).read_bytes(), (merged / name).read_bytes(), name)

    def test_a_folder_that_cannot_be_written(self):
        path = self.file("a.yaml", SAFE)
        self.refused("run", path, "--out", path / "out", says="a.yaml")
        self.refused("merge", "/nowhere", "-o", self.folder / "m", says="/nowhere")

    def test_an_interrupt_keeps_what_is_finished(self):
        path = self.file("a.yaml", SAFE)
        command = [BINARY, "run", path, "--seeds", "1..100000000", "--out", self.folder / "out"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=PLAIN) as running:
            part = self.folder / "out" / "runs.journal.part"
            until = time.monotonic() + 60
            while time.monotonic() < until and not (part.exists() and part.stat().st_size > 10_000):
                time.sleep(0.05)
            running.send_signal(signal.SIGINT)
            running.communicate(timeout=60)
        self.assertEqual(running.returncode, 130)
        self.assertTrue(part.exists())


if __name__ == "__main__":
    BINARY = str(pathlib.Path(sys.argv.pop(1)).resolve())
    unittest.main()
