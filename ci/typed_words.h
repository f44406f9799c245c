// The values of flags as they were typed, and options made of them.
//
// The library that reads command lines only sorts words, so that every message
// about a value is ours.
#ifndef RACEWALK_CI_TYPED_WORDS_H_
#define RACEWALK_CI_TYPED_WORDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "ci/options.h"

namespace racewalk {

// "" is a flag that was not given.
struct Words {
  ListOptions list{};
  CheckOptions check{};
  ReplayOptions replay{};
  ShrinkCommandOptions shrink{};
  MutantsOptions mutants{};
  StressOptions stress{};
  FuzzOptions fuzz{};
  CampaignOptions campaign{};
  MergeOptions merge{};
  ReportOptions report{};
  std::string mmu{};
  std::string executions{};
  std::string seconds{};
  std::string seed{};
  std::string jobs{};
  std::string time_limit{};
  std::string shrink_seconds{};
  std::string stop_at{};
  std::string sample{};
  std::string rounds{};
  std::string round{};
  std::string threads{};
  std::string noise{};
  std::string events{};
  std::string stuck_seconds{};
  std::string files{};
  std::string hours{};
  std::string chunks{};
  std::string shard_count{};
  std::string memory_mib{};
  std::vector<std::string> engines{};
  std::string rate_drop{};
  std::vector<std::string> seeds{};
  std::vector<std::string> compare{};
  std::vector<std::string> strategies{};
  std::vector<std::string> weaken{};
  std::vector<std::string> variants{};
};

// Each fills in one command's options from the other words.
// Errors: InvalidArgument, one line.
absl::Status ReadList(Words& words);
absl::Status ReadCheck(Words& words);
absl::Status ReadReplay(Words& words);
absl::Status ReadShrink(Words& words);
absl::Status ReadMutants(Words& words);
absl::Status ReadStress(Words& words);
absl::Status ReadFuzz(Words& words);
absl::Status ReadCampaign(Words& words);
absl::Status ReadReport(Words& words);

}  // namespace racewalk

#endif  // RACEWALK_CI_TYPED_WORDS_H_
