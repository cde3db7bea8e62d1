"""One search as a user runs it, and what it says: used by the other programs here."""

import json
import pathlib
import re
import resource
import subprocess
import tempfile
import time
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]


@dataclass
class Found:
    """What a search of one configuration came to."""
    verdict: str  # of the guarantee: holds, violated, inconclusive
    plans: int  # of the space; 0 where plans are drawn
    runs: int  # up to the first violation, or all
    seconds: float  # of the command, until it says so; shrinking and counterfactuals included
    cpu: float
    evidence: str
    output: str


@dataclass
class Done:
    """A search command that has ended."""
    status: int
    stdout: str
    stderr: str
    plans: int  # of the space; 0 where plans are drawn, or it was not told
    seconds: float  # of the command
    cpu: float


def run(binary, file, options, *, faults=0, seeds="", only=(), sets=(), jobs=2):
    """Every plan of at most `faults` faults, or those of the seeds."""
    command = [binary, "run", str(file), "--progress", "none", "--jobs", str(jobs), *options]
    command += ["--search", "exhaustive", "--faults", str(faults)] if faults else ["--seeds", seeds]
    for selector in only:
        command += ["--only", selector]
    for change in sets:
        command += ["--set", change]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command + ["--out", folder], capture_output=True, text=True)
    seconds = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    plans = re.search(r"space: ([\d,]+) plans", done.stderr)
    size = int(plans.group(1).replace(",", "")) if plans else 0
    return Done(done.returncode, done.stdout, done.stderr, size, seconds, cpu)


def search(binary, file, *, guarantee, sets=(), **how):
    """As run(), until the guarantee is violated; of one configuration."""
    options = ["--stop-on-violation", "--format", "json"]
    done = run(binary, file, options, sets=[f"expect={{{guarantee}: holds}}", *sets], **how)
    told = done.stdout + done.stderr
    try:
        configurations = json.loads(done.stdout)["scenarios"][0]["configurations"]
    except (json.JSONDecodeError, KeyError, IndexError):
        return Found("error", done.plans, 0, done.seconds, done.cpu, "", told)
    if len(configurations) != 1:
        told = f"{len(configurations)} configurations, not one"
        return Found("error", done.plans, 0, done.seconds, done.cpu, "", told)
    chosen = configurations[0]
    verdict = chosen["guarantees"][guarantee]["verdict"]
    return Found(verdict, done.plans, chosen["runs"], done.seconds, done.cpu, chosen["evidence"], told)
