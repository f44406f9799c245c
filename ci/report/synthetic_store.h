// Stores for tests and benchmarks: nights that nobody ran.
#ifndef RACEWALK_CI_REPORT_SYNTHETIC_STORE_H_
#define RACEWALK_CI_REPORT_SYNTHETIC_STORE_H_

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <map>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/report/nights.h"
#include "ci/store/database.h"
#include "ci/store/store.h"

namespace racewalk {

// Writes a store row by row; what is not said has a plain value. What goes wrong ends the
// process. The file has it all when the object has gone.
class SyntheticStore {
 public:
  static constexpr int64_t kFirstNight = 1'790'000'000;
  static constexpr int64_t kDay = 86'400;

  // A new store at `path`, replacing what is there.
  explicit SyntheticStore(const std::string& path) : store_(Made(path)) { Run("BEGIN"); }
  ~SyntheticStore() {
    Run("COMMIT");
    Require(store_.Rest());
  }
  SyntheticStore(const SyntheticStore&) = delete;
  SyntheticStore& operator=(const SyntheticStore&) = delete;

  // One a day; later rows are of the last one.
  void Night(absl::string_view name, absl::string_view version = "0.1.0",
             absl::string_view state = "done", int shards = 1) {
    ++night_;
    number_ = 0;
    started_ = kFirstNight + night_ * kDay;
    Run("INSERT INTO campaign VALUES(?, ?, ?, '0123456789abcdef', 'seed=1', ?)", night_, name,
        version, started_);
    Run("INSERT INTO shard VALUES(?, 0, ?, 2, ?, 3600.5, ?)", night_, shards, state,
        started_ + 3600);
  }

  // Numbered on within the night. Rate: executions for each second of a worker.
  void Chunk(const UnitName& unit, uint64_t executions = 1000, double rate = 100'000,
             int outcome = 0) {
    const auto nanoseconds = static_cast<int64_t>(static_cast<double>(executions) * 1e9 / rate);
    Run("INSERT INTO chunk VALUES(?, ?, ?, ?, ?, 50000, 40, ?)", night_, Unit(unit), number_++,
        outcome, executions, nanoseconds);
  }

  // With one sighting of `count` executions.
  void Violation(absl::string_view name, const UnitName& unit, const NightViolation& told = {}) {
    Run("INSERT INTO violation VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '')", night_, name,
        Unit(unit), absl::string_view(told.kind), absl::string_view(told.invariant),
        absl::string_view(told.place), absl::string_view(told.other_place),
        absl::string_view(told.points), absl::string_view(told.sentence),
        absl::string_view(told.explanation), told.steps, absl::string_view(told.token),
        absl::string_view(told.timeline));
    Sighting(name, unit, told.count, told.seconds_to_find);
  }
  void Sighting(absl::string_view name, const UnitName& unit, uint64_t count = 1,
                int64_t after = 60) {
    Run("INSERT INTO sighting VALUES(?, ?, ?, ?, ?, ?)", night_, Unit(unit), number_++, name,
        started_ + after, count);
  }

  void Mutant(const MutantKey& name, bool killed, double seconds = 1.5) {
    const UnitName unit{
        .engine = "mutants", .mmu = name.mmu, .variant = name.variant, .weaken = name.point};
    Run("INSERT INTO mutant VALUES(?, ?, ?, ?, 700, ?, ?, ?, ?)", night_, Unit(unit), number_++,
        killed ? 1 : 0, static_cast<int64_t>(seconds * 1e9),
        absl::string_view(killed ? "fault_vs_fault" : ""),
        absl::string_view(killed ? "use-after-free" : ""),
        absl::string_view(killed ? "a token" : ""));
  }

  // Its first chunk, which runs the known execution again.
  void Replay(const MutantKey& name) {
    const UnitName unit{
        .engine = "mutants", .mmu = name.mmu, .variant = name.variant, .weaken = name.point};
    Run("INSERT INTO mutant VALUES(?, ?, 0, 1, 1, 2000000, 'fault_vs_fault', 'use-after-free', "
        "'known token')",
        night_, Unit(unit));
    ++number_;
  }

  void Incident(const UnitName& unit, absl::string_view text) {
    Run("INSERT INTO incident VALUES(?, ?, ?, ?)", night_, Unit(unit), number_++, text);
  }

 private:
  static void Require(const absl::Status& status) {
    if (status.ok()) return;
    std::cerr << "synthetic store: " << status << std::endl;
    std::abort();
  }

  static Store Made(const std::string& path) {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
    absl::StatusOr<Store> store = Store::OpenToWrite("", path);
    Require(store.status());
    return *std::move(store);
  }

  template <typename... Values>
  void Run(absl::string_view sql, const Values&... values) {
    auto found = statements_.find(std::string(sql));
    if (found == statements_.end()) {
      absl::StatusOr<Statement> made = store_.database().Prepare(sql);
      Require(made.status());
      found = statements_.emplace(std::string(sql), *std::move(made)).first;
    }
    (found->second.Bind(values), ...);
    Require(found->second.Run());
  }

  int64_t Unit(const UnitName& unit) {
    const auto [found, is_new] = units_.try_emplace(unit, static_cast<int64_t>(units_.size()) + 1);
    if (is_new) {
      Run("INSERT INTO unit VALUES(?, ?, ?, ?, ?, ?, ?)", found->second,
          absl::string_view(unit.engine), absl::string_view(unit.scenario),
          absl::string_view(unit.mmu), absl::string_view(unit.variant),
          absl::string_view(unit.strategy), absl::string_view(unit.weaken));
    }
    return found->second;
  }

  Store store_;
  std::map<std::string, Statement> statements_{};
  std::map<UnitName, int64_t> units_{};
  int64_t night_ = 0;
  int64_t number_ = 0;
  int64_t started_ = 0;
};

// A row of exploration.
inline UnitName Explored(absl::string_view scenario, absl::string_view mmu = "tdp",
                         absl::string_view strategy = "random") {
  return {.engine = "explore",
          .scenario = std::string(scenario),
          .mmu = std::string(mmu),
          .variant = mmu == "tdp" ? "owned" : "rwlock",
          .strategy = std::string(strategy)};
}

}  // namespace racewalk

#endif  // RACEWALK_CI_REPORT_SYNTHETIC_STORE_H_
