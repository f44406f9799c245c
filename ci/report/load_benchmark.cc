// How long a report of a large store takes: a million chunk rows of 30 nights, with violations,
// mutants and incidents. The budget is 5 s; the page's size decides how soon a browser has it open.
//   build/release/bin/ci_load_benchmark
//   RACEWALK_STORE_CHUNKS=3000000 build/release/bin/ci_load_benchmark
// The store stays in the folder for temporary files, racewalk_benchmark.store, and is used again.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "ci/report/html.h"
#include "ci/report/load.h"
#include "ci/report/night_report.h"
#include "ci/report/nights.h"
#include "ci/report/synthetic_store.h"
#include "ci/store/store.h"

namespace racewalk {
namespace {

constexpr uint64_t kNights = 30;
constexpr uint64_t kScenarios = 150;
constexpr uint64_t kMutants = 576;

uint64_t Chunks() {
  const char* given = std::getenv("RACEWALK_STORE_CHUNKS");
  uint64_t chunks = 0;
  return given != nullptr && absl::SimpleAtoi(given, &chunks) ? chunks : 1'000'000;
}

// Long ones, as violations have.
std::string Timeline() {
  std::string text;
  for (int i = 0; i < 120; ++i) {
    absl::StrAppend(&text, i, "  load(acquire) root_list -> 0          roots.h:", 100 + i, "\n");
  }
  return text;
}

void AddNight(SyntheticStore& store, uint64_t night, uint64_t chunks) {
  store.Night(absl::StrCat("night", night));
  uint64_t left = chunks;
  for (uint64_t i = 0; left > 0; ++i) {
    for (const char* mmu : {"tdp", "stage2"}) {
      for (const char* strategy : {"random", "pct:3", "pos"}) {
        // In the order in which rows of a campaign come: unit by unit, again and again.
        if (left > 0) --left;
        store.Chunk(Explored(absl::StrCat("scenario", i % kScenarios), mmu, strategy), 20'000,
                    static_cast<double>(90'000 + (i * 7919 + night) % 20'000));
      }
    }
  }
  for (uint64_t i = 0; i < kMutants; ++i) {
    store.Mutant({absl::StrCat("point", i / 4), i % 2 == 0 ? "tdp" : "stage2",
                  absl::StrCat("variant", i % 4)},
                 i % 50 != 0);
  }
  for (uint64_t i = 0; i < 40 + night; ++i) {
    store.Violation(absl::StrCat("class", i), Explored(absl::StrCat("scenario", i)),
                    {.kind = "use-after-free",
                     .place = "roots.h:71",
                     .sentence = "a used what b had freed.",
                     .token = "a token",
                     .timeline = Timeline(),
                     .count = 5});
  }
  store.Incident(Explored("scenario1"), "was killed by signal 11 (Segmentation fault)");
}

std::string LargeStore() {
  const uint64_t chunks = Chunks();
  const std::string path = (std::filesystem::temp_directory_path() /
                            absl::StrCat("racewalk_benchmark_", chunks, ".store"))
                               .string();
  if (std::filesystem::exists(path)) return path;
  {
    SyntheticStore store(path + ".new");
    for (uint64_t night = 0; night < kNights; ++night) AddNight(store, night, chunks / kNights);
  }
  std::filesystem::rename(path + ".new", path);
  return path;
}

void ReportOfAStore(benchmark::State& state) {
  const std::string path = LargeStore();
  std::size_t page = 0;
  for ([[maybe_unused]] auto _ : state) {
    absl::StatusOr<Store> store = Store::OpenToRead("", path);
    if (!store.ok()) return state.SkipWithError(store.status().ToString().c_str());
    absl::StatusOr<StoreNights> nights = LoadNights(*store, "");
    if (!nights.ok()) return state.SkipWithError(nights.status().ToString().c_str());
    page = ReportHtml({.command = "racewalk report", .store = *std::move(nights)}).size();
  }
  state.counters["page_bytes"] = static_cast<double>(page);
  state.counters["store_bytes"] = static_cast<double>(std::filesystem::file_size(path));
  state.counters["bytes_per_chunk"] =
      static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(Chunks());
}
BENCHMARK(ReportOfAStore)->Unit(benchmark::kMillisecond)->Iterations(5);

// With what --against reads: every chunk's rate.
void BaselineOfAStore(benchmark::State& state) {
  const std::string path = LargeStore();
  for ([[maybe_unused]] auto _ : state) {
    absl::StatusOr<Store> store = Store::OpenToRead("", path);
    if (!store.ok()) return state.SkipWithError(store.status().ToString().c_str());
    const absl::StatusOr<Baseline> baseline =
        LoadBaseline(*store, {.name = "later", .started = INT64_MAX});
    if (!baseline.ok()) return state.SkipWithError(baseline.status().ToString().c_str());
    benchmark::DoNotOptimize(baseline->rates.size());
  }
}
BENCHMARK(BaselineOfAStore)->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace racewalk
