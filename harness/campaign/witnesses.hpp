// The files of `plans/`: for the first violation of each configuration and guarantee a witness that stands alone.
#pragma once

#include "harness/campaign/driver.hpp"
#include "harness/campaign/folder.hpp"

namespace noloss::harness {

/// Writes them, on `jobs` threads, and puts what they say into the verdict.
void write_witnesses(CampaignVerdict& verdict, const Job& job, const CampaignServices& services, const Folder& folder,
                     unsigned jobs);
/// Puts what the files say into the verdict; files that are not there say nothing.
void read_witnesses(CampaignVerdict& verdict, const Folder& folder);

}  // namespace noloss::harness
