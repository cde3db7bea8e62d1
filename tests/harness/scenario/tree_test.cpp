// Positions in the YAML text, and text that is hostile.
#include "harness/scenario/tree.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace noloss::harness {
namespace {

/// Parses, and shows the problems as "line:column message".
struct Parsed {
  explicit Parsed(std::string_view text) {
    Problems problems;
    root = parse_tree(text, problems);
    const Sources sources{"f", text};
    for (const Problem& problem : problems.sorted(sources)) {
      found += std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " + problem.message + "\n";
    }
  }
  NodePtr root;
  std::string found;
};

TEST(Tree, MarksKeysAndValues) {
  const Parsed parsed{"a: 1\nbee:\n  - x\n  - {c: \"y z\"}\n"};
  ASSERT_TRUE(parsed.root) << parsed.found;
  const Entry& bee = parsed.root->entries[1];
  EXPECT_EQ(bee.key, "bee");
  EXPECT_EQ(bee.key_mark, (Mark{0, 2, 1, 3}));
  EXPECT_EQ(bee.value->items[0]->mark, (Mark{0, 3, 5, 1}));
  const Entry& inner = bee.value->items[1]->entries[0];
  EXPECT_EQ(inner.key_mark, (Mark{0, 4, 6, 1}));
  EXPECT_EQ(inner.value->mark, (Mark{0, 4, 9, 5}));
  EXPECT_TRUE(inner.value->quoted);
  EXPECT_EQ(inner.value->text, "y z");
}

TEST(Tree, ColumnsCountBytes) {
  const Parsed parsed{"{\"h\xC3\xA9h\xC3\xA9\": 1, b: 2}\n"};
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->entries[1].key_mark.column, 15U);
}

TEST(Tree, MissingValueIsMarkedAtItsKey) {
  const Parsed parsed{"a:\nb: 1\n"};
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(parsed.root->child("a")->kind, NodeKind::null);
  EXPECT_EQ(parsed.root->child("a")->mark, (Mark{0, 1, 1, 1}));
}

TEST(Tree, MarkWithinAScalar) {
  const Parsed parsed{"at: \"broker-1 append #4\"\nplain: broker-1 append\nescaped: \"a\\tb c\"\n"};
  ASSERT_TRUE(parsed.root);
  EXPECT_EQ(within(*parsed.root->child("at"), 9, 6), (Mark{0, 1, 15, 6}));
  EXPECT_EQ(within(*parsed.root->child("plain"), 9, 6), (Mark{0, 2, 17, 6}));
  EXPECT_EQ(within(*parsed.root->child("escaped"), 2, 1), parsed.root->child("escaped")->mark);
}

TEST(Tree, QuotesOverSeveralLines) {
  const Parsed parsed{"a: 'one\n  two''s'\nb: \"x \\\" y\"\nc: |\n  text\nd: e\n"};
  ASSERT_TRUE(parsed.root) << parsed.found;
  EXPECT_EQ(parsed.root->child("a")->text, "one two's");
  EXPECT_EQ(parsed.root->child("b")->text, "x \" y");
  EXPECT_EQ(parsed.root->child("d")->text, "e");
}

TEST(Tree, CommentThatCutsANumberOff) {
  const Parsed parsed{"a: broker-1 append #40\nb: \"x\" #4\nc: x # 4\nd: 3 #x\n"};
  ASSERT_TRUE(parsed.root);
  EXPECT_TRUE(parsed.root->child("a")->cut_by_comment);
  EXPECT_FALSE(parsed.root->child("b")->cut_by_comment);
  EXPECT_FALSE(parsed.root->child("c")->cut_by_comment);
  EXPECT_FALSE(parsed.root->child("d")->cut_by_comment);
}

TEST(Tree, RefusesSizeAndNumberOfNodes) {
  EXPECT_EQ(Parsed{std::string((1U << 20U) + 1, ' ')}.found,
            "1:1 the file has 1048577 bytes; a scenario has at most 1048576\n");
  std::string many = "a: [";
  for (int i = 0; i < 100'001; ++i) many += "1,";
  many += "1]";
  EXPECT_NE(Parsed{many}.found.find("the file has more than 100000 values"), std::string::npos);
}

TEST(Tree, DeepNestingOfEveryKindEndsSoon) {
  for (const std::string_view piece : {"[", "{a: ", "- ", "? ", "{", "[{"}) {
    std::string text;
    while (text.size() < 200'000) text += piece;
    const Parsed parsed{text};
    EXPECT_FALSE(parsed.root) << piece;
    EXPECT_FALSE(parsed.found.empty()) << piece;
  }
}

TEST(Tree, RefusesBytesThatAreNoText) {
  EXPECT_EQ(Parsed(std::string_view("a: \0b", 5)).found, "1:4 the file has a NUL byte; is it text?\n");
  EXPECT_EQ(Parsed{"a: b\n\xC3"}.found, "2:1 the byte 0xc3 is no UTF-8; save the file as UTF-8\n");
  EXPECT_EQ(Parsed{"a: \xED\xA0\x80"}.found, "1:4 the byte 0xed is no UTF-8; save the file as UTF-8\n");
  EXPECT_EQ(Parsed{"a: \xC0\xAF"}.found, "1:4 the byte 0xc0 is no UTF-8; save the file as UTF-8\n");
  EXPECT_EQ(Parsed{"a: b\rc: d"}.found, "1:5 the control character 0x0d cannot stand in a scenario\n");
}

TEST(Tree, NoKeyOfKeys) {
  EXPECT_EQ(Parsed{"? [a, b]\n: c\n"}.found, "1:3 a key must be a word, not a list\n");
  EXPECT_EQ(Parsed{"~: c\n"}.found, "1:1 a key must be a word, not nothing\n");
}

RC_GTEST_PROP(Tree, AnyTextEndsInATreeOrAProblem, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("a: ", "b", "- ", "[", "]", "{", "}", ",", "\n", "  ", "'", "\"", "&x ", "*x",
                                    "!t ", "#1", "? ", ": ", "|", ">", "---", "...", "%", "\\", "~", "<<: "));
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  const Parsed parsed{text};
  RC_ASSERT((parsed.root != nullptr) == parsed.found.empty());
}

}  // namespace
}  // namespace noloss::harness
