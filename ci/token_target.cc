#include "ci/token_target.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "scenarios/hash.h"
#include "scenarios/library.h"
#include "scenarios/nearest.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"

namespace racewalk {
namespace {

// Everything but the scenario.
absl::StatusOr<Target> Complete(Target target, const ReplayToken& token) {
  const std::string hash = ShortHash(target.subject.scenario);
  if (hash != token.hash) {
    return absl::InvalidArgumentError(absl::StrCat(
        "scenario ", Quoted(token.scenario), " has changed since: its hash is now ", hash, ", not ",
        token.hash, "; replay it with the version that found it, or run racewalk check again"));
  }
  target.subject.mmu = token.mmu;
  target.subject.variant = token.variant;
  target.weaken = token.weaken;
  target.bug = token.bug;
  absl::Status status = ResolveWeakened(target);
  if (!status.ok()) return status;
  return target;
}

}  // namespace

ReplayToken TokenFor(const Target& target, absl::string_view strategy, uint64_t key) {
  const Scenario& scenario = target.subject.scenario;
  ReplayToken token;
  token.scenario = LibraryName(scenario);
  if (token.scenario.empty()) token.scenario = PrintExplicit(scenario);
  token.hash = ShortHash(scenario);
  token.mmu = target.subject.mmu;
  token.variant = target.subject.variant;
  token.weaken = target.weaken;
  token.bug = target.bug;
  token.strategy = std::string(strategy);
  token.key = key;
  return token;
}

Trace TraceFor(const Target& target, absl::string_view strategy, uint64_t key,
               const Recording& recording) {
  const Scenario& scenario = target.subject.scenario;
  Trace trace;
  trace.scenario = PrintExplicit(scenario);
  trace.name = LibraryName(scenario);
  trace.hash = ShortHash(scenario);
  trace.mmu = target.subject.mmu;
  trace.variant = target.subject.variant;
  trace.weaken = target.weaken;
  trace.bug = target.bug;
  trace.strategy = std::string(strategy);
  trace.key = key;
  trace.violation = recording.violation.kind;
  trace.invariant = recording.violation.invariant;
  trace.step = recording.violation.step;
  trace.fingerprint = recording.fingerprint;
  trace.decisions = recording.decisions;
  return trace;
}

absl::StatusOr<Target> TargetOf(const ReplayToken& token) {
  Target target;
  if (absl::StrContains(token.scenario, '{')) {
    absl::StatusOr<Scenario> scenario = ParseScenario(token.scenario, "");
    if (!scenario.ok()) return scenario.status();
    target.subject.scenario = *std::move(scenario);
  } else {
    const Scenario* scenario = FindScenario(token.scenario);
    if (scenario == nullptr) {
      std::vector<std::string> names;
      for (const Scenario& known : Library()) names.push_back(known.name);
      return absl::InvalidArgumentError(
          absl::StrCat("the library has no scenario ", Quoted(token.scenario),
                       DidYouMean(token.scenario, names), " (racewalk list scenarios shows all)"));
    }
    target.subject.scenario = *scenario;
  }
  return Complete(std::move(target), token);
}

absl::StatusOr<Target> TargetOf(const Trace& trace) {
  // The file carries the scenario itself, so a change of the library does not
  // matter to it.
  absl::StatusOr<Scenario> scenario = ParseScenario(trace.scenario, trace.name);
  if (!scenario.ok()) return scenario.status();
  Target target;
  target.subject.scenario = *std::move(scenario);
  target.subject.scenario.name = trace.name;
  return Complete(std::move(target), TokenOf(trace));
}

}  // namespace racewalk
