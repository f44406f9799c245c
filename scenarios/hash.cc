#include "scenarios/hash.h"

#include "absl/strings/str_cat.h"
#include "scenarios/printer.h"

namespace racewalk {

uint64_t ScenarioHash(const Scenario& scenario) {
  constexpr uint64_t kFnvOffset = 0xcbf29ce484222325;
  constexpr uint64_t kFnvPrime = 0x100000001b3;
  uint64_t hash = kFnvOffset;
  for (const char c : PrintExplicit(scenario)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  }
  return hash;
}

std::string ShortHash(const Scenario& scenario) {
  const uint64_t hash = ScenarioHash(scenario);
  const auto folded = static_cast<uint32_t>(hash ^ (hash >> 32));
  return absl::StrCat(absl::Hex(folded, absl::kZeroPad8));
}

}  // namespace racewalk
