// The designs that a scenario can select: today's, the debated and the
// historical ones.
//
// A combination is variants of different groups joined by '+'. Its canonical
// spelling begins with the MMU's design; the others follow in alphabetical
// order, and what holds anyway is left out: "owned+ad_at_zap+v14".
#ifndef RACEWALK_SCENARIOS_VARIANTS_H_
#define RACEWALK_SCENARIOS_VARIANTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/protocol.h"
#include "scenarios/scenario.h"

namespace racewalk {

// A combination has at most one variant of a group, and one design exactly.
enum class VariantGroup : uint8_t { kDesign, kNotifier, kAdAtZap, kAsyncZap, kBbm2 };

struct Variant {
  absl::string_view name;
  MmuChoice mmu;  // kAny: both
  VariantGroup group;
  bool by_default;  // holds where no variant of the group is named
  absl::string_view meaning;
};

absl::Span<const Variant> Variants();

// What is run where neither the scenario nor the user names a variant; for
// kAny those of both MMUs.
std::vector<std::string> DefaultVariants(MmuChoice mmu);

// The canonical spelling. For kAny the MMU is the one that the names belong
// to; if they belong to both, no design is filled in ("v14").
// Errors: InvalidArgument (a sentence without position): an unknown name, a
// name of the other MMU, two of a group, two that exclude each other.
absl::StatusOr<std::string> CanonicalVariant(MmuChoice mmu, absl::string_view combination);

// Where a protocol point is judged.
struct PointUnit {
  MmuChoice mmu;        // not kAny
  std::string variant;  // canonical
};

// The default variants of each MMU that need the point; of an MMU that has none
// such, the variant that the point names.
std::vector<PointUnit> UnitsOf(const PointInfo& info);

// Whether processors of this kind can run a combination: without accessed and
// dirty bits there is nothing to pass on when an entry is zapped.
bool FitsAccess(absl::string_view combination, AccessKind access_kind);

// The canonical variants to run a valid scenario with on `mmu` (not kAny),
// without duplicates: those it names that fit, or the default ones that fit
// its kind of access.
std::vector<std::string> VariantsToRun(const Scenario& scenario, MmuChoice mmu);

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_VARIANTS_H_
