#!/usr/bin/env python3
"""The rules that a reader relies on, as a test: `style.py RULE [ROOT]` prints file:line: message for each breach.

Reads the text of the files, not a syntax tree: C++ without comments and literals is enough to see includes, words and
how long a function is. Exit status 1 when there was a finding. `style.py --list` prints the rules.
"""

import ast
import pathlib
import re
import subprocess
import sys

import cpp

LAYERS = ["sim", "models", "harness", "cli"]
CPP = {".cpp", ".hpp"}
CODE = CPP | {".py", ".sh", ".cmake", ""}  # "" are the scripts without an ending and CMakeLists is told by name
FILE_LINES, FUNCTION_LINES, COLUMNS = 400, 70, 120

# Files and functions that may be longer than allowed: {"path" or "path:function": lines}. Numbers may only fall.
RATCHET = {}

# Folders of models/ that hold no system.
NO_SYSTEM = {"application"}


class Word:
    """A word that must not appear in the code of some folders."""

    def __init__(self, pattern, why, folders=("sim", "models", "harness"), allowed=()):
        self.pattern, self.why = re.compile(pattern), why
        self.folders, self.allowed = folders, allowed

    def concerns(self, path):
        return path.startswith(tuple(f + "/" for f in self.folders)) and not path.startswith(tuple(self.allowed))


RANDOM = "draws differ between libraries: use the run's random streams"
CLOCK = "a run knows only virtual time"
HASHED = "iterates in no fixed order: use a sorted container"
WALL_CLOCK_MAY = ("harness/report/", "harness/report.")
BANNED = [
    Word(r"\b(?:s?rand|[dlm]rand48)\s*\(", RANDOM),
    Word(r"\brandom_device\b|\bmt19937(?:_64)?\b|\bdefault_random_engine\b|\bminstd_rand0?\b", RANDOM),
    Word(r"\bstd::(?:shuffle|random_shuffle|sample|\w+_distribution)\b", RANDOM),
    Word(r"#\s*include\s*<random>", RANDOM),
    # Boost.Fiber's interface has a wall clock in the signature of suspend_until.
    Word(r"^(?!.*\bsuspend_until\().*?\b((?:system|steady|high_resolution|utc)_clock)\b", CLOCK,
         allowed=WALL_CLOCK_MAY),
    Word(r"\b(?:gettimeofday|clock_gettime)\b|\b(?:std::)?time\s*\(\s*(?:nullptr|NULL|0)\s*\)", CLOCK,
         allowed=WALL_CLOCK_MAY),
    Word(r"\bsleep_for\b|\bthis_thread::sleep_\w+|\b(?:nano|u)sleep\b", CLOCK),
    Word(r"\bstd::async\b", "starts a thread at a moment that nobody chose"),
    Word(r"\b(?:float|double)\b", "decisions are made on integers", folders=("sim", "models")),
    Word(r"\bunordered_(?:flat_|node_)?(?:multi)?(?:map|set)\b", HASHED, folders=("sim", "models")),
    Word(r"\bflat_hash_(?:map|set)\b", HASHED, folders=("sim", "models")),
]

# Never spoken of in the project; put together here so that this file does not speak of them either.
OUTSIDE = re.compile("|".join(re.escape(a + b) for a, b in [("..", "/shared"), ("/wo", "rk/")]))


class Tree:
    """The project's files: those that git tracks or would, or all below the root where there is no git."""

    def __init__(self, root):
        self.root = pathlib.Path(root).resolve()
        self.paths = sorted(p for p in self._listed() if (self.root / p).is_file())

    def _listed(self):
        git = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                             capture_output=True, text=True, check=False) if (self.root / ".git").exists() else None
        if git and git.returncode == 0:
            return set(git.stdout.split("\0")) - {""}
        skipped = {".git", "build", "results", "__pycache__"}
        every = (p.relative_to(self.root) for p in self.root.rglob("*"))
        return {str(p) for p in every if not skipped & set(p.parts)}

    def text(self, path):
        try:
            return (self.root / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            return None  # a picture

    def cpp(self):
        return [p for p in self.paths if pathlib.PurePath(p).suffix in CPP]

    def code(self):
        """Path and text of what is written by hand: C++, Python, shell and CMake."""
        for path in self.paths:
            suffix, text = pathlib.PurePath(path).suffix, self.text(path)
            if text is None or (suffix not in CODE and not path.endswith("CMakeLists.txt")):
                continue
            if suffix or text.startswith("#!"):
                yield path, text


def too_long(path, line, what, lines, limit):
    limit = RATCHET.get(path if what == "the file" else f"{path}:{what}", limit)
    if lines > limit:
        yield path, line, f"{what} has {lines} lines, {limit} are allowed: split it by what its parts do"


def files(tree):
    """No file of code has more than 400 lines."""
    for path, text in tree.code():
        yield from too_long(path, 1, "the file", text.count("\n"), FILE_LINES)


def functions(tree):
    """No function has more than 70 lines, its signature included."""
    for path, text in tree.code():
        if path.endswith(".py"):
            nodes = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
            found = [(n.name, n.lineno, n.end_lineno) for n in nodes]
        else:
            found = cpp.functions(text) if pathlib.PurePath(path).suffix in CPP else []
        for name, first, last in found:
            yield from too_long(path, first, name, last - first + 1, FUNCTION_LINES)


def lines(tree):
    """No line of code has more than 120 columns, a tab or blanks at its end."""
    for path, text in tree.code():
        for number, line in enumerate(text.splitlines(), 1):
            if len(line) > COLUMNS:
                yield path, number, f"{len(line)} columns, {COLUMNS} are allowed"
            if line != line.rstrip() or "\t" in line:
                yield path, number, "a tab, or blanks at the end of the line"
        if text and not text.endswith("\n"):
            yield path, text.count("\n") + 1, "the last line has no end"


def banned(tree):
    """Nothing that makes two runs with one seed differ is used in sim, models and harness."""
    for path in tree.cpp():
        words = [w for w in BANNED if w.concerns(path)]
        for number, line in enumerate(cpp.bare(tree.text(path)).splitlines() if words else [], 1):
            for word in words:
                if found := word.pattern.search(line):
                    yield path, number, f"`{found[word.pattern.groups].strip()}`: {word.why}"


def layers(tree):
    """An include points only downward in sim < models < harness < cli; tests of a layer stand on its level."""
    for path in tree.cpp():
        folder = path.removeprefix("tests/").split("/")[0]
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if not (found := re.match(r'\s*#\s*include\s*"([^"]+)"', line)):
                continue
            target = found[1].split("/")[0]
            if found[1].startswith("."):
                yield path, number, f'"{found[1]}": includes start at the root of the project'
            elif folder in LAYERS and target in LAYERS and LAYERS.index(target) > LAYERS.index(folder):
                yield path, number, f'{folder}/ includes "{found[1]}": a layer knows only those below it'


def systems(tree):
    """Each folder of models/ holds one system: a README.md that says what is modelled, and its options."""
    named = {p.split("/")[1] for p in tree.paths if p.startswith("models/") and p.count("/") > 1}
    for system in sorted(named - NO_SYSTEM):
        for file in ["README.md", "options.hpp", "options.cpp"]:
            if f"models/{system}/{file}" not in tree.paths:
                yield f"models/{system}/{file}", 1, "is missing; every system has one"


def headers(tree):
    """Each C++ file starts by saying what it is; a .cpp may leave that to its header."""
    def speaks(path):
        return tree.text(path).startswith(("//", "/*"))

    for path in tree.cpp():
        own = path.removesuffix(".cpp") + ".hpp"
        if not speaks(path) and not (own in tree.paths and speaks(own)):
            yield path, 1, "starts without a comment that says what it is"
        if path.endswith(".hpp") and "#pragma once" not in tree.text(path):
            yield path, 1, "has no #pragma once"


def outside(tree):
    """Nothing names a folder outside of the project."""
    for path in tree.paths:
        for number, line in enumerate((tree.text(path) or "").splitlines(), 1):
            if found := OUTSIDE.search(line):
                yield path, number, f"`{found[0]}` is not part of the project"


RULES = {rule.__name__: rule for rule in [files, functions, lines, banned, layers, systems, headers, outside]}


def main(arguments):
    if arguments == ["--list"]:
        for name, rule in RULES.items():
            print(f"{name:10} {rule.__doc__}")
        return 0
    if len(arguments) not in (1, 2) or arguments[0] not in RULES:
        print(f"usage: style.py --list | {'|'.join(RULES)} [ROOT]", file=sys.stderr)
        return 2
    tree = Tree(arguments[1] if len(arguments) == 2 else pathlib.Path(__file__).parents[2])
    if not tree.cpp():
        print(f"no C++ below {tree.root}", file=sys.stderr)
        return 2
    findings = list(RULES[arguments[0]](tree))
    for path, line, message in findings:
        print(f"{path}:{line}: {message}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
