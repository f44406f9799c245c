// Goal: exploration costs little more than a test written for Relacy by hand.
// Method: one execution of a three-thread scenario is transcribed, operation
// by operation, into a Relacy test with the same words, locks and orders,
// and both are run by turns, each under its uniformly random scheduler.
//
// What is transcribed: loads, stores, read-modify-writes, walks of the
// hardware, plain accesses and locks, in setup, threads and teardown; of an RCU
// read section the scheduling point at its beginning, as an acquire load. What
// is not: grace periods, waiting and all oracles, which a test by hand has none of.
// Time is that of this process on the CPU; `ratio` is racewalk's rate over the
// rate by hand, and the goal 0.8.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <map>
#include <memory>
#include <new>
#include <ostream>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/platform/event.h"
#include "core/platform/relacy/relacy.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

// About 60 steps of three threads: a fault, a vCPU that closes, a notifier.
constexpr char kSmall[] = "tdp frames=2 vcpu a{fault 0 r} vcpu b{close} host h{unmap 1}";
// Two accesses beside an unmap, from the state of a VM that runs.
constexpr char kLarger[] =
    "tdp frames=2 setup{write 0} vcpu a{read 0} vcpu b{write 0} host h{unmap 0}";

constexpr std::size_t kThreads = 3;
constexpr uint64_t kBatch = 5000;

enum class Act : uint8_t {
  kLoad,
  kStore,
  kModify,
  kPlainLoad,
  kPlainStore,
  kLock,
  kUnlock,
  kLockShared,
  kUnlockShared
};
struct Step {
  Act act;
  rl::memory_order order;
  uint32_t index;  // of the word or lock
};

struct Transcript {
  std::vector<Step> before{}, after{};
  std::array<std::vector<Step>, kThreads> threads{};
  uint32_t words = 0, plains = 0, locks = 0;
};

rl::memory_order OrderOf(const Event& event) {
  switch (event.order) {
    case std::memory_order_acquire:
      return rl::mo_acquire;
    case std::memory_order_release:
      return rl::mo_release;
    case std::memory_order_acq_rel:
      return rl::mo_acq_rel;
    case std::memory_order_seq_cst:
      return rl::mo_seq_cst;
    default:
      return rl::mo_relaxed;
  }
}

class Transcriber {
 public:
  explicit Transcriber(const std::vector<Event>& events) {
    std::size_t end = 0;
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (events[i].kind == EventKind::kEnd) end = i;
    }
    std::size_t begin = 0;
    while (begin < end && events[begin].kind != EventKind::kBegin) ++begin;
    for (std::size_t i = begin; i < end; ++i) {
      if (events[i].kind == EventKind::kPlainStore) stored_[NameOf(events[i])] = true;
    }
    for (std::size_t i = 0; i < events.size(); ++i) {
      const auto thread = static_cast<std::size_t>(events[i].thread);
      if (i < begin) {
        Add(events[i], transcript_.before);
      } else if (i > end || thread >= kThreads) {
        Add(events[i], transcript_.after);  // what the RCU thread did, too
      } else {
        Add(events[i], transcript_.threads[thread]);
      }
    }
    transcript_.words = static_cast<uint32_t>(words_.size());
    transcript_.plains = static_cast<uint32_t>(plains_.size());
    transcript_.locks = static_cast<uint32_t>(locks_.size());
  }
  Transcript take() { return std::move(transcript_); }

 private:
  using Name = std::tuple<std::string, uint32_t, uint32_t, int>;

  static Name NameOf(const Event& event, int thread = -1) {
    return {event.word.what, event.word.owner, event.word.index, thread};
  }
  static uint32_t Index(std::map<Name, uint32_t>& names, const Name& name) {
    return names.emplace(name, static_cast<uint32_t>(names.size())).first->second;
  }
  // Plain words that change while threads run are ordered by means that are
  // not transcribed: each thread gets a copy of its own.
  uint32_t Plain(const Event& event) {
    return Index(plains_, NameOf(event, stored_.contains(NameOf(event)) ? event.thread : -1));
  }

  void Add(const Event& event, std::vector<Step>& steps) {
    switch (event.kind) {
      case EventKind::kLoad:
      case EventKind::kHardwareLoad:
        return steps.push_back({Act::kLoad, OrderOf(event), Index(words_, NameOf(event))});
      case EventKind::kRcuEnter:
        return steps.push_back({Act::kLoad, rl::mo_acquire, Index(words_, NameOf(event))});
      case EventKind::kStore:
        return steps.push_back({Act::kStore, OrderOf(event), Index(words_, NameOf(event))});
      case EventKind::kExchange:
      case EventKind::kCompareExchange:
      case EventKind::kCompareFailed:
      case EventKind::kHardwareUpdate:
      case EventKind::kFetchAdd:
      case EventKind::kFetchOr:
      case EventKind::kFetchAnd:
        return steps.push_back({Act::kModify, OrderOf(event), Index(words_, NameOf(event))});
      case EventKind::kPlainLoad:
        return steps.push_back({Act::kPlainLoad, rl::mo_relaxed, Plain(event)});
      case EventKind::kPlainStore:
        return steps.push_back({Act::kPlainStore, rl::mo_relaxed, Plain(event)});
      case EventKind::kLock:
        return steps.push_back({Act::kLock, rl::mo_relaxed, Index(locks_, NameOf(event))});
      case EventKind::kUnlock:
        return steps.push_back({Act::kUnlock, rl::mo_relaxed, Index(locks_, NameOf(event))});
      case EventKind::kLockShared:
        return steps.push_back({Act::kLockShared, rl::mo_relaxed, Index(locks_, NameOf(event))});
      case EventKind::kUnlockShared:
        return steps.push_back({Act::kUnlockShared, rl::mo_relaxed, Index(locks_, NameOf(event))});
      default:
        return;
    }
  }

  Transcript transcript_{};
  std::map<Name, bool> stored_{};
  std::map<Name, uint32_t> words_{}, plains_{}, locks_{};
};

// Room for objects that are made anew for each execution.
template <typename T, std::size_t most>
class Objects {
 public:
  template <typename... Args>
  void Make(uint32_t count, Args... args) {
    if (count > most) std::abort();
    for (count_ = 0; count_ < count; ++count_) ::new (&room_[count_ * sizeof(T)]) T(args...);
  }
  void Destroy() {
    for (uint32_t i = 0; i < count_; ++i) At(i).~T();
  }
  T& At(uint32_t i) { return *std::launder(reinterpret_cast<T*>(&room_[i * sizeof(T)])); }
  uint32_t count() const { return count_; }

 private:
  uint32_t count_ = 0;
  alignas(T) std::array<std::byte, most * sizeof(T)> room_;
};

struct LockTag;

// The test by hand. Its operations come from a table only so that they follow
// the core when that changes; reading the table costs next to nothing.
struct ByHand : rl::test_suite<ByHand, kThreads> {
  static inline const Transcript* transcript = nullptr;

  void before() {
    const rl::debug_info info;
    words.Make(transcript->words);
    plains.Make(transcript->plains);
    locks.Make(transcript->locks);
    for (uint32_t i = 0; i < words.count(); ++i) words.At(i).store(0, rl::mo_relaxed, info);
    for (uint32_t i = 0; i < plains.count(); ++i) plains.At(i)(info).store(0);
    for (uint32_t i = 0; i < locks.count(); ++i) {
      locks.At(i).init(/*is_rw=*/true, false, false, false, info);
    }
    Perform(transcript->before);
  }
  void thread(unsigned index) { Perform(transcript->threads[index]); }
  void after() {
    Perform(transcript->after);
    for (uint32_t i = 0; i < locks.count(); ++i) locks.At(i).deinit(rl::debug_info());
    locks.Destroy();
    plains.Destroy();
    words.Destroy();
  }

  void Perform(const std::vector<Step>& steps) {
    const rl::debug_info info;
    for (const Step& step : steps) {
      switch (step.act) {
        case Act::kLoad:
          benchmark::DoNotOptimize(words.At(step.index).load(step.order, info));
          break;
        case Act::kStore:
          words.At(step.index).store(1, step.order, info);
          break;
        case Act::kModify:
          words.At(step.index).fetch_add(1, step.order, info);
          break;
        case Act::kPlainLoad:
          benchmark::DoNotOptimize(plains.At(step.index)(info).load());
          break;
        case Act::kPlainStore:
          plains.At(step.index)(info).store(1);
          break;
        case Act::kLock:
          locks.At(step.index).lock_exclusive(info);
          break;
        case Act::kUnlock:
          locks.At(step.index).unlock_exclusive(info);
          break;
        case Act::kLockShared:
          locks.At(step.index).lock_shared(info);
          break;
        case Act::kUnlockShared:
          locks.At(step.index).unlock_shared(info);
          break;
      }
    }
  }

  Objects<rl::atomic<uint64_t>, 256> words;
  Objects<rl::var<uint64_t>, 256> plains;
  Objects<rl::generic_mutex<LockTag>, 16> locks;
};

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::unique_ptr<Explorer> Make(const char* text) {
  return Explorer::Create({.scenario = ParseScenario(text, "").value()}).value();
}

// Of executions of a few keys, the one that is nearest to the mean in events.
Transcript TranscriptOf(const char* text, double& steps) {
  const auto explorer = Make(text);
  const auto strategy = MakeStrategy("random", explorer->Pilot()).value();
  constexpr uint64_t kSamples = 200;
  std::vector<Recording> recordings;
  double events = 0;
  for (uint64_t i = 0; i < kSamples; ++i) {
    recordings.push_back(explorer->Record(*strategy, ExecutionKey(1, i), true));
    events += static_cast<double>(recordings.back().events.size()) / kSamples;
    steps += static_cast<double>(recordings.back().steps) / kSamples;
  }
  const auto distance = [events](const Recording& recording) {
    return std::abs(static_cast<double>(recording.events.size()) - events);
  };
  return Transcriber(std::min_element(recordings.begin(), recordings.end(),
                                      [&](const Recording& a, const Recording& b) {
                                        return distance(a) < distance(b);
                                      })
                         ->events)
      .take();
}

void RunByHand(const Transcript& transcript, uint64_t executions) {
  ByHand::transcript = &transcript;
  std::ostringstream out;
  rl::test_params params;
  params.iteration_count = executions;
  params.search_type = rl::random_scheduler_type;
  params.execution_depth_limit = ~0U;
  std::ostream sink(nullptr);
  params.output_stream = &sink;
  params.progress_stream = &sink;
  const auto result = rl::run_test<ByHand, rl::random_scheduler<kThreads>>(params, out, false);
  if (result != rl::test_result_success) std::abort();
}

// Relacy's context is one per process, so each side has it for a batch.
void Exploration(benchmark::State& state, const char* text) {
  double steps = 0;
  const Transcript transcript = TranscriptOf(text, steps);
  double ours = 0, by_hand = 0;
  uint64_t batches = 0;
  for (auto _ : state) {
    {
      const auto explorer = Make(text);
      const auto strategy = MakeStrategy("random", explorer->Pilot()).value();
      const double start = CpuSeconds();
      explorer->Run(*strategy, 1, batches * kBatch, kBatch, nullptr);
      const double seconds = CpuSeconds() - start;
      ours += seconds;
      state.SetIterationTime(seconds);
    }
    const double start = CpuSeconds();
    RunByHand(transcript, kBatch);
    by_hand += CpuSeconds() - start;
    ++batches;
  }
  const auto executions = static_cast<double>(batches * kBatch);
  std::size_t operations = 0;
  for (const std::vector<Step>& steps_of : transcript.threads) operations += steps_of.size();
  state.counters["executions_per_s"] = executions / ours;
  state.counters["by_hand_per_s"] = executions / by_hand;
  state.counters["ratio"] = by_hand / ours;
  state.counters["steps"] = steps;
  state.counters["operations"] = static_cast<double>(operations);
}

BENCHMARK_CAPTURE(Exploration, Small, kSmall)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Exploration, Larger, kLarger)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace racewalk
