#include "scenarios/subject.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "scenarios/diagnostics.h"
#include "scenarios/nearest.h"
#include "scenarios/printer.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

// Why an MMU does not have a word; "" if it has it.
std::string WhyNot(Verb verb, MmuChoice mmu, bool v14) {
  switch (verb) {
    case Verb::kGpcActivate:
    case Verb::kGpcRefresh:
    case Verb::kGpcUse:
    case Verb::kGpcDeactivate:
      return v14 ? "is younger than variant `v14`; choose another variant" : "";
    case Verb::kMakeHuge:
      return v14 ? "is not for variant `v14`, which maps base pages only; leave one of them out"
                 : "";
    case Verb::kDonate:
    case Verb::kReclaim:
      return mmu == MmuChoice::kTdp ? "is for stage2" : "";
    case Verb::kInvalidateRoots:
      return mmu == MmuChoice::kStage2 ? "is for tdp: a stage-2 MMU has one root" : "";
    default:
      return "";
  }
}

absl::Status Unsupported(const Scenario& scenario, const std::string& what) {
  return absl::InvalidArgumentError(
      absl::StrCat(scenario.name.empty() ? "scenario" : scenario.name, ": ", what,
                   "; `racewalk list scenarios` shows what can be run"));
}

absl::Status Unroll(const Scenario& scenario, MmuChoice mmu, bool v14,
                    const std::vector<Operation>& from, std::vector<Operation>& to) {
  for (const Operation& operation : from) {
    if (const std::string why = WhyNot(operation.verb, mmu, v14); !why.empty()) {
      return Unsupported(
          scenario,
          absl::StrCat(operation.line > 0 ? absl::StrCat("line ", operation.line, ", column ",
                                                         operation.column, ": ")
                                          : "",
                       "`", PrintOperation(operation), "` ", why));
    }
    if (operation.verb != Verb::kRepeat) {
      to.push_back(operation);
      continue;
    }
    for (uint32_t i = 0; i < operation.number; ++i) {
      absl::Status status = Unroll(scenario, mmu, v14, operation.body, to);
      if (!status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

// Sets what `text`, a combination of variants, says.
absl::Status ParseVariant(MmuChoice mmu, const std::string& text, MachineShape& shape) {
  absl::StatusOr<std::string> canonical = CanonicalVariant(mmu, text);
  if (!canonical.ok()) return canonical.status();
  for (absl::string_view word : absl::StrSplit(*canonical, '+')) {
    if (word == "last_put_zaps") {
      shape.tdp_variant.last_put_zaps = true;
    } else if (word == "ad_at_zap") {
      shape.tdp_variant.ad_at_zap = true;
    } else if (word == "async_zap") {
      shape.tdp_variant.async_zap = true;
    } else if (word == "lock_subtree") {
      shape.stage2_variant.design = SubtreeDesign::kLockSubtree;
    } else if (word == "rwlock") {
      shape.stage2_variant.design = SubtreeDesign::kRwlock;
    } else if (word == "bbm2") {
      shape.stage2_variant.bbm2 = true;
    } else if (word == "v14") {
      shape.tdp_variant.notifier = NotifierDesign::kV14;
      shape.stage2_variant.notifier = NotifierDesign::kV14;
    }
  }
  return absl::OkStatus();
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
  const bool notes = scenario.access_kind == AccessKind::kBits;
  const bool range = scenario.flush == FlushKind::kRange;
  const bool eager = scenario.split == SplitKind::kEager;
  shape.tdp_options = {.ad_bits = notes,
                       .dirty_bit_logging = scenario.logging == LoggingKind::kDirtyBit,
                       .eager_split = eager,
                       .ranged_flush = range};
  shape.stage2_options = {.hardware_af = notes, .eager_split = eager, .range_flush = range};
  const bool makes_huge =
      std::any_of(scenario.threads.begin(), scenario.threads.end(),
                  [](const ScenarioThread& thread) { return MakesHuge(thread.operations); });
  shape.host_is_huge = scenario.host == HostBacking::kHuge;
  shape.huge_pages =
      shape.host_is_huge || makes_huge || MakesHuge(scenario.setup) || MakesHuge(scenario.after);
  for (const GfnRange& device : scenario.devices) {
    shape.devices.emplace_back(device.first, device.last);
  }
  for (const GfnRange& slot : scenario.slots) shape.slots.emplace_back(slot.first, slot.last);
  if (shape.slots.empty()) shape.slots.emplace_back(0, scenario.frames - 1);
  return shape;
}

}  // namespace

const std::vector<std::string>& ModelledMmus() {
  static const auto* const mmus = new std::vector<std::string>{"tdp", "stage2"};
  return *mmus;
}

std::string MmuProblem(absl::string_view text) {
  if (text == "tdp" || text == "stage2") return "";
  return absl::StrCat("unknown MMU ", Quoted(text), "; ", NearestOrAll(text, ModelledMmus()));
}

bool RunsOn(const Scenario& scenario, const std::string& mmu, const std::string& variant) {
  const std::string first = DefaultVariants(MmuNamed(mmu)).front();
  return Prepare({.scenario = scenario, .mmu = mmu, .variant = variant.empty() ? first : variant})
      .ok();
}

bool HasWord(const std::string& mmu, const std::string& variant, Verb verb) {
  const std::vector<absl::string_view> names = absl::StrSplit(variant, '+');
  const bool v14 = std::find(names.begin(), names.end(), "v14") != names.end();
  return WhyNot(verb, MmuNamed(mmu), v14).empty();
}

absl::StatusOr<PreparedSubject> Prepare(const Subject& subject) {
  const Scenario& scenario = subject.scenario;
  if (const std::string problem = MmuProblem(subject.mmu); !problem.empty()) {
    return Unsupported(scenario, problem);
  }
  const MmuChoice mmu = MmuNamed(subject.mmu);
  if (scenario.mmu != MmuChoice::kAny && scenario.mmu != mmu) {
    return Unsupported(scenario, absl::StrCat("the scenario is not for ", subject.mmu));
  }
  if (mmu == MmuChoice::kStage2 && scenario.logging == LoggingKind::kDirtyBit) {
    return Unsupported(scenario, "`logging: dirty_bit` is for tdp; write `mmu: tdp`");
  }
  if (mmu == MmuChoice::kStage2 && scenario.roles > 1) {
    return Unsupported(scenario, "`roles` are for tdp; write `mmu: tdp`");
  }

  PreparedSubject prepared;
  prepared.shape = ShapeOf(scenario);
  absl::Status status = ParseVariant(mmu, subject.variant, prepared.shape);
  if (!status.ok()) return status;
  if (prepared.shape.tdp_variant.ad_at_zap && scenario.access_kind == AccessKind::kTracked) {
    return Unsupported(scenario,
                       "`access: tracked` has no accessed and dirty bits for variant `ad_at_zap`; "
                       "choose another variant");
  }
  if (prepared.shape.v14() && prepared.shape.huge_pages) {
    return Unsupported(scenario,
                       "variant `v14` maps base pages only; leave out `host: huge` and "
                       "`make_huge`, or `v14`");
  }
  const bool v14 = prepared.shape.v14();
  int vcpus = 0;
  bool any_vcpu = false;
  status = Unroll(scenario, mmu, v14, scenario.setup, prepared.setup.operations);
  prepared.setup.vcpu = 0;
  for (const ScenarioThread& thread : scenario.threads) {
    Script script;
    if (status.ok()) status = Unroll(scenario, mmu, v14, thread.operations, script.operations);
    if (thread.role == ThreadRole::kVcpu) {
      script.vcpu = vcpus++;
      any_vcpu = any_vcpu || !script.operations.empty();
    }
    prepared.threads.push_back(std::move(script));
  }
  if (status.ok()) status = Unroll(scenario, mmu, v14, scenario.after, prepared.after.operations);
  if (!status.ok()) return status;
  prepared.after.vcpu = 0;
  prepared.shape.vcpus = std::max(vcpus, 1);
  prepared.close_after_setup = !any_vcpu;
  return prepared;
}

}  // namespace racewalk
