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
    case Verb::kRead:
    case Verb::kWrite:
    case Verb::kExec:
    case Verb::kFault:
    case Verb::kLoadRoot:
    case Verb::kPutRoot:
    case Verb::kClose:
    case Verb::kUnmap:
    case Verb::kSwap:
    case Verb::kMigrate:
    case Verb::kAge:
    case Verb::kTestYoung:
    case Verb::kCollapse:
    case Verb::kZapAll:
    case Verb::kInvalidateRoots:
    case Verb::kDestroy:
    case Verb::kRepeat:
    case Verb::kSynchronizeRcu:
      return true;
    default:
      return false;
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
    } else if (word != "owned") {
      return Unsupported(
          scenario,
          absl::StrCat("variant `", word, "` is not modelled by this version of the TDP MMU"));
    }
  }
  return variant;
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
  if (scenario.host != HostBacking::kSmall) {
    return Unsupported(scenario, "`host: huge` is not modelled by this version; use small");
  }
  if (scenario.logging != LoggingKind::kWriteProtect || !scenario.slots.empty()) {
    return Unsupported(scenario, "`logging` and `slots` are not modelled by this version");
  }
  absl::StatusOr<TdpVariant> variant = ParseVariant(scenario, subject.variant);
  if (!variant.ok()) return variant.status();

  PreparedSubject prepared;
  prepared.variant = *variant;
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
  prepared.vcpus = std::max(vcpus, 1);
  prepared.close_after_setup = !any_vcpu;
  for (const CheckLine& check : scenario.checks) {
    if (check.verb != CheckVerb::kMapped && check.verb != CheckVerb::kUnmapped &&
        check.verb != CheckVerb::kYoung) {
      return Unsupported(scenario, absl::StrCat("check `", PrintCheck(check),
                                                "` is not modelled by this version"));
    }
  }
  return prepared;
}

}  // namespace racewalk
