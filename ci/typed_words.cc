#include "ci/typed_words.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ci/flag_values.h"
#include "ci/options.h"
#include "sanitizers/noise.h"
#include "scenarios/nearest.h"
#include "scenarios/scenario.h"

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

// "none", "yield:20", "delay:50": the number is of 1000 protocol points.
absl::Status ReadNoise(const std::string& value, std::optional<Noise>& noise) {
  if (value.empty()) return absl::OkStatus();
  const std::string::size_type colon = value.find(':');
  const std::string kind = value.substr(0, colon);
  Noise read;
  uint64_t per_mille = read.per_mille;
  bool good = value == "none";
  if (colon != std::string::npos) {
    good = (kind == "yield" || kind == "delay") &&
           ParseDigits(value.substr(colon + 1), per_mille) && per_mille >= 1 && per_mille <= 1000;
  }
  if (!good) {
    return BadValue("--noise",
                    "none, yield:P or delay:P, where P of 1000 atomic accesses and points pause",
                    value, "delay:50");
  }
  read.kind = kind == "yield" ? NoiseKind::kYield : NoiseKind::kDelay;
  if (kind == "none") read.kind = NoiseKind::kNone;
  read.per_mille = kind == "none" ? 0 : static_cast<uint32_t>(per_mille);
  noise = read;
  return absl::OkStatus();
}

// Positions are counted before the first is run.
constexpr uint64_t kMostChunks = 100'000'000;
constexpr uint64_t kMostMemoryMib = uint64_t{1} << 30;

absl::Status ReadHours(const std::string& value, std::optional<double>& hours) {
  if (!ReadSeconds("--hours", value, hours).ok()) {
    return BadValue("--hours", "a number of hours above 0", value, "8");
  }
  return absl::OkStatus();
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

absl::Status ReadStress(Words& words) {
  StressOptions& stress = words.stress;
  absl::Status status = ReadSeconds("--seconds", words.seconds, stress.seconds);
  status.Update(ReadSeed("--seed", words.seed, stress.seed));
  status.Update(ReadCount("--rounds", "rounds", words.rounds, stress.rounds));
  status.Update(ReadMmu(words.mmu, stress.mmu));
  status.Update(ReadNoise(words.noise, stress.noise));
  std::optional<double> stuck;
  status.Update(ReadSeconds("--stuck-seconds", words.stuck_seconds, stuck));
  stress.stuck_seconds = stuck.value_or(stress.stuck_seconds);
  uint64_t number = 0;
  if (!words.round.empty()) {
    if (!ParseDigits(words.round, number)) {
      return BadValue("--round", "the number of a round", words.round, "17");
    }
    stress.round = number;
  }
  if (!words.threads.empty()) {
    if (!ParseDigits(words.threads, number) || number == 0 || number > kMaxScenarioThreads) {
      return BadValue("--threads", absl::StrCat("a number from 1 to ", kMaxScenarioThreads),
                      words.threads, "4");
    }
    stress.threads = static_cast<uint32_t>(number);
  }
  if (!words.events.empty() && words.events != "on" && words.events != "off") {
    return BadValue("--events", "on or off", words.events, "off");
  }
  stress.events = words.events != "off";
  stress.weaken = SplitValues(words.weaken, ',');
  stress.variants = SplitValues(words.variants, ',');
  return status;
}

absl::Status ReadFuzz(Words& words) {
  FuzzOptions& fuzz = words.fuzz;
  // The same words as of check.
  absl::Status status = ReadCheck(words);
  const CheckOptions& read = words.check;
  fuzz.seconds = read.seconds;
  fuzz.executions = read.executions;
  fuzz.seed = read.seed;
  fuzz.jobs = read.jobs;
  fuzz.mmu = read.mmu;
  fuzz.shrink_seconds = read.shrink_seconds;
  fuzz.weaken = read.weaken;
  fuzz.variants = read.variants;
  const std::vector<std::string> starts = {"library", "nothing"};
  if (!fuzz.start.empty() && std::find(starts.begin(), starts.end(), fuzz.start) == starts.end()) {
    status.Update(BadValue("--start", "library or nothing", fuzz.start, "nothing"));
  }
  if (fuzz.minimize && fuzz.corpus.empty()) {
    status.Update(absl::InvalidArgumentError(
        "--minimize: expected --corpus=DIR beside it, the folder to be made smaller"));
  }
  status.Update(ReadCount("--files", "files", words.files, fuzz.files));
  if (fuzz.files && !fuzz.minimize) {
    status.Update(absl::InvalidArgumentError(
        "--files: expected --minimize beside it; fuzzing keeps all that is new"));
  }
  const bool selects = !fuzz.mmu.empty() || !fuzz.variants.empty() || !fuzz.start.empty();
  const bool fuzzes = fuzz.random || fuzz.against_library || fuzz.executions;
  if (fuzz.minimize && (selects || fuzzes || !fuzz.weaken.empty() || !fuzz.bug.empty())) {
    status.Update(absl::InvalidArgumentError(
        "--minimize is for the whole corpus and fuzzes nothing; give it --corpus, --seconds and "
        "--jobs"));
  }
  if (fuzz.random && (fuzz.against_library || !fuzz.start.empty() || !fuzz.corpus.empty())) {
    status.Update(absl::InvalidArgumentError(
        "--random has no corpus; leave --corpus, --start and --against-library out"));
  }
  return status;
}

absl::Status ReadCampaign(Words& words) {
  CampaignOptions& campaign = words.campaign;
  absl::Status status = ReadHours(words.hours, campaign.hours);
  status.Update(ReadCount("--chunks", "chunks", words.chunks, campaign.chunks));
  if (campaign.chunks > kMostChunks) {
    status.Update(BadValue("--chunks", absl::StrCat("a number of chunks up to ", kMostChunks),
                           words.chunks, "10000"));
  }
  status.Update(ReadCount("--shard-count", "shards", words.shard_count, campaign.shard_count));
  status.Update(ReadSeed("--seed", words.seed, campaign.seed));
  status.Update(ReadJobs(words.jobs, campaign.jobs));
  status.Update(ReadMmu(words.mmu, campaign.mmu));
  std::optional<uint64_t> memory;
  status.Update(ReadCount("--memory-mib", "MiB", words.memory_mib, memory));
  campaign.memory_mib = std::min(memory.value_or(campaign.memory_mib), kMostMemoryMib);
  campaign.strategies = SplitValues(words.strategies, ' ');
  campaign.weaken = SplitValues(words.weaken, ',');
  campaign.variants = SplitValues(words.variants, ',');
  campaign.engines = SplitValues(words.engines, ',');
  if (!status.ok()) return status;
  if (campaign.hours.has_value() == campaign.chunks.has_value()) {
    return absl::InvalidArgumentError(
        "campaign: expected one of --hours and --chunks, to say when it ends; for example "
        "--hours=8");
  }
  return absl::OkStatus();
}

absl::Status ReadReport(Words& words) {
  ReportOptions& report = words.report;
  if (words.rate_drop.empty()) return absl::OkStatus();
  if (report.against.empty()) {
    return absl::InvalidArgumentError(
        "--rate-drop: expected --against=STORE beside it, to say from what");
  }
  double drop = 0;
  if (words.rate_drop.find_first_not_of("0123456789.") != std::string::npos ||
      !absl::SimpleAtod(words.rate_drop, &drop) || !(drop > 0 && drop < 1)) {
    return BadValue("--rate-drop", "a share between 0 and 1", words.rate_drop, "0.3");
  }
  report.rate_drop = drop;
  return absl::OkStatus();
}

}  // namespace racewalk
