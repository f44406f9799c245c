#include "ci/report/night_words.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "ci/report/nights.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

std::string Words(std::initializer_list<absl::string_view> words) {
  std::string text;
  for (absl::string_view word : words) {
    if (!word.empty()) absl::StrAppend(&text, text.empty() ? "" : " ", word);
  }
  return text;
}

std::string Formatted(absl::string_view format, int64_t seconds) {
  return absl::FormatTime(format, absl::FromUnixSeconds(seconds), absl::UTCTimeZone());
}

}  // namespace

std::string UnitText(const UnitName& unit) {
  const bool mutant = unit.engine == "mutants";
  const std::string weaken =
      mutant || unit.weaken.empty() ? "" : absl::StrCat("weaken=", unit.weaken);
  return Words({unit.engine == "explore" ? "" : unit.engine, mutant ? unit.weaken : "",
                unit.scenario, unit.mmu, unit.variant, unit.strategy, weaken});
}

std::string MutantText(const MutantKey& mutant) {
  return Words({mutant.point, mutant.mmu, mutant.variant});
}

absl::string_view CountedBy(absl::string_view engine) {
  return engine == "stress" ? "rounds" : "executions";
}

std::string TimeText(int64_t seconds) { return Formatted("%Y-%m-%d %H:%M UTC", seconds); }
std::string DayText(int64_t seconds) { return Formatted("%m-%d", seconds); }
std::string IsoTimeText(int64_t seconds) { return Formatted("%Y-%m-%dT%H:%M:%SZ", seconds); }

std::string SpanText(double seconds) {
  if (seconds < 60) return DurationText(seconds);
  const auto minutes = static_cast<int64_t>(std::llround(seconds / 60));
  if (minutes < 60) return absl::StrCat(minutes, " min");
  return absl::StrCat(minutes / 60, " h ", minutes % 60, " min");
}

std::string RateText(std::optional<double> rate) {
  if (!rate) return "-";
  if (*rate < 100) return absl::StrFormat("%.1f", *rate);
  return Grouped(static_cast<uint64_t>(std::llround(*rate)));
}

std::string ShareText(uint64_t part, uint64_t whole) {
  if (whole == 0) return "-";
  // Never 100 of what is not all.
  const double share =
      std::floor(1000 * static_cast<double>(part) / static_cast<double>(whole)) / 10;
  return absl::StrFormat("%.1f %%", share);
}

std::string NightText(const Night& night) {
  return absl::StrCat("the night of ", TimeText(night.started), " (", night.name, ")");
}

std::string IncompleteText(const Night& night) {
  if (night.complete()) return "";
  if (night.shards == 1) return "the campaign has not ended";
  return absl::StrCat(
      night.shards_done, " of ", Count(night.shards, "shard"), " ended",
      night.shards_seen == night.shards
          ? ""
          : absl::StrCat(", ", night.shards - night.shards_seen, " not merged into this store"));
}

}  // namespace racewalk
