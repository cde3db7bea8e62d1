"""One search as a user runs it, and what it says: used by kafka_rows.py and kafka_tlc.py."""

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


def search(binary, file, *, guarantee, faults=0, seeds="", only=(), sets=(), jobs=2):
    """Every plan of at most `faults` faults, or those of the seeds, until the guarantee is violated."""
    command = [binary, "run", str(file), "--stop-on-violation", "--format", "json", "--progress", "none",
               "--jobs", str(jobs), "--set", f"expect={{{guarantee}: holds}}"]
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
    told = done.stdout + done.stderr
    try:
        configurations = json.loads(done.stdout)["scenarios"][0]["configurations"]
    except (json.JSONDecodeError, KeyError, IndexError):
        return Found("error", size, 0, seconds, cpu, "", told)
    if len(configurations) != 1:
        return Found("error", size, 0, seconds, cpu, "", f"{len(configurations)} configurations, not one")
    chosen = configurations[0]
    verdict = chosen["guarantees"][guarantee]["verdict"]
    return Found(verdict, size, chosen["runs"], seconds, cpu, chosen["evidence"], told)
