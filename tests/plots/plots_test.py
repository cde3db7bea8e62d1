#!/usr/bin/env python3
"""The pictures of results: `plots_test.py BINARY [TEST...]`.

Runs a small campaign with the built program, draws it with results/plot.py, and looks at the pictures: each is there,
has a size that a page can hold, and shows something.
"""

import csv
import pathlib
import subprocess
import sys
import tempfile
import unittest

import matplotlib.image
import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
PLOT = ROOT / "results" / "plot.py"
PUBLISHED = ROOT / "results" / "published" / "textbook"
PICTURES = {"guarantees.png", "loss.png", "faults.png", "price.png"}
BINARY = ""

SWEEP = """version: 1
name: sweep
system: textbook
seeds: 1..12
brokers: {count: 1}
consumers: {application: {processing: {time: 20ms}}}
matrix: {brokers.config.flush: [sync, async]}
faults: [{action: power_loss, target: broker-1, duration: 200ms}, {action: kill, target: broker-1, duration: 200ms}]
expect: {available: holds}
"""
QUIET = """version: 1
name: quiet
system: textbook
seeds: 1..3
"""


def plot(*arguments):
    return subprocess.run([sys.executable, "-B", PLOT, *map(str, arguments)], capture_output=True, text=True,
                          timeout=100, check=False)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def results(self, scenario):
        """A folder of results, as `noloss run` writes it."""
        file = self.folder / "scenario.yaml"
        file.write_text(scenario, encoding="utf-8")
        done = subprocess.run([BINARY, "run", file, "--out", self.folder / "out"], capture_output=True, text=True,
                              timeout=100, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return self.folder / "out"

    def drawn(self, *arguments):
        """The pictures that plot.py says it wrote."""
        done = plot(*arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(done.stderr, "", "a warning is a picture that is not as meant")
        return [pathlib.Path(line) for line in done.stdout.splitlines()]

    def shows_something(self, picture):
        pixels = matplotlib.image.imread(picture)[..., :3]
        height, width, _ = pixels.shape
        self.assertGreater(min(height, width), 100, picture.name)
        self.assertLess(max(height, width), 8000, picture.name)
        inked = np.any(np.abs(pixels - 1) > 0.02, axis=2)
        self.assertGreater(inked.mean(), 0.01, f"{picture.name} is blank")
        self.assertGreater(len(np.unique((pixels[inked] * 7).astype(int), axis=0)), 5, f"{picture.name} has one colour")
        rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
        self.assertGreater((rows[-1] - rows[0]) / height, 0.5, f"{picture.name} is mostly empty")
        self.assertGreater((columns[-1] - columns[0]) / width, 0.5, f"{picture.name} is mostly empty")


class Sweep(Case):
    def test_every_picture_is_there_and_shows_something(self):
        out = self.results(SWEEP)
        pictures = self.drawn(out)
        self.assertEqual({p.name for p in pictures}, PICTURES)
        for picture in pictures:
            self.assertEqual(picture.parent, out)
            self.shows_something(picture)

    def test_the_pictures_may_go_elsewhere(self):
        out = self.results(SWEEP)
        pictures = self.drawn(out, "-o", self.folder / "new" / "pictures")
        self.assertEqual({p.name for p in (self.folder / "new" / "pictures").iterdir()}, PICTURES)
        self.assertEqual({p.name for p in pictures}, PICTURES)
        self.assertEqual(list(out.glob("*.png")), [])

    def test_the_same_results_give_the_same_pictures(self):
        out = self.results(SWEEP)
        for folder in ("one", "other"):
            self.drawn(out, "-o", self.folder / folder)
        for name in PICTURES:
            one, other = ((self.folder / folder / name).read_bytes() for folder in ("one", "other"))
            self.assertEqual(one, other, name)

    def test_another_guarantee_gives_other_pictures(self):
        out = self.results(SWEEP)
        with open(out / "summary.csv", encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["brokers.config.flush"] == "async"]
        violations = {row["guarantee"]: row["violations"] for row in rows}
        self.assertNotEqual(violations["no_acked_loss"], violations["available"])
        self.drawn(out, "-o", self.folder / "loss")
        self.drawn(out, "-o", self.folder / "available", "--guarantee", "available")
        for name in ("loss.png", "faults.png"):
            one, other = ((self.folder / folder / name).read_bytes() for folder in ("loss", "available"))
            self.assertNotEqual(one, other, name)


class Quiet(Case):
    def test_results_without_faults_have_no_picture_of_faults(self):
        pictures = self.drawn(self.results(QUIET))
        self.assertEqual({p.name for p in pictures}, PICTURES - {"faults.png"})
        for picture in pictures:
            self.shows_something(picture)


class Published(Case):
    def test_what_is_published_can_be_drawn_anew(self):
        pictures = self.drawn(PUBLISHED, "-o", self.folder)
        self.assertEqual({p.name for p in pictures}, {p.name for p in PUBLISHED.glob("*.png")})
        for picture in pictures:
            self.shows_something(picture)
        for picture in PUBLISHED.glob("*.png"):
            self.shows_something(picture)


class Wrong(Case):
    def test_a_folder_without_results_is_refused(self):
        done = plot(self.folder)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("summary.csv", done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(list(self.folder.glob("*.png")), [])


if __name__ == "__main__":
    BINARY = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()
