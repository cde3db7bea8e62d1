// The first line of a journal: which campaign and shard its lines belong to, as JSON.
//
// Two campaigns are the same when tool version, kind of search, confidence, scenarios (name and hash), configurations
// and seeds are; where the files lay and how they were named does not count.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "harness/campaign/campaign.hpp"

namespace noloss::harness {

struct Header {
  CampaignFacts facts;
  Shard shard;
};

/// Without the line end.
[[nodiscard]] std::string encode(const Header& header);
/// Empty if the line is no header of this version of the journal.
[[nodiscard]] std::optional<Header> decode_header(std::string_view line);

/// A short name of the campaign for folders: 10 hex digits.
[[nodiscard]] std::string identity_hash(const CampaignFacts& facts);
/// In which way the campaign found differs from the one wanted, for a message; empty: they are the same.
[[nodiscard]] std::string difference(const CampaignFacts& found, const CampaignFacts& wanted);

}  // namespace noloss::harness
