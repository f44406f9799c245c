#include "ci/typed_words.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ci/flag_values.h"
#include "ci/options.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

// 0 is a value here: it turns shrinking off.
absl::Status ReadShrinkSeconds(const std::string& value, double& seconds) {
  uint64_t zero = 1;
  std::optional<double> number;
  if (ParseDigits(value, zero) && zero == 0) {
    seconds = 0;
    return absl::OkStatus();
  }
  absl::Status status = ReadSeconds("--shrink-seconds", value, number);
  if (number) seconds = *number;
  return status;
}

}  // namespace

absl::Status ReadCheck(Words& words) {
  CheckOptions& check = words.check;
  absl::Status status = ReadSeconds("--seconds", words.seconds, check.seconds);
  status.Update(ReadSeconds("--time-limit", words.time_limit, check.time_limit));
  status.Update(ReadSeed("--seed", words.seed, check.seed));
  status.Update(ReadCount("--executions", "executions", words.executions, check.executions));
  status.Update(ReadJobs(words.jobs, check.jobs));
  status.Update(ReadMmu(words.mmu, check.mmu));
  status.Update(ReadShrinkSeconds(words.shrink_seconds, check.shrink_seconds));
  // A spec has commas of its own ("pct:3,n=3,k=58"), so spaces separate.
  check.strategies = SplitValues(words.strategies, ' ');
  check.weaken = SplitValues(words.weaken, ',');
  check.variants = SplitValues(words.variants, ',');
  return status;
}

absl::Status ReadMutants(Words& words) {
  MutantsOptions& mutants = words.mutants;
  std::optional<double> seconds;
  absl::Status status = ReadSeconds("--seconds", words.seconds, seconds);
  mutants.seconds = seconds.value_or(mutants.seconds);
  status.Update(ReadSeconds("--time-limit", words.time_limit, mutants.time_limit));
  status.Update(ReadCount("--executions", "executions", words.executions, mutants.executions));
  status.Update(ReadCount("--sample", "units", words.sample, mutants.sample));
  status.Update(ReadJobs(words.jobs, mutants.jobs));
  status.Update(ReadMmu(words.mmu, mutants.mmu));
  for (const std::string& value : SplitValues(words.seeds, ',')) {
    std::optional<uint64_t> seed;
    status.Update(ReadSeed("--seeds", value, seed));
    const std::vector<uint64_t>& known = mutants.seeds;
    if (seed && std::find(known.begin(), known.end(), *seed) == known.end()) {
      mutants.seeds.push_back(*seed);
    }
  }
  mutants.strategies = SplitValues(words.strategies, ' ');
  mutants.variants = SplitValues(words.variants, ',');
  mutants.compare = SplitValues(words.compare, ',');
  const bool compared = !mutants.compare.empty();
  if (mutants.presubmit + mutants.fresh + compared > 1) {
    status.Update(absl::InvalidArgumentError(
        "--fresh, --presubmit and --compare exclude each other; give one of them"));
  }
  if (mutants.update && mutants.presubmit) {
    status.Update(absl::InvalidArgumentError(
        "--update: a pre-submit run's kills are not for the kill table; leave it out"));
  }
  if (compared && !(mutants.strategies.empty() && mutants.html.empty())) {
    status.Update(absl::InvalidArgumentError(
        "--compare names the strategies and writes no page of kills; leave --strategy and --html "
        "out"));
  }
  return status;
}

absl::Status ReadShrink(Words& words) {
  ShrinkCommandOptions& shrink = words.shrink;
  // The same words as of check.
  absl::Status status = ReadCheck(words);
  shrink.seconds = words.check.seconds.value_or(shrink.seconds);
  shrink.executions = words.check.executions.value_or(shrink.executions);
  shrink.seed = words.check.seed.value_or(shrink.seed);
  shrink.jobs = words.check.jobs;
  return status;
}

absl::Status ReadReplay(Words& words) {
  ReplayOptions& replay = words.replay;
  uint64_t step = 0;
  if (!words.stop_at.empty()) {
    if (!ParseDigits(words.stop_at, step)) {
      return BadValue("--stop-at", "the number of a step", words.stop_at, "17");
    }
    replay.stop_at = step;
  } else if (replay.break_there) {
    return absl::InvalidArgumentError(
        "--break: expected --stop-at=STEP beside it, to say where; for example --stop-at=17 "
        "--break");
  }
  if (!replay.html.empty() && replay.html == replay.perfetto) {
    return absl::InvalidArgumentError(
        "--html and --perfetto name the same file; give each one of its own");
  }
  return absl::OkStatus();
}

absl::Status ReadList(Words& words) {
  const ListOptions& list = words.list;
  const std::vector<std::string> kinds = {"scenarios", "points", "bugs", "strategies"};
  if (list.what.empty() || std::find(kinds.begin(), kinds.end(), list.what) != kinds.end()) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat("list: expected ", absl::StrJoin(kinds, ", "),
                                                 ", not ", Quoted(list.what),
                                                 DidYouMean(list.what, kinds)));
}

}  // namespace racewalk
