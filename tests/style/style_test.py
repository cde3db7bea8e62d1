#!/usr/bin/env python3
"""Each rule of style.py finds what it forbids, at its line, and nothing in a tree that keeps all rules."""

import pathlib
import tempfile
import unittest

import cpp
import style

LONG = "  f();\n"
GOOD = {
    "sim/clock.hpp": "// A clock; unlike steady_clock it is virtual, and no double.\n#pragma once\n",
    "sim/clock.cpp": '#include "sim/clock.hpp"\nauto text = "std::shuffle /* rand() */";\nint n = 1\'000\'000;\n',
    "models/queue/README.md": "# Queue\n",
    "models/queue/options.hpp": "/* Options. */\n#pragma once\n",
    "models/queue/options.cpp": '#include "sim/clock.hpp"\n',
    "models/application/outbox.cpp": "// No system.\n",
    "harness/report/progress.cpp": "// Shows the time left.\nauto now = std::chrono::steady_clock::now();\n",
    "harness/verdict.cpp": "// Statistics.\ndouble p = boost::math::binomial_distribution<>(n, q);\n",
    "cli/main.cpp": '// The command.\n#include "harness/verdict.hpp"\n',
    "tests/sim/clock_test.cpp": '// Tests.\n#include "sim/clock.hpp"\n',
}


def findings(rule, changes=None):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**GOOD, **(changes or {})}.items():
            if text is not None:
                file = pathlib.Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
        return [(path, line) for path, line, _ in style.RULES[rule](style.Tree(root))]


class Rules(unittest.TestCase):
    def test_a_tree_that_keeps_them_has_no_findings(self):
        for rule in style.RULES:
            self.assertEqual([], findings(rule), rule)

    def finds(self, rule, path, text, *lines):
        self.assertEqual([(path, line) for line in lines], findings(rule, {path: text}), (rule, text))

    def test_files(self):
        self.finds("files", "cli/main.cpp", "//\n" * 400)
        self.finds("files", "cli/main.cpp", "//\n" * 401, 1)

    def test_functions(self):
        self.finds("functions", "cli/main.cpp", "\nint main()\n{\n" + LONG * 67 + "}\n")
        self.finds("functions", "cli/main.cpp", "\nint main()\n{\n" + LONG * 68 + "}\n", 2)
        self.finds("functions", "tests/x.py", "def f():\n" + "    pass\n" * 70, 1)

    def test_lines(self):
        self.finds("lines", "cli/main.cpp", "//" + "-" * 118 + "\n")
        self.finds("lines", "cli/main.cpp", "//" + "-" * 119 + "\n//\t\n// \n//", 1, 2, 3, 4)

    def test_banned_everywhere_below_the_command(self):
        for code in ["int x = rand();", "srand(1);", "std::random_device d;", "std::mt19937_64 g;", "#include <random>",
                     "std::shuffle(a, b, g);", "std::uniform_int_distribution<> d;", "std::async(f);",
                     "auto t = std::chrono::system_clock::now();", "high_resolution_clock::now();",
                     "std::this_thread::sleep_for(1ms);", "gettimeofday(&t, nullptr);", "auto t = time(nullptr);"]:
            for path in ["sim/clock.cpp", "models/queue/options.cpp", "harness/search.cpp"]:
                self.finds("banned", path, "// Text.\n" + code + "\n", 2)
            self.finds("banned", "cli/main.cpp", "// Text.\n" + code + "\n")

    def test_banned_in_decisions(self):
        for code in ["double x;", "float f(int);", "std::unordered_map<int, int> m;", "std::unordered_set<int> s;",
                     "boost::unordered_flat_map<int, int> m;"]:
            self.finds("banned", "sim/clock.cpp", "// Text.\n" + code + "\n", 2)
            self.finds("banned", "models/queue/options.cpp", "// Text.\n" + code + "\n", 2)
            self.finds("banned", "harness/search.cpp", "// Text.\n" + code + "\n")

    def test_the_signature_that_boost_fiber_asks_for_is_not_a_use_of_the_clock(self):
        code = "void suspend_until(const std::chrono::steady_clock::time_point&) noexcept override;"
        self.finds("banned", "sim/clock.cpp", "// Text.\n" + code + "\n")

    def test_layers(self):
        upward = [("sim", "models"), ("models", "harness"), ("harness", "cli"), ("tests/sim", "models")]
        for folder, target in upward:
            self.finds("layers", f"{folder}/x.cpp", f'// Text.\n#include "{target}/y.hpp"\n', 2)
        self.finds("layers", "cli/main.cpp", '#include "../sim/clock.hpp"\n', 1)

    def test_systems(self):
        self.finds("systems", "models/queue/README.md", None, 1)
        self.finds("systems", "models/queue/options.cpp", None, 1)

    def test_headers(self):
        self.finds("headers", "cli/main.cpp", "int main() {}\n", 1)
        self.finds("headers", "sim/clock.hpp", "// A clock.\n", 1)
        mute = {"sim/clock.hpp": "#pragma once\n"}
        self.assertEqual([("sim/clock.cpp", 1), ("sim/clock.hpp", 1)], findings("headers", mute))

    def test_outside(self):
        for path in ["/wo" + "rk/main", ".." + "/shared/design.md"]:
            self.finds("outside", "models/queue/README.md", "# Queue\n\nsee " + path + "\n", 3)


class Functions(unittest.TestCase):
    def test_names_and_lines(self):
        text = """// A comment with { and void f() {
namespace a {
struct S : Base<int> {
  explicit S(int x) : a_{x}, b_(x) {}
 public:
  [[nodiscard]] std::function<void(int)> get() const& noexcept { return f_; }
  bool operator==(const S&) const { return true; }
  void operator()() {}
  std::function<void(int)> f_{[](int) {}};
  std::array<int, 2> c_ = {1, 2};
  int a_{0};
};
template <typename T = std::vector<int>, int n = (1 > 0)>
  requires(sizeof(T) > 1)
auto S<T>::made(int a = 3,
                int b = '{') -> std::map<int, void (*)()> {
  if (a) {
    auto inner = [&](int) { return "}"; };
  }
}
enum class E : int { one, two };
constexpr Row kRows[]{{.f = [](int) { return 1; }}};
#define BROKEN(x) void x() { \\
  {
TEST_F(Suite, Name) {
}
extern "C" void c() {}
}
"""
        expected = [("S", 4, 4), ("get", 6, 6), ("operator", 7, 7), ("operator", 8, 8), ("made", 13, 20),
                    ("TEST_F", 25, 26), ("c", 27, 27)]
        self.assertEqual(expected, [(name.split("::")[-1], a, b) for name, a, b in cpp.functions(text)])

    def test_bare_text_keeps_its_lines(self):
        text = 'a /* 1\n2 */ R"x(3\n)" 4)x" "5\\"6" // 7\n8'
        self.assertEqual('a \n ""\n "" \n8', cpp.bare(text))


if __name__ == "__main__":
    unittest.main()
