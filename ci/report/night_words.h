// Parts of nights in words, as every report says them.
#ifndef RACEWALK_CI_REPORT_NIGHT_WORDS_H_
#define RACEWALK_CI_REPORT_NIGHT_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "ci/report/nights.h"

namespace racewalk {

// "fault_vs_collapse tdp owned pct:3 weaken=kick_waits", a space between what there is; the engine
// first unless it explores; "mutants kick_waits tdp owned".
std::string UnitText(const UnitName& unit);
// "table_publish stage2 rwlock".
std::string MutantText(const MutantKey& mutant);

// "executions" or "rounds": what an engine counts.
absl::string_view CountedBy(absl::string_view engine);

// "2026-11-20 01:30 UTC", and "11-20" for the axis of a picture.
std::string TimeText(int64_t seconds);
std::string DayText(int64_t seconds);
// For machines: "2026-11-20T01:30:00Z".
std::string IsoTimeText(int64_t seconds);

// "45 s", "12 min", "3 h 20 min".
std::string SpanText(double seconds);
// "94,177", "12.3" below a hundred, "-" for nothing.
std::string RateText(std::optional<double> rate);
// "97.5 %"; "-" of nothing.
std::string ShareText(uint64_t part, uint64_t whole);

// "the night of 2026-11-20 01:30 UTC (a1b2c3d4)".
std::string NightText(const Night& night);
// What is missing of a night: "3 of 4 shards ended"; "" for nothing.
std::string IncompleteText(const Night& night);

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_NIGHT_WORDS_H_
