// The order of what will happen: by time, then by order of entry, whatever mixture of pushes and pops came before.
#include "sim/agenda.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "sim/fiber.hpp"

namespace noloss::sim {
namespace {

using testing::ElementsAre;

class AgendaTest : public testing::Test {
 public:
  class Note final : public Callback {
   public:
    Note(std::vector<int>& log, int number) : log_(log), number_(number) {}
    void fire() override { log_.push_back(number_); }
    void drop() override { log_.push_back(-number_); }

   private:
    std::vector<int>& log_;
    int number_;
  };

  static VirtualTime at(std::int64_t nanoseconds) { return VirtualTime{Duration{nanoseconds}}; }
  void push(std::int64_t nanoseconds, int number) { agenda.push(at(nanoseconds), notes.emplace_back(log, number)); }
  /// Does what is first, and lets time go there.
  bool step(VirtualTime limit = kNever) {
    Agenda::Entry entry;
    if (!agenda.pop(limit, entry)) return false;
    agenda.advance(entry.time);
    entry.callback().fire();
    return true;
  }
  void run() {
    while (step()) {
    }
  }

  Agenda agenda;
  std::vector<int> log;
  std::deque<Note> notes;
};

TEST_F(AgendaTest, StartsEmptyAtTheStart) {
  EXPECT_TRUE(agenda.empty());
  EXPECT_EQ(agenda.now(), kStart);
  EXPECT_FALSE(step());
}

TEST_F(AgendaTest, EarlierIsFirst) {
  push(30, 3);
  push(10, 1);
  push(20, 2);
  run();
  EXPECT_THAT(log, ElementsAre(1, 2, 3));
  EXPECT_EQ(agenda.now(), at(30));
}

TEST_F(AgendaTest, AmongEqualTimesWhatWasEnteredFirstIsFirst) {
  for (int i = 1; i <= 9; ++i) push(10, i);
  run();
  EXPECT_THAT(log, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
}

TEST_F(AgendaTest, WhatIsEnteredForThePresentComesAfterWhatWasEnteredForThatTimeBefore) {
  push(10, 1);
  push(10, 2);
  push(11, 4);
  step();
  push(10, 3);
  run();
  EXPECT_THAT(log, ElementsAre(1, 2, 3, 4));
}

TEST_F(AgendaTest, ThePastIsThePresent) {
  push(10, 1);
  step();
  push(5, 2);
  step();
  EXPECT_THAT(log, ElementsAre(1, 2));
  EXPECT_EQ(agenda.now(), at(10));
}

TEST_F(AgendaTest, LimitIsIncluded) {
  push(10, 1);
  push(11, 2);
  EXPECT_TRUE(step(at(10)));
  EXPECT_FALSE(step(at(10)));
  EXPECT_FALSE(agenda.empty());
  EXPECT_TRUE(step(at(11)));
  EXPECT_TRUE(agenda.empty());
}

TEST_F(AgendaTest, ARefusedPopLosesNothing) {
  for (int i = 1; i <= 20; ++i) push(i, i);
  for (int i = 1; i <= 20; ++i) {
    EXPECT_FALSE(step(at(i - 1)));
    EXPECT_TRUE(step(at(i)));
  }
  EXPECT_EQ(log.size(), 20U);
  EXPECT_TRUE(std::is_sorted(log.begin(), log.end()));
}

TEST_F(AgendaTest, NeverIsLast) {
  agenda.push(kNever, notes.emplace_back(log, 2));
  push(10, 1);
  run();
  EXPECT_THAT(log, ElementsAre(1, 2));
}

TEST_F(AgendaTest, SequenceNumbersGrowFromOne) {
  Fiber fiber;
  std::uint64_t sleep = 0;
  std::uint64_t wake = 0;
  agenda.push(at(10), fiber, sleep);
  agenda.push_now(fiber, wake);
  EXPECT_EQ(sleep, 1U);
  EXPECT_EQ(wake, 2U);
  Agenda::Entry entry;
  ASSERT_TRUE(agenda.pop(kNever, entry));
  EXPECT_EQ(entry.sequence, wake);
  EXPECT_TRUE(entry.is_fiber());
  EXPECT_EQ(&entry.fiber(), &fiber);
  EXPECT_EQ(entry.time, kStart);
}

TEST_F(AgendaTest, ClearDropsEverything) {
  push(0, 1);
  push(20, 3);
  push(10, 2);
  agenda.clear();
  EXPECT_THAT(log, testing::UnorderedElementsAre(-1, -2, -3));
  EXPECT_TRUE(agenda.empty());
}

TEST_F(AgendaTest, ClearAlsoDropsWhatADropEnters) {
  class Hydra final : public Callback {
   public:
    Hydra(AgendaTest& test) : test_(test) {}
    void fire() override {}
    void drop() override {
      test_.push(0, 1);
      test_.push(99, 2);
    }

   private:
    AgendaTest& test_;
  };
  Hydra hydra(*this);
  agenda.push(at(50), hydra);
  agenda.clear();
  EXPECT_THAT(log, ElementsAre(-1, -2));
}

TEST_F(AgendaTest, ResetGoesBackToTheStart) {
  push(10, 1);
  step();
  push(20, 2);
  agenda.reset();
  EXPECT_EQ(agenda.now(), kStart);
  push(5, 3);
  run();
  EXPECT_THAT(log, ElementsAre(1, -2, 3));
}

/// Pushes and pops in any mixture, against a list that is sorted stably by time before each pop.
RC_GTEST_FIXTURE_PROP(AgendaTest, OrderIsThatOfAStableSortByTime, ()) {
  struct Entered {
    std::int64_t time;
    int number;
  };
  std::vector<Entered> expected;
  const auto pop = [&] {
    std::stable_sort(expected.begin(), expected.end(), [](auto& a, auto& b) { return a.time < b.time; });
    RC_ASSERT(step() != expected.empty());
    if (expected.empty()) return;
    RC_ASSERT(log.back() == expected.front().number);
    RC_ASSERT(agenda.now() == at(expected.front().time));
    expected.erase(expected.begin());
  };
  int number = 0;
  // Delays are short, so that equal times are frequent; a third of the operations is a pop.
  for (const int operation : *rc::gen::container<std::vector<int>>(rc::gen::inRange(-8, 16))) {
    if (operation < 0) {
      pop();
    } else {
      const std::int64_t time = agenda.now().time_since_epoch().count() + operation;
      push(time, ++number);
      expected.push_back({time, number});
    }
  }
  while (!expected.empty()) pop();
  RC_ASSERT(agenda.empty());
}

}  // namespace
}  // namespace noloss::sim
