// Strategies side by side, as text: on a terminal, and as the committed page.
#ifndef RACEWALK_CI_COMPARISON_PAGE_H_
#define RACEWALK_CI_COMPARISON_PAGE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ci/strategy_comparison.h"

namespace racewalk {

// By nearest rank, so that each number is one that a run had; what reached the
// limit counts as more than any that found something. `runs` is not empty.
std::optional<uint64_t> RankOf(std::vector<std::optional<uint64_t>> runs, std::size_t n,
                               std::size_t of);

// What was measured, one line for each strategy, and the verdict.
std::string ComparisonSummary(const ComparisonReport& report);

// What the page is made from, as a line of it: hashes of the points, the library
// and the bugs of this program.
std::string ComparisonInputs();

// docs/strategies.md.
std::string ComparisonPage(const ComparisonReport& report);

}  // namespace racewalk

#endif  // RACEWALK_CI_COMPARISON_PAGE_H_
