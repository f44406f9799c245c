// Goal: coverage tells executions apart by what came right after what, and
// changes nothing. Method: steps by hand, a toy world, and the real machine.
#include "fuzz/coverage.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "core/protocol.h"
#include "fuzz/soundness.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/toy_world.h"

namespace racewalk {
namespace {

constexpr Announcement kWrite{.kind = OpKind::kStore, .location = 1, .at = point::table_publish};
constexpr Announcement kRead{.kind = OpKind::kLoad, .location = 1, .at = point::walk_follow};
constexpr Announcement kUpdate{.kind = OpKind::kRmw, .location = 1};

Announcement On(uint32_t location, Announcement announcement) {
  announcement.location = location;
  return announcement;
}

std::vector<std::string> TextsOf(const Coverage& coverage) {
  std::vector<std::string> texts;
  for (const Feature feature : coverage.Features()) texts.push_back(Coverage::TextOf(feature));
  std::sort(texts.begin(), texts.end());
  return texts;
}

using Texts = std::vector<std::string>;

TEST(Coverage, CountsPairsOfDifferentThreadsOnAWord) {
  Coverage coverage;
  coverage.Begin();
  coverage.Step(0, kWrite);
  coverage.Step(0, kUpdate);         // the same thread
  coverage.Step(1, On(2, kUpdate));  // another word
  coverage.Step(1, On(0, kUpdate));  // none
  EXPECT_EQ(TextsOf(coverage), Texts{});
  coverage.Step(1, kRead);
  EXPECT_EQ(TextsOf(coverage), Texts{"rmw -> walk_follow"});
  coverage.Step(2, kRead);  // reads do not conflict, but it follows the write too
  EXPECT_EQ(TextsOf(coverage), Texts{"rmw -> walk_follow"});
  coverage.Step(0, kWrite);
  EXPECT_EQ(TextsOf(coverage), (Texts{"rmw -> walk_follow", "walk_follow -> table_publish"}));
  EXPECT_EQ(coverage.size(), 2u);
}

TEST(Coverage, AReadFollowsTheWriteBeforeOtherReads) {
  Coverage coverage;
  coverage.Begin();
  coverage.Step(0, kWrite);
  coverage.Step(0, kRead);
  coverage.Step(1, kRead);
  EXPECT_EQ(TextsOf(coverage), Texts{"table_publish -> walk_follow"});
}

TEST(Coverage, ForgetsTheWordsOfOtherExecutions) {
  Coverage coverage;
  coverage.Begin();
  coverage.Step(0, kWrite);
  coverage.Begin();
  coverage.Step(1, kRead);
  EXPECT_EQ(coverage.size(), 0u);
}

TEST(Coverage, TellsOperationsWithoutAPointApartByTheirWord) {
  Coverage coverage;
  coverage.Begin();
  coverage.Begins(0, Verb::kUnmap);
  coverage.Begins(2, Verb::kDirtyLogOn);
  coverage.Step(0, kUpdate);
  coverage.Step(1, kUpdate);
  coverage.Step(2, kUpdate);
  EXPECT_EQ(TextsOf(coverage), (Texts{"rmw -> rmw in dirty_log on", "rmw in unmap -> rmw"}));
}

TEST(Coverage, HasRoomForManyWords) {
  Coverage coverage;
  coverage.Begin();
  for (const uint32_t location : {5u, 100'000u, 255u, 256u, 99'999u}) {
    coverage.Step(0, On(location, kWrite));
    coverage.Step(1, On(location, kRead));
  }
  EXPECT_EQ(coverage.size(), 1u);
}

// All of the first thread, then all of the next.
class InOrder final : public Strategy {
 public:
  void Begin(uint64_t /*key*/) override {}
  int Pick(const PickView& view) override { return std::countr_zero(view.enabled); }
  uint32_t Choose(uint32_t /*n*/, Choice /*kind*/) override { return 0; }
  std::string spec() const override { return "in_order"; }
};

// The same operations but for one, which is on another word in the second.
TEST(Coverage, TellsProgramsApartThatDifferInOnePair) {
  const Announcement mark{.kind = OpKind::kRmw, .location = 7, .at = point::seq_read_before_pfn};
  const auto explore = [&](const Announcement& read) {
    Coverage coverage;
    InOrder in_order;
    CoveringStrategy strategy(in_order, coverage);
    RunToy(strategy, 1, {{kWrite, mark}, {mark, read}});
    return coverage.Features();
  };
  const std::vector<Feature> with = explore(kRead);
  const std::vector<Feature> without = explore(On(2, kRead));
  ASSERT_EQ(with.size(), 2u);
  std::vector<Feature> differ;
  std::set_symmetric_difference(with.begin(), with.end(), without.begin(), without.end(),
                                std::back_inserter(differ));
  ASSERT_EQ(differ.size(), 1u);
  EXPECT_EQ(Coverage::TextOf(differ[0]), "table_publish -> walk_follow");
}

TEST(Coverage, MergesAndSaysWhatIsNew) {
  Coverage all;
  Coverage one;
  Coverage two;
  for (Coverage* coverage : {&one, &two}) {
    coverage->Begin();
    coverage->Step(0, kWrite);
    coverage->Step(1, kRead);
  }
  two.Step(0, kUpdate);
  EXPECT_EQ(all.Merge(one), 1u);
  EXPECT_EQ(all.Merge(one), 0u);
  EXPECT_EQ(all.Merge(two), 1u);
  EXPECT_EQ(all.size(), 2u);
  all.Saw({.depth = 3, .valid_roots = 1});
  all.Saw({.depth = 3, .valid_roots = 1});
  all.Saw({.depth = 2, .valid_roots = 1});
  EXPECT_EQ(all.size(), 4u);
  EXPECT_EQ(all.Features().size(), 4u);
  EXPECT_NE(all.Features().back() & kStateFeature, 0u);
  all.Clear();
  EXPECT_EQ(all.size(), 0u);
}

struct Explored {
  Coverage coverage{};
  uint64_t fingerprint = 0;
  uint64_t steps = 0;
};

Explored Explore(const std::string& text, const std::string& mmu, const std::string& spec) {
  Explored explored;
  const auto explorer =
      Explorer::Create(SubjectOf(text, mmu, mmu == "tdp" ? "owned" : "rwlock")).value();
  const auto strategy = MakeStrategy(spec, explorer->Pilot()).value();
  CoveringStrategy covering(*strategy, explored.coverage);
  explorer->set_watcher(&explored.coverage);
  const Batch batch = explorer->Run(covering, 1, 0, 300, nullptr);
  EXPECT_FALSE(batch.violated) << batch.violation.what;
  explored.steps = batch.steps;
  explored.fingerprint = explorer->Record(covering, 5, false).fingerprint;
  explorer->set_watcher(nullptr);
  EXPECT_EQ(explorer->Record(*strategy, 5, false).fingerprint, explored.fingerprint);
  EXPECT_EQ(explorer->Run(*strategy, 1, 0, 300, nullptr).steps, explored.steps);
  return explored;
}

TEST(Coverage, IsTheSameEveryTimeAndChangesNothing) {
  for (const char* spec : {"random", "pct:3", "pos", "surw"}) {
    const std::string text = "tdp frames=2 vcpu a{write 0} host h{unmap 0} vmm m{zap_all}";
    const Explored once = Explore(text, "tdp", spec);
    EXPECT_EQ(once.coverage.Features(), Explore(text, "tdp", spec).coverage.Features());
    EXPECT_GT(once.coverage.size(), 10u);
  }
}

TEST(Coverage, SeesARaceThatAnotherScenarioDoesNotHave) {
  const auto has = [](const std::string& host, const char* pair) {
    const Texts texts = TextsOf(
        Explore("tdp frames=4 setup{write 0} vcpu a{write 1} host h{" + host + "}", "tdp", "random")
            .coverage);
    return std::find(texts.begin(), texts.end(), pair) != texts.end();
  };
  EXPECT_TRUE(has("unmap 0..3", "seq_publish -> seq_read_before_pfn"));
  EXPECT_TRUE(has("unmap 0..3", "hardware in write -> rmw in unmap"));
  EXPECT_FALSE(has("test_young 0..3", "hardware in write -> rmw in unmap"));
  EXPECT_FALSE(has("test_young 0..3", "seq_publish -> seq_read_before_pfn"));
}

std::size_t StatesOf(const std::string& text, const std::string& mmu) {
  const std::vector<Feature> features = Explore(text, mmu, "random").coverage.Features();
  return static_cast<std::size_t>(
      std::count_if(features.begin(), features.end(),
                    [](Feature feature) { return (feature & kStateFeature) != 0; }));
}

TEST(Coverage, SeesRootsAndDepths) {
  // Nothing is ever mapped or removed: the root and no more, or no root at all.
  const std::size_t idle =
      StatesOf("tdp frames=2 vcpu a{synchronize_rcu} vcpu b{synchronize_rcu}", "tdp");
  EXPECT_GE(idle, 1u);
  EXPECT_LE(idle, 2u);
  const std::size_t zapped = StatesOf(
      "tdp frames=4 host=huge setup{write 0} vcpu a{write 1} vmm m{zap_all; split 0}", "tdp");
  EXPECT_GT(zapped, idle + 2);
  EXPECT_GT(StatesOf("stage2 frames=4 host=huge vcpu a{write 1} vmm m{zap_all; split 0}", "stage2"),
            2u);
}

}  // namespace
}  // namespace racewalk
