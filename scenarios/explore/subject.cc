#include "scenarios/explore/subject.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "scenarios/printer.h"
#include "scenarios/variants.h"

namespace racewalk {
namespace {

bool Modelled(Verb verb) {
  switch (verb) {
    case Verb::kDonate:
    case Verb::kReclaim:
      return false;
    default:
      return true;
  }
}

absl::Status Unsupported(const Scenario& scenario, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(scenario.name.empty() ? "scenario" : scenario.name, ": ", what,
                   "; `racewalk list scenarios` shows what can be run"));
}

absl::Status Unroll(const Scenario& scenario, const std::vector<Operation>& from,
                    std::vector<Operation>& to) {
  for (const Operation& operation : from) {
    if (!Modelled(operation.verb)) {
      return Unsupported(
          scenario,
          absl::StrCat(
              operation.line > 0
                  ? absl::StrCat("line ", operation.line, ", column ", operation.column, ": ")
                  : "",
              "`", PrintOperation(operation), "` is not modelled by this version of the TDP MMU"));
    }
    if (operation.verb != Verb::kRepeat) {
      to.push_back(operation);
      continue;
    }
    for (uint32_t i = 0; i < operation.number; ++i) {
      absl::Status status = Unroll(scenario, operation.body, to);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<TdpVariant> ParseVariant(const Scenario& scenario, const std::string& text) {
  absl::StatusOr<std::string> canonical = CanonicalVariant(MmuChoice::kTdp, text);
  if (!canonical.ok()) return canonical.status();
  TdpVariant variant;
  for (absl::string_view word : absl::StrSplit(*canonical, '+')) {
    if (word == "last_put_zaps") {
      variant.last_put_zaps = true;
    } else if (word == "ad_at_zap") {
      variant.ad_at_zap = true;
    } else if (word == "async_zap") {
      variant.async_zap = true;
    } else if (word != "owned") {
      return Unsupported(
          scenario,
          absl::StrCat("variant `", word, "` is not modelled by this version of the TDP MMU"));
    }
  }
  return variant;
}

// Whether the host forms huge pages on its way.
bool MakesHuge(const std::vector<Operation>& operations) {
  return std::any_of(operations.begin(), operations.end(), [](const Operation& operation) {
    return operation.verb == Verb::kMakeHuge || MakesHuge(operation.body);
  });
}

MachineShape ShapeOf(const Scenario& scenario) {
  MachineShape shape;
  shape.guest_frames = scenario.frames;
  shape.options.ad_bits = scenario.access_kind == AccessKind::kBits;
  shape.options.dirty_bit_logging = scenario.logging == LoggingKind::kDirtyBit;
  shape.options.ranged_flush = scenario.flush == FlushKind::kRange;
  shape.options.eager_split = scenario.split == SplitKind::kEager;
  const bool makes_huge =
      std::any_of(scenario.threads.begin(), scenario.threads.end(),
                  [](const ScenarioThread& thread) { return MakesHuge(thread.operations); });
  shape.host_is_huge = scenario.host == HostBacking::kHuge;
  shape.huge_pages =
      shape.host_is_huge || makes_huge || MakesHuge(scenario.setup) || MakesHuge(scenario.after);
  for (const GfnRange& slot : scenario.slots) shape.slots.emplace_back(slot.first, slot.last);
  if (shape.slots.empty()) shape.slots.emplace_back(0, scenario.frames - 1);
  return shape;
}

}  // namespace

const std::vector<std::string>& ModelledMmus() {
  static const auto* const mmus = new std::vector<std::string>{"tdp"};
  return *mmus;
}

absl::StatusOr<PreparedSubject> Prepare(const Subject& subject) {
  const Scenario& scenario = subject.scenario;
  if (subject.mmu != "tdp") {
    return Unsupported(
        scenario, absl::StrCat("MMU `", subject.mmu, "` is not modelled by this version; use tdp"));
  }
  if (scenario.mmu == MmuChoice::kStage2) {
    return Unsupported(scenario, "the scenario is for stage2, which this version does not model");
  }
  absl::StatusOr<TdpVariant> variant = ParseVariant(scenario, subject.variant);
  if (!variant.ok()) return variant.status();

  if (variant->ad_at_zap && scenario.access_kind == AccessKind::kTracked) {
    return Unsupported(scenario,
                       "`access: tracked` has no accessed and dirty bits for variant `ad_at_zap`; "
                       "choose another variant");
  }

  PreparedSubject prepared;
  prepared.shape = ShapeOf(scenario);
  prepared.shape.variant = *variant;
  int vcpus = 0;
  bool any_vcpu = false;
  absl::Status status = Unroll(scenario, scenario.setup, prepared.setup.operations);
  prepared.setup.vcpu = 0;
  for (const ScenarioThread& thread : scenario.threads) {
    Script script;
    if (status.ok()) status = Unroll(scenario, thread.operations, script.operations);
    if (thread.role == ThreadRole::kVcpu) {
      script.vcpu = vcpus++;
      any_vcpu = any_vcpu || !script.operations.empty();
    }
    prepared.threads.push_back(std::move(script));
  }
  if (status.ok()) status = Unroll(scenario, scenario.after, prepared.after.operations);
  if (!status.ok()) return status;
  prepared.after.vcpu = 0;
  prepared.shape.vcpus = std::max(vcpus, 1);
  prepared.close_after_setup = !any_vcpu;
  return prepared;
}

}  // namespace racewalk
