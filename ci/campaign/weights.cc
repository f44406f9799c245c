#include "ci/campaign/weights.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "ci/flag_values.h"
#include "ci/store/database.h"
#include "ci/store/store_rows.h"
#include "scenarios/nearest.h"

namespace racewalk {
namespace {

constexpr uint64_t kMostWeight = 1024;
// As if so many finds had been made where they were to be expected.
constexpr double kSmoothing = 4;
constexpr uint64_t kFineness = 4;
constexpr double kMostFactor = 4;

constexpr absl::string_view kSeconds =
    "SELECT engine, sum(nanoseconds) * 1e-9 FROM chunk JOIN unit ON unit.id = chunk.unit "
    "GROUP BY engine";
constexpr absl::string_view kFinds =
    "SELECT engine, sum(finds) FROM ("
    "SELECT unit, count(*) AS finds FROM violation GROUP BY unit UNION ALL "
    "SELECT unit, count(DISTINCT campaign) FROM mutant m WHERE killed = 0 AND NOT EXISTS "
    "(SELECT 1 FROM mutant k WHERE k.campaign = m.campaign AND k.unit = m.unit AND k.killed = 1) "
    "GROUP BY unit) "
    "JOIN unit ON unit.id = unit GROUP BY engine";

}  // namespace

absl::StatusOr<std::map<std::string, EngineHistory>> HistoryOf(Database& database) {
  std::map<std::string, EngineHistory> history;
  for (const bool finds : {false, true}) {
    StoreRows rows(database);
    rows.Each(finds ? kFinds : kSeconds, [&](const Statement& row) {
      EngineHistory& engine = history[row.Text(0)];
      (finds ? engine.finds : engine.seconds) = row.Real(1);
    });
    if (!rows.status().ok()) return rows.status();
  }
  return history;
}

uint64_t DefaultWeight(absl::string_view engine) {
  if (engine == "explore") return 4;
  if (engine == "mutants") return 3;
  if (engine == "fuzz") return 2;
  return 1;
}

uint64_t WeightOf(absl::string_view engine, const std::map<std::string, EngineHistory>& history) {
  EngineHistory all;
  for (const auto& [name, one] : history) {
    all.seconds += one.seconds;
    all.finds += one.finds;
  }
  double factor = 1;
  const auto own = history.find(std::string(engine));
  if (own != history.end() && all.seconds > 0) {
    const double expected = all.finds * own->second.seconds / all.seconds;
    factor = std::clamp((own->second.finds + kSmoothing) / (expected + kSmoothing), 1 / kMostFactor,
                        kMostFactor);
  }
  const auto fine = static_cast<double>(kFineness * DefaultWeight(engine));
  return static_cast<uint64_t>(std::llround(fine * factor));
}

absl::StatusOr<std::map<std::string, uint64_t>> ParseWeights(
    absl::string_view text, const std::vector<std::string>& engines) {
  std::map<std::string, uint64_t> weights;
  uint64_t sum = 0;
  for (const absl::string_view word : absl::StrSplit(text, ',')) {
    const std::size_t colon = word.find(':');
    const std::string engine(word.substr(0, colon));
    uint64_t weight = 0;
    if (colon == absl::string_view::npos || !ParseDigits(word.substr(colon + 1), weight) ||
        weight > kMostWeight) {
      return BadValue("--weights", absl::StrCat("ENGINE:N[,...] with N from 0 to ", kMostWeight),
                      text, "explore:4,mutants:3");
    }
    if (std::find(engines.begin(), engines.end(), engine) == engines.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--weights: no engine ", Quoted(engine), DidYouMean(engine, engines),
                       " (this campaign has: ", absl::StrJoin(engines, ", "), ")"));
    }
    weights[engine] = weight;
    sum += weight;
  }
  if (sum == 0) {
    return absl::InvalidArgumentError("--weights: nothing is left to do; give one above 0");
  }
  return weights;
}

}  // namespace racewalk
