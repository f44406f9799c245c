// Goal: what a fault, an unmap and the rest cost, beside what one could have
// instead and beside the least that it can cost.
// Method: threads that begin together do one thing to many pages; the time is
// from the first that begins to the last that ends. What undoes it is not
// timed. Rates are those of the fastest round, which others on the machine have
// disturbed least. Ends with tables of ratios; docs/performance.md says what they mean.
//
// One page of each table stays mapped throughout, so that both MMUs keep the
// table: what is faulted are the other 511.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <iostream>
#include <limits>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "core/platform/native/crew.h"
#include "core/stage2/view.h"
#include "core/tdp/view.h"
#include "core/vm/measured_vm.h"
#include "core/vm/ratio_table.h"

namespace racewalk {
namespace {

using G = RealGeometry;

constexpr Gfn kPagesOfTable = G::kEntries;
constexpr Gfn kTables = 16;  // of each thread
constexpr Gfn kFrames = kTables * kPagesOfTable;
constexpr Gfn kPages = kTables * (kPagesOfTable - 1);  // that are faulted

constexpr Gfn FirstOf(int thread) { return static_cast<Gfn>(thread) * kFrames; }

// A guest of 8 GiB, of which an eighth is faulted, no two neighbours in a row: the
// multiplier is odd, so that no page comes twice, and far from any small fraction.
constexpr Gfn kScatteredTables = 4096;
constexpr Gfn kScatteredFrames = kScatteredTables * kPagesOfTable;
constexpr Gfn kScatteredSteps = kScatteredFrames / 8;
constexpr Gfn kScatteredPages = kScatteredSteps / kPagesOfTable * (kPagesOfTable - 1);
constexpr Gfn ScatteredAt(Gfn step) { return step * 0x9E3779B1 % kScatteredFrames; }

// Calls body(gfn) for what thread `thread` faults.
template <typename F>
void ForEachPage(int thread, F body) {
  for (Gfn table = 0; table < kTables; ++table) {
    const Gfn first = FirstOf(thread) + table * kPagesOfTable;
    for (Gfn gfn = first; gfn < first + kPagesOfTable - 1; ++gfn) body(gfn);
  }
}

// The threads of one benchmark and what they work on.
template <typename Subject>
class Bench {
 public:
  template <typename... Args>
  explicit Bench(benchmark::State& state, int threads, Args... args)
      : Bench(state, threads, static_cast<Gfn>(threads) * kTables, TablesOfAll{}, args...) {}
  // With `tables` tables for all threads together.
  struct TablesOfAll {};
  template <typename... Args>
  Bench(benchmark::State& state, int threads, Gfn tables, TablesOfAll /*tag*/, Args... args)
      : crew(threads), subject(threads, tables * kPagesOfTable, args...), state_(state) {
    [[maybe_unused]] const typename Subject::Loop loop{};
    for (Gfn table = 1; table <= tables; ++table) {
      Expect(subject.Fault(0, table * kPagesOfTable - 1));
    }
  }

  void FaultAll(int thread) {
    [[maybe_unused]] const typename Subject::Loop loop{};
    bool right = true;
    ForEachPage(thread, [&](Gfn gfn) { right &= subject.Fault(thread, gfn); });
    Expect(right);
  }
  // With kTables calls.
  void UnmapAll(int thread) {
    for (Gfn table = 0; table < kTables; ++table) {
      const Gfn first = FirstOf(thread) + table * kPagesOfTable;
      subject.Unmap(thread, first, first + kPagesOfTable - 2);
    }
  }
  // What is measured must have worked.
  void Expect(bool right) {
    if (!right) failed_.store(true, std::memory_order_relaxed);
  }
  void SetRoundTime(double seconds) {
    state_.SetIterationTime(seconds);
    fastest_ = std::min(fastest_, seconds);
  }
  void End(double items_of_round) {
    if (failed_.load(std::memory_order_relaxed)) state_.SkipWithError("an operation has failed");
    state_.SetItemsProcessed(
        static_cast<int64_t>(static_cast<double>(state_.iterations()) * items_of_round));
    state_.counters[kFastest] = items_of_round / fastest_;
  }

  Crew crew;
  Subject subject;

 private:
  benchmark::State& state_;
  double fastest_ = std::numeric_limits<double>::infinity();  // round, in seconds
  std::atomic<bool> failed_{false};
};

// --- What all can do. ---

template <typename Subject>
void FaultDisjoint(benchmark::State& state, int threads) {
  Bench<Subject> bench(state, threads);
  for (auto _ : state) {
    bench.SetRoundTime(bench.crew.Run([&](int i) { bench.FaultAll(i); }));
    for (int i = 0; i < threads; ++i) bench.UnmapAll(i);
  }
  bench.End(static_cast<double>(kPages) * threads);
}

// Each fault far from the last: what it needs is not in the nearest caches, as it is
// not after a guest has run.
template <typename Subject>
void FaultScattered(benchmark::State& state, int threads) {
  using Whole = Bench<Subject>;
  Whole bench(state, threads, kScatteredTables, typename Whole::TablesOfAll{});
  const Gfn share = kScatteredSteps / static_cast<Gfn>(threads);
  for (auto _ : state) {
    bench.SetRoundTime(bench.crew.Run([&](int i) {
      [[maybe_unused]] const typename Subject::Loop loop{};
      const Gfn first = static_cast<Gfn>(i) * share;
      bool right = true;
      for (Gfn step = first; step < first + share; ++step) {
        const Gfn gfn = ScatteredAt(step);
        // The one that stays mapped.
        if (gfn % kPagesOfTable != kPagesOfTable - 1) right &= bench.subject.Fault(i, gfn);
      }
      bench.Expect(right);
    }));
    for (Gfn first = 0; first < kScatteredFrames; first += kPagesOfTable) {
      bench.subject.Unmap(0, first, first + kPagesOfTable - 2);
    }
  }
  bench.End(static_cast<double>(kScatteredPages));
}

// All threads go through the same tables, each faulting its share.
template <typename Subject>
void FaultOneTable(benchmark::State& state, int threads) {
  Bench<Subject> bench(state, threads);
  const auto share = static_cast<Gfn>(threads);
  for (auto _ : state) {
    bench.SetRoundTime(bench.crew.Run([&](int i) {
      [[maybe_unused]] const typename Subject::Loop loop{};
      bool right = true;
      ForEachPage(0, [&](Gfn gfn) {
        if (gfn % share == static_cast<Gfn>(i)) right &= bench.subject.Fault(i, gfn);
      });
      bench.Expect(right);
    }));
    bench.UnmapAll(0);
  }
  bench.End(static_cast<double>(kPages));
}

template <typename Subject>
void Unmap(benchmark::State& state, int threads) {
  Bench<Subject> bench(state, threads);
  for (auto _ : state) {
    for (int i = 0; i < threads; ++i) bench.FaultAll(i);
    bench.SetRoundTime(bench.crew.Run([&](int i) { bench.UnmapAll(i); }));
  }
  bench.End(static_cast<double>(kPages) * threads);
}

template <typename Subject>
void HardwareWalk(benchmark::State& state, int threads) {
  Bench<Subject> bench(state, threads);
  for (int i = 0; i < threads; ++i) bench.FaultAll(i);
  for (auto _ : state) {
    bench.SetRoundTime(bench.crew.Run([&](int i) {
      bool right = true;
      ForEachPage(i, [&](Gfn gfn) { right &= bench.subject.Walk(i, gfn) != kNoPfn; });
      bench.Expect(right);
    }));
  }
  bench.End(static_cast<double>(kPages) * threads);
}

// --- What only MMUs do. ---

template <typename Vm>
void CollapseOf(Vm& vm, int thread) {
  vm.mmu().Collapse(FirstOf(thread), FirstOf(thread) + kFrames - 1);
}
template <typename Vm>
void SplitOf(Vm& vm, int thread) {
  for (Gfn table = 0; table < kTables; ++table) {
    vm.mmu().Split(FirstOf(thread) + table * kPagesOfTable);
  }
}

// Items are tables that become blocks.
template <typename Vm>
void Collapse(benchmark::State& state, int threads) {
  Bench<Vm> bench(state, threads);
  for (int i = 0; i < threads; ++i) bench.FaultAll(i);
  bench.subject.environment().MapAt(2);
  for (auto _ : state) {
    bench.SetRoundTime(bench.crew.Run([&](int i) { CollapseOf(bench.subject, i); }));
    for (int i = 0; i < threads; ++i) SplitOf(bench.subject, i);
    bench.subject.rcu().barrier();
  }
  bench.End(static_cast<double>(kTables) * threads);
}

// Items are blocks that become tables.
template <typename Vm>
void Split(benchmark::State& state, int threads) {
  Bench<Vm> bench(state, threads);
  for (int i = 0; i < threads; ++i) bench.FaultAll(i);
  bench.subject.environment().MapAt(2);
  for (auto _ : state) {
    for (int i = 0; i < threads; ++i) CollapseOf(bench.subject, i);
    bench.subject.rcu().barrier();
    bench.SetRoundTime(bench.crew.Run([&](int i) { SplitOf(bench.subject, i); }));
  }
  bench.End(static_cast<double>(kTables) * threads);
}

// Each thread harvests a slot of its own, with every page of it but the one of
// each table written.
template <typename Vm>
void Harvest(benchmark::State& state, int threads) {
  Bench<Vm> bench(state, threads, static_cast<uint32_t>(threads));
  const auto harvest = [&](int i) {
    Gfn written = 0;
    bench.subject.mmu().Harvest(static_cast<uint32_t>(i), [&](Gfn /*gfn*/) { ++written; });
    return written;
  };
  for (int i = 0; i < threads; ++i) {
    bench.FaultAll(i);
    bench.subject.mmu().SetLogging(static_cast<uint32_t>(i), true);
  }
  for (auto _ : state) {
    for (int i = 0; i < threads; ++i) {
      ForEachPage(i, [&](Gfn gfn) { bench.Expect(bench.subject.FaultAgain(i, gfn)); });
    }
    bench.SetRoundTime(bench.crew.Run([&](int i) { bench.Expect(harvest(i) == kPages); }));
  }
  bench.End(static_cast<double>(kPages) * threads);
}

// Thread 0 zaps what is mapped while the others fault; items are the pages
// that it has mapped itself, and the time is its own.
template <typename Vm>
void ZapAll(benchmark::State& state, int threads) {
  using Clock = std::chrono::steady_clock;
  Bench<Vm> bench(state, threads);
  for (auto _ : state) {
    bench.subject.Prepare(0);
    bench.FaultAll(0);
    double seconds = 0;
    std::atomic<bool> over = false;
    bench.crew.Run([&](int i) {
      if (i == 0) {
        const Clock::time_point begin = Clock::now();
        bench.subject.mmu().ZapAll();
        seconds = std::chrono::duration<double>(Clock::now() - begin).count();
        over.store(true, std::memory_order_relaxed);
        return;
      }
      [[maybe_unused]] const typename Vm::Loop loop{};
      for (Gfn page = 0; !over.load(std::memory_order_relaxed); page = (page + 1) % kFrames) {
        bench.subject.Prepare(i);
        bench.subject.Fault(i, FirstOf(i) + page);
      }
    });
    bench.SetRoundTime(seconds);
    bench.subject.rcu().barrier();
  }
  bench.End(static_cast<double>(kPages));
}

// Bytes of table pages for each GiB that is mapped.
template <typename Vm>
void Memory(benchmark::State& state, int level) {
  constexpr Gfn kGib = G::Span(3);
  for (auto _ : state) {
    Vm vm(1, kGib);
    vm.environment().MapAt(level);
    for (Gfn gfn = 0; gfn < kGib; gfn += G::Span(level)) vm.Fault(0, gfn);
    const auto [entries, all] = vm.BytesOfTables();
    state.counters["bytes_of_entries"] = entries;
    state.counters["bytes_with_bookkeeping"] = all;
  }
}

// --- The list. ---

// As their first benchmarks were registered.
std::vector<std::string>& Subjects() {
  static std::vector<std::string> subjects;
  return subjects;
}

void Register(const std::string& operation, const std::string& subject,
              void (*run)(benchmark::State&, int)) {
  std::vector<std::string>& subjects = Subjects();
  if (std::find(subjects.begin(), subjects.end(), subject) == subjects.end()) {
    subjects.push_back(subject);
  }
  for (const int threads : {1, 2, 4}) {
    benchmark::RegisterBenchmark(
        (operation + "/" + subject + "/" + std::to_string(threads)).c_str(), run, threads)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
}

template <typename Subject>
void RegisterFaults(const std::string& subject) {
  Register("fault_disjoint", subject, &FaultDisjoint<Subject>);
  Register("fault_scattered", subject, &FaultScattered<Subject>);
  Register("fault_one_table", subject, &FaultOneTable<Subject>);
}

template <typename Subject>
void RegisterTable(const std::string& subject, bool excludes = true) {
  RegisterFaults<Subject>(subject);
  if (excludes) Register("unmap", subject, &Unmap<Subject>);
  Register("hardware_walk", subject, &HardwareWalk<Subject>);
}

template <template <typename, typename> typename View>
void RegisterMmu(const std::string& mmu) {
  RegisterTable<MeasuredVm<View, NativeWith<NoLock>>>(mmu + "_no_lock", /*excludes=*/false);
  RegisterTable<MeasuredVm<View, NativeWith<NoLock, QuiescentPlatform>>>(mmu + "_quiescent_no_lock",
                                                                         /*excludes=*/false);
  RegisterTable<MeasuredVm<View, NativeWith<PresenceSharedMutex, QuiescentPlatform>>>(mmu +
                                                                                      "_quiescent");
  using Standard = MeasuredVm<View, NativeWith<std::shared_mutex>>;
  RegisterTable<Standard>(mmu + "_shared_mutex");
  Register("zap_all", mmu + "_shared_mutex", &ZapAll<Standard>);
  using Chosen = MeasuredVm<View, NativeWith<PresenceSharedMutex>>;
  RegisterTable<Chosen>(mmu);
  Register("collapse", mmu, &Collapse<Chosen>);
  Register("split", mmu, &Split<Chosen>);
  Register("harvest", mmu, &Harvest<Chosen>);
  Register("zap_all", mmu, &ZapAll<Chosen>);
  for (const int level : {1, 2}) {
    benchmark::RegisterBenchmark(("memory/" + mmu + (level == 1 ? "/4K" : "/2M")).c_str(),
                                 &Memory<Chosen>, level)
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  }
}

int Main(int argc, char** argv) {
  RegisterTable<MeasuredBareWalk>("bare");
  RegisterFaults<MeasuredCountedWalk>("bare_counted");
  RegisterTable<MeasuredMutex>("bare_one_mutex");
  RegisterTable<MeasuredMap>("tbb_hash_map");
  RegisterMmu<TdpView>("tdp");
  RegisterMmu<Stage2View>("stage2");
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  RatioReporter reporter(std::cout, Subjects());
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::Shutdown();
  return 0;
}

}  // namespace
}  // namespace racewalk

int main(int argc, char** argv) { return racewalk::Main(argc, argv); }
