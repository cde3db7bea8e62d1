// Walks every row of the table: what holds for one holds for all.
#include "harness/scenario/fields.hpp"

#include <gtest/gtest.h>

#include <set>

#include "harness/scenario/guarantee.hpp"
#include "harness/scenario/scalar_check.hpp"
#include "harness/scenario/scenario.hpp"
#include "models/systems.hpp"

namespace noloss::harness {
namespace {

template <typename Check>
void for_each_field(Check check) {
  for (std::size_t i = 1; i < kSections; ++i) {
    for (const Field& field : fields(static_cast<Section>(i))) check(field);
  }
}

TEST(Fields, EverySectionHasRows) {
  for (std::size_t i = 1; i < kSections; ++i) EXPECT_FALSE(fields(static_cast<Section>(i)).empty()) << i;
}

TEST(Fields, DefaultsPassTheirOwnCheck) {
  for_each_field([](const Field& field) {
    if (field.default_value.empty()) return;
    EXPECT_EQ(check_scalar(field.default_value, field, field.key).message, "") << field.key;
  });
}

TEST(Fields, EachRowIsExplainedOrRefused) {
  for_each_field([](const Field& field) {
    // What only some systems have is explained for those and refused by the others.
    EXPECT_TRUE(field.own ? !field.meaning.empty() && !field.refused.empty()
                          : field.meaning.empty() != field.refused.empty())
        << field.key;
    EXPECT_EQ(field.type == FieldType::choice, !field.choices.empty()) << field.key;
    const bool mapping = field.type == FieldType::mapping && field.refused.empty();
    EXPECT_TRUE(!mapping || field.opens != Section::none) << field.key;
    EXPECT_LE(field.min, field.max) << field.key;
  });
}

TEST(Fields, KeysDifferForEachTaker) {
  for (std::size_t i = 1; i < kSections; ++i) {
    std::set<std::pair<std::string_view, unsigned>> seen;
    for (const Field& field : fields(static_cast<Section>(i))) {
      for (unsigned bit = 0; bit < 32; ++bit) {
        const bool takes = field.takers == 0 || (field.takers >> bit & 1U) != 0;
        EXPECT_TRUE(!takes || seen.emplace(field.key, bit).second) << field.key;
      }
    }
  }
}

TEST(Fields, WordsStandInTheOrderOfTheEnums) {
  EXPECT_EQ(action_words().size(), sim::kActions);
  for (std::size_t i = 0; i < sim::kActions; ++i) {
    EXPECT_EQ(sim::action_named(action_words()[i]), static_cast<sim::Action>(i));
  }
  EXPECT_EQ(operation_words()[static_cast<std::size_t>(OperationKind::remove)], "delete");
  EXPECT_EQ(operation_words()[static_cast<std::size_t>(OperationKind::elect)], "elect");
  const auto word = [](Section section, std::string_view key, auto value) {
    return find_field(section, key, 0, nullptr)->choices[static_cast<std::size_t>(value)];
  };
  EXPECT_EQ(word(Section::producer_application, "send", models::SendMode::oneway), "oneway");
  EXPECT_EQ(word(Section::producer_application, "on_error", models::OnError::ignore), "ignore");
  EXPECT_EQ(word(Section::producer_application, "source", models::ProducerSource::outbox), "outbox");
  EXPECT_EQ(word(Section::consumer_application, "acknowledge", models::Acknowledge::automatic), "automatic");
  EXPECT_EQ(word(Section::consumer_application, "on_failure", models::OnFailure::close), "close");
  EXPECT_EQ(word(Section::consumer_application, "store", models::StoreKind::idempotent), "idempotent");
  EXPECT_EQ(word(Section::fault, "unsynced", sim::Unsynced::any_subset), "any_subset");
  EXPECT_EQ(word(Section::fault, "semantics", sim::FsyncSemantics::btrfs), "btrfs");
  EXPECT_EQ(word(Section::fault, "with", sim::Damage::junk), "junk");
  EXPECT_EQ(word(Section::fault, "in", sim::FileClass::metadata), "metadata");
  EXPECT_EQ(word(Section::fault, "side", sim::Side::response), "response");
  EXPECT_EQ(word(Section::fault, "clients", sim::Clients::both), "both");
}

TEST(Fields, GuaranteesAreNamedBothWays) {
  for (const Guarantee guarantee : kAllGuarantees) {
    EXPECT_EQ(guarantee_named(name(guarantee)), guarantee);
    EXPECT_NE(find_field(Section::expect, name(guarantee), 0, nullptr), nullptr);
  }
}

TEST(Fields, DocumentsNameEverySweepablePath) {
  std::set<std::string> paths;
  for (const FieldDoc& doc : documented_fields(*models::systems().front())) {
    EXPECT_TRUE(paths.insert(doc.path).second || doc.path.starts_with("faults.") || doc.path.starts_with("operations."))
        << doc.path;
    EXPECT_FALSE(doc.type.empty()) << doc.path;
  }
  EXPECT_TRUE(paths.contains("brokers.disk.writeback.wake"));
  EXPECT_TRUE(paths.contains("expect.totals.lost_acked"));
  EXPECT_FALSE(paths.contains("exchanges"));
  EXPECT_EQ(documented_actions().size(), sim::kActions);
}

}  // namespace
}  // namespace noloss::harness
