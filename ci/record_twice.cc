#include "ci/record_twice.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "scenarios/violation_text.h"

namespace racewalk {
namespace {

bool SameEvent(const Event& a, const Event& b) {
  return a.step == b.step && a.thread == b.thread && a.kind == b.kind && a.order == b.order &&
         a.at == b.at && a.word.owner == b.word.owner && a.word.index == b.word.index &&
         a.value == b.value && a.previous == b.previous && a.store == b.store &&
         a.newest == b.newest && a.where.line() == b.where.line();
}

std::string EventWords(const Event& event) {
  return absl::StrCat("thread ", event.thread, " at ", PlaceText(event.where), ", ",
                      event.word.what, "[", event.word.owner, ".", event.word.index, "], value ",
                      event.value, ", store ", event.store);
}

std::string DecisionWords(const Decision& decision) {
  return absl::StrCat(
      decision.is_pick ? "pick" : kChoiceNames[static_cast<std::size_t>(decision.kind)], " ",
      decision.taken, " of ", decision.options);
}

}  // namespace

std::string FirstDifference(const Recording& first, const Recording& second) {
  const std::size_t events = std::min(first.events.size(), second.events.size());
  for (std::size_t i = 0; i < events; ++i) {
    if (SameEvent(first.events[i], second.events[i])) continue;
    return absl::StrCat("step ", first.events[i].step, " was ", EventWords(first.events[i]),
                        " and then ", EventWords(second.events[i]));
  }
  const std::size_t decisions = std::min(first.decisions.size(), second.decisions.size());
  for (std::size_t i = 0; i < decisions; ++i) {
    if (first.decisions[i] == second.decisions[i]) continue;
    return absl::StrCat("decision ", i, " was ", DecisionWords(first.decisions[i]), " and then ",
                        DecisionWords(second.decisions[i]));
  }
  if (first.steps != second.steps) {
    return absl::StrCat("it ended after ", first.steps, " steps and then after ", second.steps);
  }
  if (first.violation.kind != second.violation.kind) {
    return absl::StrCat("it showed ", Name(first.violation.kind), " and then ",
                        Name(second.violation.kind));
  }
  if (first.fingerprint != second.fingerprint) {
    return absl::StrCat("a value differs within ", first.steps, " steps");
  }
  return "";
}

absl::StatusOr<Recording> RecordTwice(Explorer& explorer, Strategy& strategy, uint64_t key,
                                      bool events) {
  const Recording first = explorer.Record(strategy, key, events);
  Recording second = explorer.Record(strategy, key, events);
  std::string difference = FirstDifference(first, second);
  if (difference.empty()) return second;
  if (!events) {
    // Once more with events, which name the place; they may happen to agree.
    const Recording third = explorer.Record(strategy, key, true);
    const Recording fourth = explorer.Record(strategy, key, true);
    const std::string named = FirstDifference(third, fourth);
    if (!named.empty()) difference = named;
  }
  return absl::InternalError(
      absl::StrCat("an execution that was repeated came out differently: ", difference));
}

}  // namespace racewalk
