// Goal: the costs of the designs are counted right, counting changes nothing, and
// what is wrong on the command line is told. Method: one collapse of one table with
// nobody beside it, whose numbers are known; the page made twice.
#include "scenarios/explore/designs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// One table of two pages is removed; the vCPU only counts its root.
Subject Alone(const std::string& mmu, const std::string& variant, const std::string& flush) {
  const std::string text = absl::StrCat(
      "any frames=4 flush=", flush, " setup{write 0..3} vcpu a{load_root} vmm m{collapse 0..1}");
  return {.scenario = ParseScenario(text, "").value(), .mmu = mmu, .variant = variant};
}

TEST(DesignsTest, ACollapseFlushesOnceByTheKindThatTheMachineHas) {
  for (const char* variant : {"defer_to_callback", "lock_subtree", "rwlock", "bbm2"}) {
    SCOPED_TRACE(variant);
    const Meter range = Measure(Alone("stage2", variant, "range"), 1, 1).value();
    EXPECT_EQ(range.of(Activity::kCollapse).collapsed, 1U);
    EXPECT_THAT(range.of(Activity::kCollapse).flushes, ElementsAre(0, 1, 0, 0));
    const Meter all = Measure(Alone("stage2", variant, "all"), 1, 1).value();
    EXPECT_EQ(all.of(Activity::kCollapse).collapsed, 1U);
    EXPECT_THAT(all.of(Activity::kCollapse).flushes, ElementsAre(0, 0, 1, 0));
  }
  const Meter range = Measure(Alone("tdp", "owned", "range"), 1, 1).value();
  EXPECT_THAT(range.of(Activity::kCollapse).flushes, ElementsAre(0, 1, 0, 0));
  const Meter all = Measure(Alone("tdp", "owned", "all"), 1, 1).value();
  EXPECT_THAT(all.of(Activity::kCollapse).flushes, ElementsAre(0, 0, 0, 1));
}

TEST(DesignsTest, AFlushIsCountedOnceForAllVcpus) {
  Subject subject = Alone("stage2", "defer_to_callback", "range");
  subject.scenario =
      ParseScenario(
          "any frames=4 flush=range setup{write 0..3} vcpu a{load_root} vcpu b{load_root} "
          "vmm m{collapse 0..1}",
          "")
          .value();
  const Meter meter = Measure(subject, 1, 10).value();
  EXPECT_THAT(meter.of(Activity::kCollapse).flushes, ElementsAre(0, 10, 0, 0));
}

TEST(DesignsTest, WorkIsOnTheAccountOfWhoeverDoesIt) {
  const Meter deferred = Measure(Alone("stage2", "defer_to_callback", "range"), 1, 1).value();
  const Work& work = deferred.of(Activity::kCollapse);
  // The link is broken by one exchange and made empty by one store; the entry's
  // reference to the table it is in is put, and those below are the callback's.
  EXPECT_EQ(work.updates, 2U);
  EXPECT_EQ(work.stores, 1U);
  EXPECT_GT(work.loads, 0U);
  EXPECT_GT(work.steps, work.loads + work.stores + work.updates);
  EXPECT_EQ(work.freed, 0U);
  EXPECT_EQ(deferred.of(Activity::kCallback).freed, 1U);
  EXPECT_GT(deferred.of(Activity::kCallback).updates, 0U);
  EXPECT_EQ(deferred.faults(), 0U);
  EXPECT_EQ(deferred.longest_hold(), 0U);

  // Each of the two entries is locked by an exchange, and puts its reference.
  const Meter locked = Measure(Alone("stage2", "lock_subtree", "range"), 1, 1).value();
  EXPECT_EQ(locked.of(Activity::kCollapse).updates, 6U);
  EXPECT_EQ(locked.of(Activity::kCallback).freed, 1U);

  const Meter exclusive = Measure(Alone("stage2", "rwlock", "range"), 1, 1).value();
  EXPECT_EQ(exclusive.of(Activity::kCollapse).freed, 1U);
  EXPECT_EQ(exclusive.of(Activity::kCallback).freed, 0U);
  EXPECT_GT(exclusive.longest_hold(), 0U);
  EXPECT_LT(exclusive.longest_hold(), exclusive.of(Activity::kCollapse).steps);
}

TEST(DesignsTest, FaultsAreCountedWithTheirRetries) {
  const Subject subject{
      .scenario =
          ParseScenario("tdp frames=4 vcpu a{write 0; write 0; write 1} vcpu b{load_root}", "")
              .value()};
  const Meter meter = Measure(subject, 1, 20).value();
  EXPECT_EQ(meter.faults(), 40U);  // the second write finds what the first has made
  EXPECT_EQ(meter.retries(), 0U);
  EXPECT_GT(meter.of(Activity::kFault).steps, 0U);
  EXPECT_GT(meter.hardware(), 0U);
  EXPECT_EQ(meter.of(Activity::kCollapse).steps, 0U);
}

TEST(DesignsTest, CountingChangesNothing) {
  const auto explorer = Explorer::Create(Alone("stage2", "lock_subtree", "all")).value();
  RandomStrategy strategy;
  const Recording without = explorer->Record(strategy, 7, false);
  Meter meter;
  explorer->set_meter(&meter);
  const Recording with = explorer->Record(strategy, 7, false);
  EXPECT_EQ(with.fingerprint, without.fingerprint);
  EXPECT_EQ(with.decisions, without.decisions);
  EXPECT_EQ(meter.executions(), 1U);
  explorer->set_meter(nullptr);
  explorer->Record(strategy, 7, false);
  EXPECT_EQ(meter.executions(), 1U);
}

TEST(DesignsTest, ThePageIsTheSameForTheSameSeed) {
  const std::string page = DesignsPage(5, 3).value();
  EXPECT_THAT(page, StartsWith("<!-- Made by ci/compare_designs --executions=5 --seed=3;"));
  EXPECT_THAT(page, HasSubstr("run\n5 times with seed 3 under"));
  for (const char* row : {"| tdp | `owned` | `all` |", "| stage2 | `rwlock+bbm2` | `range` |"}) {
    EXPECT_THAT(page, HasSubstr(row));
  }
  EXPECT_EQ(page, DesignsPage(5, 3).value());
  EXPECT_NE(page, DesignsPage(5, 4).value());
}

TEST(DesignsTest, WrongArgumentsAreToldWithARemedy) {
  const auto message = [](const std::string& argument) {
    return std::string(ReadDesignsOptions({argument}).status().message());
  };
  EXPECT_EQ(message("--nonsense"), "unknown argument --nonsense; --help says what there is");
  EXPECT_EQ(message("nonsense"), "unknown argument nonsense; --help says what there is");
  EXPECT_EQ(message("--output"), "unknown argument --output; --help says what there is");
  EXPECT_EQ(message("--output="), "--output is empty; for example --output=docs/designs.md");
  EXPECT_EQ(message("--seed=x"), "--seed=x is not a positive number; for example --seed=3");
  EXPECT_EQ(message("--seed=-1"), "--seed=-1 is not a positive number; for example --seed=3");
  for (const char* value : {"", "0", "1e3", "99999999999999999999"}) {
    EXPECT_EQ(message(absl::StrCat("--executions=", value)),
              absl::StrCat("--executions=", value,
                           " is not a positive number; for example --executions=3"));
  }
  const DesignsOptions options =
      ReadDesignsOptions({"--executions=7", "--seed=2", "--output=-"}).value();
  EXPECT_EQ(options.executions, 7U);
  EXPECT_EQ(options.seed, 2U);
  EXPECT_EQ(options.output, "-");
}

}  // namespace
}  // namespace racewalk
