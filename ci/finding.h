// A violation as it is told: everything a reader gets, as text and numbers, so
// that it can cross from a worker to the command.
#ifndef RACEWALK_CI_FINDING_H_
#define RACEWALK_CI_FINDING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "ci/target.h"
#include "ci/terminal.h"
#include "ci/wire.h"
#include "core/violation.h"
#include "scenarios/explore/explorer.h"

namespace racewalk {

struct Finding {
  ViolationKind kind = ViolationKind::kNone;
  std::string invariant{};
  std::string sentence{};
  std::string explanation{};  // what it comes down to, "" if that is not known
  // Where it was seen and what made it wrong; "" and kNoNumber if unknown.
  std::string thread{};
  std::string place{};
  uint64_t step = 0;
  std::string other_thread{};
  std::string other_place{};
  uint64_t other_step = Violation::kNoNumber;
  std::vector<std::string> points{};  // protocol points at those two steps
  std::string scenario{};             // label, as in the table
  std::string mmu{};
  std::string variant{};
  std::string strategy{};
  uint64_t key = 0;
  std::string token{};
  std::string timeline{};  // laid out for the reader's terminal
  std::string trace{};     // a whole trace file
  std::string page{};      // a whole HTML file; "" unless asked for
};

// `recording` has events and a violation; `strategy` is the spec with what was
// learned. With `page` the finding has one.
Finding MakeFinding(const Explorer& explorer, const Target& target, absl::string_view strategy,
                    uint64_t key, const Recording& recording, const TextStyle& style,
                    bool page = false);

// Two findings with one class are told once: kind, invariant and the two places.
std::string ClassOf(const Finding& finding);

// What is printed of a finding, but the timeline: kind and invariant, the
// sentence, the places.
std::string FindingText(const Finding& finding);

void WriteFinding(const Finding& finding, WireWriter& writer);
Finding ReadFinding(WireReader& reader);

}  // namespace racewalk

#endif  // RACEWALK_CI_FINDING_H_
