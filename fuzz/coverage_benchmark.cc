// Goal: coverage is cheap enough to be on while exploring. Method: the same
// executions with it and without, by turns, in CPU time of this process; `ratio`
// is the rate with it over the rate without.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <ctime>
#include <memory>

#include "fuzz/coverage.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

constexpr uint64_t kBatch = 2000;

double CpuSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void Covering(benchmark::State& state, const char* text, const char* spec) {
  const auto explorer = Explorer::Create({.scenario = ParseScenario(text, "").value()}).value();
  const auto strategy = MakeStrategy(spec, explorer->Pilot()).value();
  Coverage coverage;
  CoveringStrategy covering(*strategy, coverage);
  double plain = 0;
  double covered = 0;
  uint64_t batches = 0;
  for (auto _ : state) {
    double start = CpuSeconds();
    explorer->Run(*strategy, 1, batches * kBatch, kBatch, nullptr);
    plain += CpuSeconds() - start;
    explorer->set_watcher(&coverage);
    start = CpuSeconds();
    explorer->Run(covering, 1, batches * kBatch, kBatch, nullptr);
    const double seconds = CpuSeconds() - start;
    explorer->set_watcher(nullptr);
    covered += seconds;
    state.SetIterationTime(seconds);
    ++batches;
  }
  state.counters["executions_per_s"] = static_cast<double>(batches * kBatch) / covered;
  state.counters["ratio"] = plain / covered;
  state.counters["features"] = static_cast<double>(coverage.size());
}

constexpr char kSmall[] = "tdp frames=2 vcpu a{fault 0 r} vcpu b{close} host h{unmap 1}";
constexpr char kLarger[] =
    "tdp frames=4 host=huge setup{write 0} vcpu a{read 0; write 1} vcpu b{write 0} "
    "host h{unmap 0; age 1} vmm m{collapse 0; split 0}";

BENCHMARK_CAPTURE(Covering, SmallRandom, kSmall, "random")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Covering, LargerRandom, kLarger, "random")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Covering, LargerPct, kLarger, "pct:3")
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace racewalk
