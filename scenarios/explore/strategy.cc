#include "scenarios/explore/strategy.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "scenarios/explore/exhaustive_strategy.h"
#include "scenarios/explore/path.h"
#include "scenarios/explore/path_strategy.h"
#include "scenarios/explore/pct_strategy.h"
#include "scenarios/explore/pos_strategy.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/explore/spec_number.h"
#include "scenarios/explore/surw_strategy.h"
#include "scenarios/nearest.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

constexpr absl::string_view kPctExample = "; for example 'pct:3' or 'pct:3,n=3,k=58'";

absl::Status ReadNumber(absl::string_view what, absl::string_view text, uint32_t highest,
                        uint32_t& number) {
  if (ParseSpecNumber(text, number) && number >= 1 && number <= highest) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("strategy pct: ", what,
                                                 " must be a number from 1 to ", highest, ", not ",
                                                 Quoted(text), kPctExample));
}

absl::StatusOr<std::unique_ptr<Strategy>> MakePct(absl::string_view text, const Profile& profile) {
  PctParameters parameters{.depth = 0, .threads = 0, .steps = 0};
  const std::vector<absl::string_view> fields = absl::StrSplit(text, ',');
  absl::Status status =
      ReadNumber("the depth d", fields[0], PctParameters::kMaxDepth, parameters.depth);
  for (std::size_t i = 1; i < fields.size() && status.ok(); ++i) {
    const absl::string_view field = fields[i];
    if (absl::StartsWith(field, "n=") && parameters.threads == 0) {
      status =
          ReadNumber("the number of threads n", field.substr(2), kMaxThreads, parameters.threads);
    } else if (absl::StartsWith(field, "k=") && parameters.steps == 0) {
      status = ReadNumber("the number of steps k", field.substr(2), PctParameters::kMaxSteps,
                          parameters.steps);
    } else {
      status = absl::InvalidArgumentError(absl::StrCat(
          "strategy pct: expected n= or k=, each once, not ", Quoted(field), kPctExample));
    }
  }
  if (!status.ok()) return status;
  if (parameters.threads == 0) {
    parameters.threads = static_cast<uint32_t>(std::clamp(profile.threads, 1, kMaxThreads));
  }
  if (parameters.steps == 0) {
    parameters.steps = static_cast<uint32_t>(
        std::clamp(profile.steps, uint64_t{1}, uint64_t{PctParameters::kMaxSteps}));
  }
  return std::make_unique<PctStrategy>(parameters);
}

absl::StatusOr<std::unique_ptr<Strategy>> MakeBound(absl::string_view text) {
  uint32_t bound = 0;
  if (ParseSpecNumber(text, bound) && bound <= ExhaustiveStrategy::kMaxBound) {
    return std::make_unique<ExhaustiveStrategy>(bound);
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "strategy bound: the number of preemptions k must be 0 to ", ExhaustiveStrategy::kMaxBound,
      ", not ", Quoted(text), "; for example 'bound:2', or 'full' for all"));
}

absl::StatusOr<std::unique_ptr<Strategy>> MakePath(absl::string_view text) {
  std::vector<PathStep> path;
  if (ParsePath(text, path)) return std::make_unique<PathStrategy>(std::move(path));
  constexpr std::size_t kShown = 40;
  return absl::InvalidArgumentError(absl::StrCat(
      "strategy path: a path is threads 0 to ", kMaxThreads - 1, " and choices a to z, at most ",
      kMaxPathBytes, " of them, not ", Quoted(text.substr(0, kShown)),
      text.size() > kShown ? "..." : "", "; copy it as it was printed"));
}

absl::StatusOr<std::unique_ptr<Strategy>> MakeSurw(absl::string_view text, const Profile& profile) {
  absl::StatusOr<SurwParameters> parameters = ParseSurw(text, profile);
  if (!parameters.ok()) return parameters.status();
  return std::make_unique<SurwStrategy>(*std::move(parameters));
}

absl::Status UnknownStrategy(absl::string_view name) {
  std::vector<std::string> bare;
  std::vector<std::string> full;
  for (const StrategyInfo& info : StrategyCatalogue()) {
    full.emplace_back(info.name);
    bare.push_back(full.back().substr(0, full.back().find(':')));
  }
  return absl::InvalidArgumentError(
      absl::StrCat("unknown strategy ", Quoted(name), DidYouMean(name, bare),
                   " (there are: ", absl::StrJoin(full, ", "), "; for example 'pct:3')"));
}

}  // namespace

const std::vector<StrategyInfo>& StrategyCatalogue() {
  static const auto* const catalogue = new std::vector<StrategyInfo>{
      {"random", "uniform choice at every step"},
      {"pct:d",
       "probabilistic concurrency testing: finds a bug of depth d (1 to 16) with "
       "P >= 1/(n k^(d-1)) per execution of n threads and k steps"},
      {"pos", "partial-order sampling: orders of conflicting operations, more evenly than random"},
      {"surw",
       "selectively uniform random walk: uniform over the interleavings of all operations on "
       "shared words, or of those on one of them"},
      {"bound:k", "every schedule with at most k preemptions, once each, on one worker"},
      {"full", "every schedule, once each, on one worker; for programs of some 20 steps"},
      {"path:DECISIONS", "one execution by its decisions, as tokens of bound and full name it"},
  };
  return *catalogue;
}

absl::StatusOr<std::unique_ptr<Strategy>> MakeStrategy(absl::string_view spec,
                                                       const Profile& profile) {
  const std::size_t colon = spec.find(':');
  const absl::string_view name = spec.substr(0, colon);
  const bool has_parameters = colon != absl::string_view::npos;
  const absl::string_view parameters = has_parameters ? spec.substr(colon + 1) : "";
  const bool bare = name == "random" || name == "pos" || name == "full";
  if (bare && has_parameters) {
    return absl::InvalidArgumentError(absl::StrCat("strategy ", name, " takes no parameters, not ",
                                                   Quoted(parameters), "; say '", name, "'"));
  }
  if (name == "random") return std::make_unique<RandomStrategy>();
  if (name == "pos") return std::make_unique<PosStrategy>();
  if (name == "full") return std::make_unique<ExhaustiveStrategy>();
  if (name == "pct") return MakePct(parameters, profile);
  if (name == "bound") return MakeBound(parameters);
  if (name == "path") return MakePath(parameters);
  if (name == "surw" && !(has_parameters && parameters.empty())) {
    return MakeSurw(parameters, profile);
  }
  return UnknownStrategy(name);
}

uint64_t ExecutionKey(uint64_t seed, uint64_t index) {
  // For one seed a bijection of the index. The index is mixed before the seed
  // joins it, so that two seeds do not give the same keys some indices apart.
  return Mix64(Mix64(index) ^ Mix64(~seed));
}

}  // namespace racewalk
