// New operations and settings, drawn so that threads get in each other's way.
#ifndef RACEWALK_FUZZ_INVENT_H_
#define RACEWALK_FUZZ_INVENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/fit.h"
#include "scenarios/rng.h"
#include "scenarios/scenario.h"
#include "scenarios/subject.h"
#include "scenarios/words.h"

namespace racewalk {

inline constexpr std::size_t kVerbCount = static_cast<std::size_t>(Verb::kSynchronizeRcu) + 1;

// How likely each word is, by Verb; 0: never. At most 1000 each.
struct Palette {
  std::array<uint32_t, kVerbCount> weights{};
  uint32_t& of(Verb verb) { return weights[static_cast<std::size_t>(verb)]; }
  uint32_t of(Verb verb) const { return weights[static_cast<std::size_t>(verb)]; }
};

// Every word, those that race with most others the likeliest.
Palette UsualPalette();
// As usual but a third of the words, drawn anew, left out and others made more
// likely, so that rare mixes get their day; without what ends a VM or a part of it.
Palette SwarmPalette(Rng& rng);

// A word that one of `roles` may say and that the subject's MMU has, with
// operands that exist; nullopt if the palette has none such. `repeats`: how many repeats may
// stand in each other from here. That it breaks no precondition is for the caller to look at.
std::optional<Operation> InventOperation(const Subject& subject, RoleSet roles,
                                         const Palette& palette, int repeats, Rng& rng);

// Frames that other operations name too, more often than not; one frame if `single`.
GfnRange InventRange(const Scenario& scenario, bool single, Rng& rng);

// New operands for a word, the others as they are; nothing where it has none.
void InventOperands(Operation& operation, const Subject& subject, Rng& rng);

// Gives a header that is neither the MMU nor the variant another value, as far
// as the limits go. What no longer goes together is for Fit to repair.
void InventSetting(Header header, Subject& subject, const Limits& limits, Rng& rng);

// Every canonical combination of variants of "tdp" or "stage2".
const std::vector<std::string>& EveryVariant(const std::string& mmu);

}  // namespace racewalk

#endif  // RACEWALK_FUZZ_INVENT_H_
