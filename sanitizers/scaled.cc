#include "sanitizers/scaled.h"

#include <bit>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace racewalk {
namespace {

// Whether the word's frames are addresses of the host.
bool IsOfHost(Verb verb) {
  switch (verb) {
    case Verb::kUnmap:
    case Verb::kSwap:
    case Verb::kMigrate:
    case Verb::kAge:
    case Verb::kTestYoung:
    case Verb::kMakeHuge:
    case Verb::kMakeSmall:
      return true;
    default:
      return false;
  }
}

class Scaler {
 public:
  Scaler(uint32_t pages, Gfn first_gfn) : pages_(pages), first_(static_cast<uint32_t>(first_gfn)) {}

  GfnRange Guest(GfnRange range) const {
    range = Host(range);
    return {first_ + range.first, first_ + range.last};
  }
  GfnRange Host(GfnRange range) const {
    return {range.first * pages_, range.last * pages_ + pages_ - 1};
  }
  void Scale(Script& script) const {
    for (Operation& operation : script.operations) {
      operation.range = IsOfHost(operation.verb) ? Host(operation.range) : Guest(operation.range);
      operation.target = Guest(operation.target);
    }
  }
  template <typename T>
  void Scale(std::vector<std::pair<T, T>>& ranges, bool host) const {
    for (auto& [first, last] : ranges) {
      const GfnRange range{static_cast<uint32_t>(first), static_cast<uint32_t>(last)};
      const GfnRange scaled = host ? Host(range) : Guest(range);
      first = scaled.first;
      last = scaled.last;
    }
  }

 private:
  uint32_t pages_;
  uint32_t first_;
};

}  // namespace

absl::StatusOr<ScaledSubject> Scale(const RoundPlan& plan) {
  const Scenario& scenario = plan.scenario;
  absl::StatusOr<PreparedSubject> prepared =
      Prepare({.scenario = scenario, .mmu = plan.mmu, .variant = plan.variant});
  if (!prepared.ok()) return prepared.status();
  const uint32_t pages = plan.pages_per_frame;
  const std::string name = scenario.name.empty() ? "scenario" : scenario.name;
  if (!std::has_single_bit(pages) || uint64_t{pages} * scenario.frames > kMaxRoundPages) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", pages, " pages a frame; they must be a power of two, and at most ",
                     kMaxRoundPages, " in all"));
  }
  if (plan.small_tables && (!HasSmallTables(scenario) || pages != 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": small tables are those of geometry 3x1, with one page a frame"));
  }
  const uint32_t entries = plan.small_tables ? SmallGeometry::kEntries : FullGeometry::kEntries;
  const uint32_t block_pages = entries >> scenario.index_bits;
  if (prepared->shape.huge_pages && pages != block_pages) {
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": ", pages, " pages a frame; with huge pages they must be ",
                     block_pages, ", so that a block of the scenario is one of the tables"));
  }

  MachineShape& shape = prepared->shape;
  shape.guest_frames = scenario.frames * pages;
  const bool same_tables = pages == block_pages;
  if (!plan.small_tables) {
    shape.first_gfn = FullGeometry::Span(FullGeometry::kLevels) - shape.guest_frames / 2;
    if (same_tables) shape.first_gfn = FullGeometry::Align(shape.first_gfn, 2);
  }
  const Scaler scaler(pages, shape.first_gfn);
  scaler.Scale(shape.slots, /*host=*/false);
  scaler.Scale(shape.devices, /*host=*/true);
  ScaledSubject scaled{.prepared = *std::move(prepared), .checks = {}};
  scaler.Scale(scaled.prepared.setup);
  for (Script& script : scaled.prepared.threads) scaler.Scale(script);
  scaler.Scale(scaled.prepared.after);
  if (plan.in_order && same_tables) scaled.checks = scenario.checks;
  for (CheckLine& check : scaled.checks) check.range = scaler.Guest(check.range);
  return scaled;
}

}  // namespace racewalk
