"""The committed scenarios, run as a user runs them.

  suite.py NOLOSS verdicts    every expectation is met, and each violated row replays to a loss with stage and biography
  suite.py NOLOSS bytes       one job, two jobs, and three merged shards write the same bytes
  suite.py NOLOSS kafka       every expectation of that system's scenarios; rabbitmq: the same
  suite.py NOLOSS kill        killed at random points and repeated, the run loses nothing and writes the same bytes
"""
import csv
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILES = ["runs.csv", "summary.csv"]


def noloss(*arguments, expect=(0,)):
    words = [str(argument) for argument in arguments]
    done = subprocess.run([NOLOSS, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode not in expect:
        output = done.stdout[-3000:] + done.stderr[-3000:]
        sys.exit(f"noloss {' '.join(words)}: exit code {done.returncode}\n{output}")
    return done.stdout


def same_bytes(one, other):
    for name in FILES:
        if (one / name).read_bytes() != (other / name).read_bytes():
            sys.exit(f"{name} differs between {one.name} and {other.name}")


def verdicts(folder):
    noloss("run", "scenarios/textbook", "--out", folder / "out")
    replayed = 0
    with open(folder / "out" / "summary.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["expected"].startswith("violated")]
    paths = {line.split()[1]: path for path in sorted((ROOT / "scenarios").rglob("*.yaml"))
             for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("name:")}
    for row in rows:
        if row["guarantee"] not in ("no_acked_loss", "no_silent_loss"):
            continue
        given = [name for name in row if "." in name or name in ("faults", "producers")]
        only = [word for name in given if row[name] for word in ("--only", f"{name}={row[name]}")]
        told = noloss("replay", paths[row["scenario"]], *only, "--seed", row["first_seed"])
        for word in (f"{row['guarantee']} violated", "send called", "stage ", "certain from"):
            if word not in told:
                sys.exit(f"{row['scenario']} {only} seed {row['first_seed']}: '{word}' is missing\n{told[:3000]}")
        if row["stage"] and f"stage         {row['stage']}" not in told:
            sys.exit(f"{row['scenario']} {only}: the summary says stage {row['stage']}, the replay does not")
        replayed += 1
    print(f"{len(rows)} violated rows as expected, {replayed} losses replayed")


def bytes_(folder):
    noloss("run", "scenarios/textbook", "--jobs", 1, "--out", folder / "one-job")
    noloss("run", "scenarios/textbook", "--jobs", 2, "--out", folder / "two-jobs")
    for shard in (1, 2, 3):
        noloss("run", "scenarios/textbook", "--shard", f"{shard}/3", "--out", folder / f"shard-{shard}")
    noloss("merge", *(folder / f"shard-{shard}" for shard in (1, 2, 3)), "-o", folder / "merged")
    same_bytes(folder / "one-job", folder / "two-jobs")
    same_bytes(folder / "one-job", folder / "merged")
    print("the same bytes for one job, two jobs and three shards")


def system(name):
    """Every expectation of a system's scenarios, with their own seeds."""
    def run(folder):
        print(noloss("run", f"scenarios/{name}", "--out", folder / "out").splitlines()[-2])
    return run


def kill(folder):
    noloss("run", "scenarios/textbook", "--out", folder / "quiet")
    dice = random.Random(1)
    kills = 0
    for _ in range(30):
        running = subprocess.Popen([NOLOSS, "run", "scenarios/textbook", "--out", folder / "killed"], cwd=ROOT,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(dice.uniform(0.05, 0.5))
        if running.poll() is not None:
            break
        running.send_signal(signal.SIGKILL)
        running.wait()
        kills += 1
    noloss("run", "scenarios/textbook", "--out", folder / "killed")
    same_bytes(folder / "quiet", folder / "killed")
    print(f"killed {kills} times, and the same bytes")


NOLOSS = str(pathlib.Path(sys.argv[1]).resolve())
with tempfile.TemporaryDirectory() as scratch:
    {"verdicts": verdicts, "bytes": bytes_, "kill": kill, "kafka": system("kafka"),
     "rabbitmq": system("rabbitmq")}[sys.argv[2]](pathlib.Path(scratch))
