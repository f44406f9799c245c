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
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "scenarios/explore/pct_strategy.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/explore/rng.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

constexpr absl::string_view kPctExample = "; for example 'pct:3' or 'pct:3,n=3,k=58'";

// SimpleAtoi takes signs and spaces; a spec has digits only.
bool ParseNumber(absl::string_view text, uint32_t& number) {
  if (text.empty() || text.size() > 10) return false;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
  }
  return absl::SimpleAtoi(text, &number);
}

absl::Status ReadNumber(absl::string_view what, absl::string_view text, uint32_t highest,
                        uint32_t& number) {
  if (ParseNumber(text, number) && number >= 1 && number <= highest) return absl::OkStatus();
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
  };
  return *catalogue;
}

absl::StatusOr<std::unique_ptr<Strategy>> MakeStrategy(absl::string_view spec,
                                                       const Profile& profile) {
  const std::size_t colon = spec.find(':');
  const absl::string_view name = spec.substr(0, colon);
  const bool has_parameters = colon != absl::string_view::npos;
  const absl::string_view parameters = has_parameters ? spec.substr(colon + 1) : "";
  if (name == "random") {
    if (!has_parameters) return std::make_unique<RandomStrategy>();
    return absl::InvalidArgumentError(absl::StrCat("strategy random takes no parameters, not ",
                                                   Quoted(parameters), "; say 'random'"));
  }
  if (name == "pct") return MakePct(parameters, profile);
  return UnknownStrategy(name);
}

uint64_t ExecutionKey(uint64_t seed, uint64_t index) {
  // For one seed a bijection of the index. The index is mixed before the seed
  // joins it, so that two seeds do not give the same keys some indices apart.
  return Mix64(Mix64(index) ^ Mix64(~seed));
}

}  // namespace racewalk
