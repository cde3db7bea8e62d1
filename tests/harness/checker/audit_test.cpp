// The audit of recorded histories: what is found, and what is said about lines that cannot be understood.
#include "harness/checker/audit.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstring>

#include "harness/checker/audit_file.hpp"

namespace noloss::harness {
namespace {

using testing::HasSubstr;
using Interval = IntervalSet::Interval;
using Intervals = std::vector<Interval>;

/// Hands the text out in pieces of `piece` bytes.
AuditInput read(std::string text, std::size_t piece = 1000) {
  std::size_t at = 0;
  return audit([&](char* buffer, std::size_t size) {
    const std::size_t bytes = std::min({size, piece, text.size() - at});
    std::memcpy(buffer, text.data() + at, bytes);
    at += bytes;
    return bytes;
  });
}

AuditInput csv(const std::string& rows) { return read("producer,partition,sequence,event\n" + rows); }

/// The only stream of a history that is in order.
StreamAudit stream(const std::string& rows) {
  const AuditInput input = csv(rows);
  EXPECT_TRUE(input.good()) << (input.problems.empty() ? input.error : input.problems[0].message);
  EXPECT_EQ(input.report.streams.size(), 1U);
  return input.report.streams.empty() ? StreamAudit{} : input.report.streams[0];
}

AuditVerdict verdict(const AuditInput& input, std::string_view name) {
  for (const AuditVerdict& one : input.report.verdicts) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << "no verdict on " << name;
  return {};
}

std::string first_problem(const AuditInput& input) {
  return input.problems.empty() ? std::string{}
                                : fmt::format("{}: {}", input.problems[0].line, input.problems[0].message);
}

TEST(audit, a_message_that_arrived_once_and_in_order_violates_nothing) {
  const AuditInput input = csv("p,0,1,sent\np,0,1,acked\np,0,1,processed\np,0,2,sent\np,0,2,acked\np,0,2,processed\n");
  for (const AuditVerdict& one : input.report.verdicts) EXPECT_EQ(one.verdict, Verdict::holds) << one.name;
  EXPECT_EQ(input.report.verdicts.size(), 5U);
}

TEST(audit, acknowledged_and_not_processed_is_loss) {
  const StreamAudit found = stream("p,0,1,acked\np,0,2,acked\np,0,3,acked\np,0,2,processed\n");
  EXPECT_EQ(found.lost_acked.intervals(), (Intervals{{1, 1}, {3, 3}}));
  EXPECT_EQ(found.lost_silent.intervals(), (Intervals{{1, 1}, {3, 3}}));
}

TEST(audit, sent_and_never_heard_of_again_is_silent_loss) {
  const StreamAudit found = stream("p,0,1,sent\np,0,2,sent\np,0,2,processed\n");
  EXPECT_TRUE(found.lost_acked.empty());
  EXPECT_EQ(found.lost_silent.intervals(), (Intervals{{1, 1}}));
}

TEST(audit, what_was_reported_as_failed_or_uncertain_may_be_absent) {
  const StreamAudit found = stream("p,0,1,failed\np,0,2,uncertain\np,0,3,acked\np,0,3,processed\n");
  EXPECT_TRUE(found.lost_acked.empty());
  EXPECT_TRUE(found.lost_silent.empty());
  EXPECT_EQ(found.failed, 1U);
  EXPECT_EQ(found.uncertain, 1U);
}

TEST(audit, a_success_after_a_failure_counts) {
  const StreamAudit found = stream("p,0,1,failed\np,0,1,acked\np,0,2,processed\np,0,2,sent\n");
  EXPECT_EQ(found.lost_acked.intervals(), (Intervals{{1, 1}}));
  EXPECT_EQ(found.failed, 0U);
}

TEST(audit, an_effect_twice_is_a_duplicate_a_delivery_twice_is_not) {
  const StreamAudit found =
      stream("p,0,1,sent\np,0,1,delivered\np,0,1,delivered\np,0,1,processed\np,0,1,processed\np,0,1,processed\n");
  EXPECT_EQ(found.duplicated.intervals(), (Intervals{{1, 1}}));
  EXPECT_EQ(found.duplicates, 2U);
}

TEST(audit, where_no_effects_are_recorded_deliveries_count) {
  const AuditInput input = csv("p,0,1,acked\np,0,2,acked\np,0,1,delivered\np,0,1,delivered\n");
  EXPECT_EQ(input.report.effect, AuditEvent::delivered);
  EXPECT_EQ(input.report.streams[0].duplicates, 1U);
  EXPECT_EQ(input.report.streams[0].lost_acked.intervals(), (Intervals{{2, 2}}));
}

TEST(audit, a_first_effect_after_a_later_one_is_reordered) {
  const StreamAudit found =
      stream("p,0,1,processed\np,0,3,processed\np,0,2,processed\np,0,3,processed\np,0,4,processed\n");
  EXPECT_EQ(found.reordered.intervals(), (Intervals{{2, 2}}));
}

TEST(audit, what_was_never_sent_is_a_phantom) {
  const StreamAudit found = stream("p,0,9,delivered\np,0,1,sent\np,0,1,processed\n");
  EXPECT_EQ(found.phantom.intervals(), (Intervals{{9, 9}}));
}

TEST(audit, the_order_of_producers_and_consumers_in_the_file_does_not_matter) {
  const StreamAudit found = stream("p,0,1,processed\np,0,2,processed\np,0,1,acked\np,0,2,acked\n");
  EXPECT_TRUE(found.phantom.empty());
  EXPECT_TRUE(found.lost_acked.empty());
}

TEST(audit, without_producers_gaps_are_missing_messages) {
  const AuditInput input = csv("p,0,10,processed\np,0,11,processed\np,0,15,processed\n");
  EXPECT_EQ(input.report.streams[0].missing.intervals(), (Intervals{{12, 14}}));
  EXPECT_EQ(verdict(input, "no_missing").messages, 3U);
  EXPECT_EQ(verdict(input, "no_missing").verdict, Verdict::violated);
}

TEST(audit, without_consumers_every_acknowledged_message_is_lost_and_the_rest_is_unknown) {
  const AuditInput input = csv("p,0,1,acked\n");
  EXPECT_EQ(verdict(input, "no_acked_loss").verdict, Verdict::violated);
  EXPECT_EQ(verdict(input, "no_duplicates").verdict, Verdict::inconclusive);
}

TEST(audit, where_nothing_was_acknowledged_no_acked_loss_is_inconclusive) {
  EXPECT_EQ(verdict(csv("p,0,1,sent\np,0,1,processed\n"), "no_acked_loss").verdict, Verdict::inconclusive);
}

TEST(audit, streams_are_apart_and_in_natural_order) {
  const AuditInput input = csv("p-10,0,1,sent\np-2,0,1,sent\np-2,10,1,processed\np-2,9,1,sent\n");
  std::vector<std::string> names;
  for (const StreamAudit& found : input.report.streams) names.push_back(found.producer + "/" + found.partition);
  EXPECT_EQ(names, (std::vector<std::string>{"p-2/0", "p-2/9", "p-2/10", "p-10/0"}));
}

TEST(audit, columns_stand_in_any_order_and_others_are_not_looked_at) {
  const AuditInput input = read("time,event,sequence,partition,producer\r\n5,acked,1,q,\"p \"\"x\"\", y\"\r\n");
  ASSERT_TRUE(input.good()) << first_problem(input);
  EXPECT_EQ(input.report.streams[0].producer, "p \"x\", y");
  EXPECT_EQ(input.report.streams[0].acked, 1U);
}

TEST(audit, a_producer_that_was_started_again_counts_anew) {
  const AuditInput input = read("producer,incarnation,partition,sequence,event\np,1,0,1,acked\np,2,0,1,acked\n");
  ASSERT_EQ(input.report.streams.size(), 2U);
  EXPECT_EQ(input.report.streams[1].producer, "p#2");
}

TEST(audit, json_lines_take_numbers_and_texts) {
  const AuditInput input = read(
      "{\"producer\":\"p\",\"partition\":0,\"sequence\":7,\"event\":\"acked\",\"t_ns\":5}\n\n"
      "{\"producer\":\"p\",\"partition\":\"0\",\"sequence\":\"8\",\"event\":\"processed\"}");
  ASSERT_TRUE(input.good()) << first_problem(input);
  ASSERT_EQ(input.report.streams.size(), 1U);
  EXPECT_EQ(input.report.streams[0].lost_acked.intervals(), (Intervals{{7, 7}}));
  EXPECT_EQ(input.report.streams[0].phantom.intervals(), (Intervals{{8, 8}}));
}

TEST(audit, every_line_that_cannot_be_understood_is_reported_with_its_number) {
  const AuditInput input = csv("p,0,1,acked\np,0,x,acked\np,0,1\np,0,-1,sent\n,0,1,sent\np,0,1,ackd\np,0,\"1,sent\n");
  ASSERT_EQ(input.problems.size(), 6U);
  EXPECT_EQ(first_problem(input), "3: sequence 'x' is no whole number from 0 to 9223372036854775807");
  EXPECT_EQ(input.problems[1].message, "3 fields, the header has 4");
  EXPECT_EQ(input.problems[3].message, "'producer' is empty");
  EXPECT_EQ(input.problems[4].message, "unknown event 'ackd'; did you mean 'acked'?");
  EXPECT_THAT(input.problems[5].message, HasSubstr("quote"));
  EXPECT_EQ(input.problems[5].line, 8U);
}

TEST(audit, a_header_without_a_column_ends_the_reading) {
  const AuditInput input = read("producer,sequence,event\np,1,sent\n");
  EXPECT_THAT(first_problem(input), HasSubstr("1: no column 'partition'"));
  EXPECT_EQ(input.problems.size(), 1U);
}

TEST(audit, wrong_json_is_told_from_wrong_keys) {
  EXPECT_EQ(first_problem(read("{\"producer\":\n")), "1: no valid JSON");
  EXPECT_EQ(first_problem(read("{\"producer\":1}\n[]\n")), "1: no key 'partition'");
  EXPECT_EQ(read("{\"producer\":1}\n[]\n").problems[1].message, "no JSON object: one object a line");
  EXPECT_THAT(first_problem(read("{\"producer\":1.5}\n")), HasSubstr("neither a text nor a whole number"));
}

TEST(audit, reading_stops_after_many_problems) {
  std::string rows;
  for (int row = 0; row < 100; ++row) rows += "junk\n";
  const AuditInput input = csv(rows);
  EXPECT_EQ(input.problems.size(), kMostProblems);
  EXPECT_THAT(input.error, HasSubstr("stopped"));
}

TEST(audit, an_endless_line_is_a_problem_and_not_kept) {
  const AuditInput input = csv(std::string(3 * kLongestLine, 'x') + "\np,0,1,acked\n");
  EXPECT_EQ(first_problem(input), "2: longer than 1 MiB");
  EXPECT_EQ(input.lines, 3U);
}

TEST(audit, a_missing_file_is_an_error) {
  EXPECT_EQ(audit_file("/nowhere/history.csv").error, "No such file or directory");
}

RC_GTEST_PROP(audit, pieces_of_any_size_read_alike, (std::uint8_t size)) {
  std::string text = "producer,partition,sequence,event\n";
  for (int row = 0; row < 50; ++row)
    text += fmt::format("producer-{},0,{},{}\n", row % 3, row, row % 2 ? "acked" : "processed");
  const AuditInput whole = read(text);
  const AuditInput cut = read(text, std::size_t{size} + 1);
  RC_ASSERT(cut.lines == whole.lines && cut.good() && cut.report.events == 50U);
  for (std::size_t at = 0; at < whole.report.streams.size(); ++at) {
    RC_ASSERT(cut.report.streams[at].lost_acked.intervals() == whole.report.streams[at].lost_acked.intervals());
  }
}

/// The definitions of the guarantees, message by message, over the list of all events.
RC_GTEST_PROP(audit, agrees_with_the_definitions, ()) {
  constexpr std::array kKinds{AuditEvent::sent, AuditEvent::acked, AuditEvent::failed, AuditEvent::processed};
  const auto steps = *rc::gen::container<std::vector<std::pair<std::uint64_t, std::size_t>>>(
      rc::gen::pair(rc::gen::inRange<std::uint64_t>(0, 12), rc::gen::inRange<std::size_t>(0, kKinds.size())));
  Audit audit;
  audit.add("p", "0", 99, AuditEvent::sent);
  audit.add("p", "0", 99, AuditEvent::processed);
  for (const auto& [number, kind] : steps) audit.add("p", "0", number, kKinds[kind]);
  const AuditReport report = audit.finish();
  const StreamAudit& found = report.streams.at(0);
  for (std::uint64_t number = 0; number < 12; ++number) {
    const auto times = [&](std::size_t kind) {
      return std::count(steps.begin(), steps.end(), std::pair{number, kind});
    };
    const bool known = times(0) + times(1) + times(2) > 0;
    RC_ASSERT(found.lost_acked.contains(number) == (times(1) > 0 && times(3) == 0));
    RC_ASSERT(found.lost_silent.contains(number) == (known && times(3) == 0 && (times(1) > 0 || times(2) == 0)));
    RC_ASSERT(found.duplicated.contains(number) == (times(3) > 1));
    RC_ASSERT(found.phantom.contains(number) == (times(3) > 0 && !known));
    RC_ASSERT(found.reordered.contains(number) == (times(3) > 0));  // 99 was processed before all others
  }
}

}  // namespace
}  // namespace noloss::harness
