"""Every planted bug must be caught.

Builds the program with NOLOSS_PLANTED_BUGS, finds every NOLOSS_BUG("name") in the sources, and for each one runs
scenarios with more and more seeds until an expectation fails: those of the system whose model has the bug; for a bug of
the world, the checkers or the applications those of the textbook system and those beside this file. Prints how many
seeds that took. Fails if a bug gets away, or if the program without a bug fails.

mutants.py          every bug
mutants.py GROUP    those of one group: textbook, kafka, rabbitmq
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "mutants"
# By group: which scenarios, and with how many seeds.
GROUPS = {
    "textbook": (["tests/mutants/scenarios", "scenarios/textbook"], [10, 50, 400]),
    "kafka": (["scenarios/kafka"], [10, 50, 200]),
    "rabbitmq": (["scenarios/rabbitmq"], [10, 50, 200]),
}


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
                groups[name] = system if layer == "models" and system in GROUPS else "textbook"
    return groups


def failures(bug, group, seeds, folder):
    """What a run of the group finds that no scenario expects: scenario, parameters, verdict and guarantee of each."""
    environment = {**os.environ, "NOLOSS_BUG": bug, "NO_COLOR": "1"}
    out = pathlib.Path(folder) / f"{group}-{re.sub(r'[^a-z0-9]+', '-', bug)}-{seeds}"
    done = subprocess.run(
        [BUILD / "noloss", "run", *GROUPS[group][0], "--seeds", f"1..{seeds}", "--out", out], cwd=ROOT,
        env=environment, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode not in (0, 1, 3):
        return {f"exit code {done.returncode}: {done.stderr.strip()[:200]}"}
    lines = [line for line in done.stdout.splitlines() if line.endswith("UNEXPECTED")]
    return {re.sub(r"\s+", " ", re.sub(r"\d+/\d+ runs.*", "", line)).strip() for line in lines}


class Usual:
    """What fails without a bug. Few seeds miss the rare losses of unsafe configurations: that catches no bug."""

    def __init__(self, folder):
        self.folder = folder
        self.known = {}

    def failures(self, group, seeds):
        if (group, seeds) not in self.known:
            self.known[group, seeds] = failures("", group, seeds, self.folder)
        return self.known[group, seeds]


def caught(bug, group, usual, folder):
    """The number of seeds, and what failed; none: it got away."""
    for seeds in GROUPS[group][1]:
        found = sorted(failures(bug, group, seeds, folder) - usual.failures(group, seeds))
        if found:
            return seeds, found[0]
    return None


def main():
    build()
    wanted = sys.argv[1:] or list(GROUPS)
    names = {bug: group for bug, group in sorted(bugs().items()) if group in wanted}
    escaped = []
    with tempfile.TemporaryDirectory() as folder:
        usual = Usual(folder)
        if "textbook" in wanted and usual.failures("textbook", GROUPS["textbook"][1][-1]):
            sys.exit(f"without a planted bug the scenarios already fail: {usual.failures('textbook', 400)}")
        for bug, group in names.items():
            found = caught(bug, group, usual, folder)
            if found:
                print(f"caught   {bug}: within {found[0]} seeds; {found[1]}", flush=True)
            else:
                escaped.append(bug)
                print(f"ESCAPED  {bug}", flush=True)
    print(f"{len(names) - len(escaped)} of {len(names)} planted bugs caught")
    sys.exit(1 if escaped or not names else 0)


main()
