"""Every planted bug must be caught.

Builds the program with NOLOSS_PLANTED_BUGS, finds every NOLOSS_BUG("name") in the sources, and runs scenarios with it
until an expectation fails. A bug of a larger system has its own few scenarios (catchers.py), each tried with few seeds
before the next with more; a bug of the world, the checkers, the applications or the textbook system has all of the
textbook's and those beside this file, with more and more seeds. Prints the scenario, what failed, and how many seeds
that took. Fails if a bug gets away, or if the program without a bug fails what is to catch one.

mutants.py          every bug
mutants.py GROUP    those of one group: textbook, kafka, rabbitmq
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from catchers import CATCHERS

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "mutants"
TEXTBOOK = (["tests/mutants/scenarios", "scenarios/textbook"], ())
TEXTBOOK_SEEDS = [10, 50, 400]
SYSTEM_SEEDS = [3, 10, 40]


def build():
    def quietly(*command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(done.stdout[-4000:], done.stderr[-4000:])
            sys.exit(f"{' '.join(map(str, command[:2]))} failed")

    quietly("cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=-O1",
            "-DCMAKE_UNITY_BUILD=ON", "-DNOLOSS_TESTS=OFF", "-DNOLOSS_PLANTED_BUGS=ON")
    quietly("cmake", "--build", BUILD, "--target", "noloss")


def bugs():
    """The group of each bug."""
    groups = {}
    for layer in ("sim", "models", "harness"):
        for source in (ROOT / layer).rglob("*.cpp"):
            system = source.relative_to(ROOT).parts[1]
            for name in re.findall(r'NOLOSS_BUG\("([^"]+)"\)', source.read_text(encoding="utf-8")):
                groups[name] = system if layer == "models" and system in CATCHERS else "textbook"
    return groups


def attempts(bug, group):
    """What is run, in this order: paths, configurations, seeds."""
    if group == "textbook":
        return [(*TEXTBOOK, seeds) for seeds in TEXTBOOK_SEEDS]
    files = []
    for entry in CATCHERS[group].get(bug, []):
        name, *only = [entry] if isinstance(entry, str) else entry
        files.append(([f"scenarios/{group}/{name}.yaml"], tuple(only)))
    return [(*file, seeds) for seeds in SYSTEM_SEEDS for file in files]


def run(bug, attempt, folder):
    """What no scenario expects: scenario, parameters, verdict and guarantee of each."""
    paths, only, seeds = attempt
    environment = {**os.environ, "NOLOSS_BUG": bug, "NO_COLOR": "1"}
    command = [BUILD / "noloss", "run", *paths, "--seeds", f"1..{seeds}", "--progress", "none"]
    for selector in only:
        command += ["--only", selector]
    with tempfile.TemporaryDirectory(dir=folder) as out:
        done = subprocess.run([*command, "--out", out], cwd=ROOT, env=environment, capture_output=True, text=True,
                              check=False, timeout=600)
    if done.returncode not in (0, 1, 3):
        return {f"exit code {done.returncode}: {done.stderr.strip()[:200]}"}
    lines = [line for line in done.stdout.splitlines() if line.endswith("UNEXPECTED")]
    return {re.sub(r"\s+", " ", re.sub(r"\d+/\d+ runs.*", "", line)).strip() for line in lines}


class Usual:
    """What fails without a bug: nothing, where few scenarios are to catch one; of all of the textbook's, few seeds miss
    the rare losses of unsafe configurations, and that catches no bug."""

    def __init__(self, folder):
        self.folder = folder
        self.known = {}

    def failures(self, attempt):
        key = str(attempt)
        if key not in self.known:
            self.known[key] = run("", attempt, self.folder)
        return self.known[key]


def caught(bug, group, usual, folder):
    """How, and what failed; none: it got away."""
    for attempt in attempts(bug, group):
        failed = run(bug, attempt, folder)
        if not failed:
            continue
        expected = usual.failures(attempt)
        if group != "textbook" and expected:
            continue  # so few seeds meet not even the expectations that hold without a bug
        if failed - expected:
            return attempt, sorted(failed - expected)[0]
    return None


def main():
    build()
    wanted = sys.argv[1:] or ["textbook", *CATCHERS]
    names = {bug: group for bug, group in sorted(bugs().items()) if group in wanted}
    strangers = [bug for group in wanted if group in CATCHERS for bug in CATCHERS[group] if bug not in names]
    if strangers:
        sys.exit(f"no source plants: {', '.join(strangers)}")
    escaped = []
    with tempfile.TemporaryDirectory() as folder:
        usual = Usual(folder)
        thorough = (*TEXTBOOK, TEXTBOOK_SEEDS[-1])
        if "textbook" in wanted and usual.failures(thorough):
            sys.exit(f"without a planted bug the scenarios already fail: {usual.failures(thorough)}")
        for bug, group in names.items():
            found = caught(bug, group, usual, folder)
            if found:
                (_, _, seeds), failure = found
                print(f"caught   {bug}: within {seeds} seeds; {failure}", flush=True)
            else:
                escaped.append(bug)
                print(f"ESCAPED  {bug}", flush=True)
    print(f"{len(names) - len(escaped)} of {len(names)} planted bugs caught")
    sys.exit(1 if escaped or not names else 0)


main()
