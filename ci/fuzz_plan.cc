#include "ci/fuzz_plan.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/rows.h"
#include "ci/target.h"
#include "fuzz/fit.h"
#include "fuzz/input.h"
#include "fuzz/invent.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/hash.h"

namespace racewalk {
namespace {

constexpr double kDefaultFuzzSeconds = 60;

// A bug's MMU and variant where none were asked for.
absl::StatusOr<Selection> SelectionOf(const FuzzOptions& options) {
  Selection selection{.mmu = options.mmu, .variants = options.variants};
  if (options.bug.empty()) return selection;
  const absl::StatusOr<const Bug*> bug = ResolveBug(options.bug);
  if (!bug.ok()) return bug.status();
  if (selection.mmu.empty()) selection.mmu = (*bug)->mmu;
  if (selection.variants.empty() && selection.mmu == (*bug)->mmu) {
    selection.variants = {(*bug)->variant};
  }
  return selection;
}

void AddPlace(std::vector<FuzzPlace>& places, FuzzPlace place) {
  if (std::find(places.begin(), places.end(), place) == places.end()) {
    places.push_back(std::move(place));
  }
}

// Empty for any.
std::vector<FuzzPlace> PlacesOf(const Selection& selection, const std::vector<Target>& targets) {
  std::vector<FuzzPlace> places;
  if (!selection.variants.empty()) {
    for (const Target& target : targets) {
      AddPlace(places, {target.subject.mmu, target.subject.variant});
    }
  } else if (!selection.mmu.empty()) {
    for (const std::string& variant : EveryVariant(selection.mmu)) {
      AddPlace(places, {selection.mmu, variant});
    }
  }
  return places;
}

bool IsIn(const std::vector<FuzzPlace>& places, const Subject& subject) {
  const FuzzPlace place{subject.mmu, subject.variant};
  return places.empty() || std::find(places.begin(), places.end(), place) != places.end();
}

absl::StatusOr<std::vector<Target>> LibraryRows(const FuzzOptions& options) {
  const absl::StatusOr<Selection> selection = SelectionOf(options);
  if (!selection.ok()) return selection.status();
  absl::StatusOr<Rows> rows = SelectRows(*selection);
  if (!rows.ok()) return rows.status();
  return std::move(rows->targets);
}

}  // namespace

absl::StatusOr<std::vector<FuzzStart>> LibraryStart(const FuzzOptions& options, int strategies) {
  constexpr std::array<const char*, 2> kStrategies{"random", "pct:3"};
  const absl::StatusOr<std::vector<Target>> rows = LibraryRows(options);
  if (!rows.ok()) return rows.status();
  std::vector<FuzzStart> start;
  for (const Target& row : *rows) {
    Subject subject = row.subject;
    Fit(subject);
    if (!CheckSubject(subject).ok()) continue;
    const uint64_t key = ExecutionKey(ScenarioHash(subject.scenario), start.size());
    for (int i = 0; i < strategies; ++i) {
      start.push_back({.input = {.subject = subject,
                                 .strategy = kStrategies[static_cast<std::size_t>(i)],
                                 .key = key}});
    }
  }
  return start;
}

absl::StatusOr<FuzzPlan> MakeFuzzPlan(const FuzzOptions& options) {
  FuzzPlan plan;
  Target weak{.weaken = options.weaken, .bug = options.bug};
  absl::Status status = ResolveWeakened(weak);
  if (!status.ok()) return status;
  if (!weak.bug.empty()) plan.bug = FindBug(weak.bug);
  plan.weakened = weak.subject.weakened.any();
  plan.settings.weakened = weak.subject.weakened;
  plan.settings.feedback = !options.random;
  plan.settings.stop_at_violation = plan.weakened;
  const absl::StatusOr<Selection> selection = SelectionOf(options);
  const absl::StatusOr<std::vector<Target>> rows = LibraryRows(options);
  if (!rows.ok()) return rows.status();
  plan.settings.places = PlacesOf(*selection, *rows);
  plan.seconds = options.seconds;
  if (!options.seconds && !options.executions) plan.seconds = kDefaultFuzzSeconds;
  if (!options.corpus.empty()) {
    absl::StatusOr<std::vector<CorpusFile>> files = ReadCorpus(options.corpus);
    if (!files.ok()) return files.status();
    plan.files = *std::move(files);
  }
  if (options.minimize && plan.files.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "--minimize: there is no input in ", options.corpus, "; name a folder that has some"));
  }
  for (const CorpusFile& file : plan.files) {
    if (!IsIn(plan.settings.places, file.input.subject)) continue;
    plan.start.push_back({.input = file.input, .stays = true});
  }
  plan.start_name = options.start;
  if (options.random) plan.start_name = "nothing";
  if (plan.start_name.empty()) plan.start_name = plan.files.empty() ? "library" : "corpus";
  if (plan.start_name != "library") return plan;
  absl::StatusOr<std::vector<FuzzStart>> library = LibraryStart(options, 1);
  if (!library.ok()) return library.status();
  plan.start.insert(plan.start.end(), library->begin(), library->end());
  return plan;
}

std::vector<BeyondLibrary> PairsBeyond(const Corpus& corpus, const std::set<Feature>& library) {
  struct Shown {
    std::size_t smallest = 0;
    uint64_t inputs = 0;
  };
  std::map<Feature, Shown> shown;
  const std::vector<CorpusEntry>& entries = corpus.entries();
  for (std::size_t i = 0; i < entries.size(); ++i) {
    for (const Feature feature : entries[i].features) {
      if ((feature & kStateFeature) != 0 || library.count(feature) != 0) continue;
      const auto [known, is_new] = shown.try_emplace(feature, Shown{.smallest = i});
      ++known->second.inputs;
      if (CostOf(entries[i].input) < CostOf(entries[known->second.smallest].input)) {
        known->second.smallest = i;
      }
    }
  }
  std::vector<BeyondLibrary> beyond;
  for (const auto& [feature, how] : shown) {
    beyond.push_back({.pair = Coverage::TextOf(feature),
                      .input = PrintInput(entries[how.smallest].input),
                      .inputs = how.inputs});
  }
  return beyond;
}

}  // namespace racewalk
