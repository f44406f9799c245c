// The libFuzzer target of scenarios: racewalk_fuzz. See docs/libfuzzer.md.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/coverage.h"
#include "fuzz/scenario_fuzzer.h"
#include "fuzz/target_options.h"
#include "scenarios/rng.h"

namespace {

// What the edges of the code are to libFuzzer, features are too: each has a counter, by a hash.
// A campaign sees some ten thousand features; with sixteen counters for each few share one, and
// libFuzzer looks through all of them in some microseconds, a few per cent of what an input takes.
constexpr int kCounterBits = 17;
__attribute__((
    used, section("__libfuzzer_extra_counters"))) uint8_t counters[std::size_t{1} << kCounterBits];

// Never destroyed: libFuzzer leaves in the midst of things.
racewalk::ScenarioFuzzer* fuzzer = nullptr;
bool interleaving = true;

absl::string_view View(const uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Copies an input into libFuzzer's buffer; what is there stays if there is none.
std::size_t Give(const std::string& text, std::size_t size, uint8_t* data, std::size_t max_size) {
  if (!text.empty()) {
    std::memcpy(data, text.data(), text.size());
    return text.size();
  }
  if (size == 0) *data = '\n';
  return std::clamp<std::size_t>(size, 1, max_size);
}

}  // namespace

extern "C" {

int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const std::vector<std::string> arguments(*argv + 1, *argv + *argc);
  absl::StatusOr<racewalk::TargetOptions> options = racewalk::ParseTargetOptions(arguments);
  if (!options.ok()) {
    std::fprintf(stderr, "racewalk_fuzz: %s\n", std::string(options.status().message()).c_str());
    std::_Exit(2);
  }
  if (options->help) {
    std::fputs(racewalk::TargetHelp().c_str(), stdout);
    std::exit(0);
  }
  interleaving = options->interleaving;
  fuzzer = new racewalk::ScenarioFuzzer(*options);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const racewalk::ScenarioFuzzer::Verdict verdict = fuzzer->Run(View(data, size));
  if (verdict.refused) return -1;  // does not enter the corpus
  if (!verdict.report.empty()) {
    std::fprintf(stderr, "\n%s\n", verdict.report.c_str());
    std::abort();  // so that libFuzzer keeps the input as crash-*
  }
  if (interleaving) {
    for (const racewalk::Feature feature : fuzzer->coverage().Features()) {
      counters[racewalk::Mix64(feature) >> (64 - kCounterBits)] = 1;
    }
  }
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(uint8_t* data, std::size_t size, std::size_t max_size,
                                    unsigned seed) {
  return Give(fuzzer->Mutate(View(data, size), max_size, seed), size, data, max_size);
}

std::size_t LLVMFuzzerCustomCrossOver(const uint8_t* data1, std::size_t size1, const uint8_t* data2,
                                      std::size_t size2, uint8_t* out, std::size_t max_out_size,
                                      unsigned seed) {
  const std::string text = fuzzer->Join(View(data1, size1), View(data2, size2), max_out_size, seed);
  if (text.empty()) std::memcpy(out, data1, std::min(size1, max_out_size));
  return Give(text, size1, out, max_out_size);
}

}  // extern "C"
