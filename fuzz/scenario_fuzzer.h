// What a coverage-guided fuzzer calls: inputs as bytes are run, mutated and
// joined. Knows nothing of libFuzzer, so that it is tested without it.
#ifndef RACEWALK_FUZZ_SCENARIO_FUZZER_H_
#define RACEWALK_FUZZ_SCENARIO_FUZZER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "fuzz/coverage.h"
#include "fuzz/fit.h"
#include "fuzz/input.h"
#include "fuzz/runner.h"
#include "fuzz/target_options.h"
#include "scenarios/rng.h"

namespace racewalk {

// Thread-compatible; one per process, as its InputRunner.
class ScenarioFuzzer {
 public:
  // Longer bytes are no input: a scenario within the limits has a tenth of it.
  static constexpr std::size_t kMaxBytes = std::size_t{16} * 1024;

  explicit ScenarioFuzzer(TargetOptions options) : options_(std::move(options)) {}

  struct Verdict {
    bool refused = false;  // no input, or not one that the options ask for: nothing was run
    std::string report{};  // of a violation, what a person is told; "" if there was none
  };
  Verdict Run(absl::string_view bytes);

  // What the latest Run has shown; no features if it was refused.
  const Coverage& coverage() const { return coverage_; }

  // Both return an input that Run does not refuse, of at most `max_bytes`, the same for the same
  // arguments; "" if none that was tried is so short. What is no input is replaced by a new one.
  std::string Mutate(absl::string_view bytes, std::size_t max_bytes, uint64_t seed) const;
  std::string Join(absl::string_view a, absl::string_view b, std::size_t max_bytes,
                   uint64_t seed) const;

 private:
  // False if the bytes are refused.
  bool Read(absl::string_view bytes, Input& input) const;
  Input Invent(Rng& rng) const;
  // One change of scenario or schedule.
  void Change(Input& input, Rng& rng) const;
  std::string Report(const Input& input, const InputResult& result) const;

  TargetOptions options_;
  Limits limits_{};
  InputRunner runner_{};
  Coverage coverage_{};
};

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_SCENARIO_FUZZER_H_
