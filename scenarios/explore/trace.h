// The trace file: a recorded execution that survives changes to strategies.
//
// Text, one field a line in this order; "-" stands for nothing:
//
//   racewalk-trace 1
//   scenario: tdp frames=4 vcpu a{write 0} host h{unmap 0..1}
//   name: fault_vs_unmap            library name of the scenario, or -
//   hash: 1a2b3c4d                  of the scenario
//   mmu: tdp
//   variant: owned                  '+'-separated, or -
//   weaken: table_publish           ','-separated, or -
//   bug: -
//   strategy: pct:3,n=3,k=58
//   key: 0123456789abcdef           of the execution
//   violation: stale-translation    a kind of core/violation.h; "none" if clean
//   invariant: T4                   or -
//   step: 17                        at which it was seen; 0 if clean
//   fingerprint: 0123456789abcdef   of every step, its word and value
//   decisions: 35
//   0: 2/012 2/012 stale=1/2 0/02 ...
//   16: ...
//   end 35 fedcba9876543210
//
// A decision `2/012` is a pick: thread 2 among the enabled threads 0, 1 and 2.
// `stale=1/2` is a choice of that kind: 1 out of [0, 2). Sixteen stand on a
// line, after the number of the first. The last line repeats their number and
// holds the FNV-1a 64 of all bytes before it, so that a cut or edited file is
// told from a written one. The format does not grow: a change is a new version.
#ifndef RACEWALK_SCENARIOS_EXPLORE_TRACE_H_
#define RACEWALK_SCENARIOS_EXPLORE_TRACE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/violation.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"

namespace racewalk {

inline constexpr int kTraceVersion = 1;
inline constexpr std::size_t kMaxTraceBytes = 64 * 1024 * 1024;

// Values only. What the words may hold is in subject_words.h.
struct Trace {
  std::string scenario{};             // one-line text
  std::string name{};                 // library name, "" for none
  std::string hash{};                 // of the scenario: 8 lower-case hexadecimal digits
  std::string mmu{};                  // "tdp" or "stage2"
  std::string variant{};              // '+'-separated; may be ""
  std::vector<std::string> weaken{};  // names of points
  std::string bug{};                  // "" for none
  std::string strategy{};             // Strategy::spec()
  uint64_t key = 0;                   // of the execution
  ViolationKind violation = ViolationKind::kNone;
  std::string invariant{};  // "R4"; "" if none was at stake
  uint64_t step = 0;        // at which the violation was seen
  uint64_t fingerprint = 0;
  std::vector<Decision> decisions{};
  bool operator==(const Trace&) const = default;
};

// Returns the whole file. The fields are written as they are: of fields that
// ParseTrace would refuse it makes a file that it refuses.
std::string FormatTrace(const Trace& trace);

// `name` is the file's, for messages. ParseTrace(FormatTrace(t)) is t; the line
// end of the last line may be missing. Whether the decisions fit the code is
// for the replay to say.
// Errors: InvalidArgument, one line "name:line: what is wrong; remedy".
absl::StatusOr<Trace> ParseTrace(absl::string_view text, absl::string_view name);

// The token of the recorded execution; the scenario is its name if it has one.
ReplayToken TokenOf(const Trace& trace);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_TRACE_H_
