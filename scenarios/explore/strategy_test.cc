// Goal: a spec means the same whoever writes it, and a wrong one is answered
// with one line that says what to write. Method: round trips and a table of errors.
#include "scenarios/explore/strategy.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "scenarios/explore/toy_world.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

const Profile kProfile{.threads = 3, .steps = 58};
const Profile kCounted{.threads = 3,
                       .steps = 58,
                       .operations = {40, 33, 12},
                       .words = {{17, {4, 3, 0}}, {5, {1, 1, 1}}}};

std::string SpecOf(absl::string_view spec, const Profile& profile = kProfile) {
  auto strategy = MakeStrategy(spec, profile);
  return strategy.ok() ? (*strategy)->spec() : std::string(strategy.status().message());
}

TEST(MakeStrategyTest, FillsInWhatWasLearned) {
  EXPECT_EQ(SpecOf("random"), "random");
  EXPECT_EQ(SpecOf("pct:3"), "pct:3,n=3,k=58");
  EXPECT_EQ(SpecOf("pct:2,k=9"), "pct:2,n=3,k=9");
  EXPECT_EQ(SpecOf("pct:16,k=1000000000,n=6"), "pct:16,n=6,k=1000000000");
  EXPECT_EQ(SpecOf("pct:3", Profile{}), "pct:3,n=1,k=1");
  EXPECT_EQ(SpecOf("surw"), "surw:c=20.20.20");
  EXPECT_EQ(SpecOf("surw", kCounted), "surw:c=40.33.12,w17=4.3.0,w5=1.1.1");
  EXPECT_EQ(SpecOf("surw:c=7.0"), "surw:c=7.0");
  EXPECT_EQ(SpecOf("bound:0"), "bound:0");
}

TEST(MakeStrategyTest, SpecDoesNotDependOnTheProfile) {
  for (absl::string_view spec : {"pct:3", "pos", "surw", "full", "bound:2", "path:01a"}) {
    EXPECT_EQ(SpecOf(SpecOf(spec, kCounted), {.threads = 5, .steps = 7}), SpecOf(spec, kCounted));
  }
}

TEST(MakeStrategyTest, SpecRepeatsTheExecution) {
  const Profile profile{.threads = 3, .steps = 12};
  for (absl::string_view name : {"random", "pct:3", "pos", "surw"}) {
    auto first = MakeStrategy(name, profile);
    ASSERT_TRUE(first.ok());
    auto second = MakeStrategy((*first)->spec(), Profile{});
    ASSERT_TRUE(second.ok());
    for (uint64_t key = 0; key < 100; ++key) {
      EXPECT_EQ(RunToy(**first, key, {4, 4, 4}), RunToy(**second, key, {4, 4, 4}));
    }
  }
}

TEST(MakeStrategyTest, ErrorsSayWhatToWrite) {
  EXPECT_EQ(
      SpecOf("rnadom"),
      "unknown strategy 'rnadom'; did you mean 'random'? (there are: random, pct:d, pos, surw, "
      "bound:k, full, path:DECISIONS; for example 'pct:3')");
  EXPECT_EQ(SpecOf("").substr(0, 42), "unknown strategy '' (there are: random, pc");
  EXPECT_EQ(SpecOf("random:1"), "strategy random takes no parameters, not '1'; say 'random'");
  EXPECT_EQ(SpecOf("pos:1"), "strategy pos takes no parameters, not '1'; say 'pos'");
  EXPECT_EQ(SpecOf("bound"),
            "strategy bound: the number of preemptions k must be 0 to 1000, not ''; for example "
            "'bound:2', or 'full' for all");
  EXPECT_EQ(SpecOf("path:6"),
            "strategy path: a path is threads 0 to 5 and choices a to z, at most 100000 of them, "
            "not '6'; copy it as it was printed");
  EXPECT_EQ(SpecOf("surw:c=1.2,w0=1.2"),
            "strategy surw: expected counts of each thread, c= first and then up to 8 words, not "
            "'w0=1.2'; say 'surw' to have them learned, or for example "
            "'surw:c=40.33.12,w17=4.3.0'");
  EXPECT_EQ(SpecOf("pct"),
            "strategy pct: the depth d must be a number from 1 to 16, not ''; for example "
            "'pct:3' or 'pct:3,n=3,k=58'");
  for (absl::string_view bad : {"pct:",
                                "pct:0",
                                "pct:17",
                                "pct:-1",
                                "pct:+3",
                                "pct: 3",
                                "pct:3,",
                                "pct:3,n=0",
                                "pct:3,n=7",
                                "pct:3,k=0",
                                "pct:3,k=1000000001",
                                "pct:3,k=99999999999999999999",
                                "pct:3,n=3,n=3",
                                "pct:3,m=3",
                                "pct:3,n=3,k=58,",
                                "PCT:3",
                                "pct:3\n",
                                "pos:",
                                "full:",
                                "full:1",
                                "bound:",
                                "bound:-1",
                                "bound:1001",
                                "path",
                                "path:",
                                "path:z",
                                "surw:",
                                "surw:c",
                                "surw:c=",
                                "surw:c=1.",
                                "surw:c=1.2.3.4.5.6.7",
                                "surw:c=1000001",
                                "surw:c=1,c=1",
                                "surw:w1=1",
                                "surw:c=1.2,w1=1",
                                "surw:c=1.2,w1",
                                "surw:c=1.2,",
                                "surw:c=1,w=1"}) {
    auto strategy = MakeStrategy(bad, kProfile);
    ASSERT_FALSE(strategy.ok()) << bad;
    EXPECT_EQ(strategy.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(strategy.status().message().find('\n'), absl::string_view::npos) << bad;
  }
}

TEST(MakeStrategyTest, ArbitraryBytesGiveAStatus) {
  Rng rng(11);
  const absl::string_view alphabet("pct:random,nkwsuhlf=.0123456789\0\n\xff", 34);
  const std::vector<std::string> good = {"pct:3,n=3,k=58",     "random",  "pos",
                                         "surw:c=4.3,w17=4.3", "bound:2", "path:01az2"};
  for (int i = 0; i < 100000; ++i) {
    std::string spec = good[rng.Below(static_cast<uint32_t>(good.size()))];
    for (uint32_t change = rng.Below(4); change > 0; --change) {
      const std::size_t at = rng.Below(static_cast<uint32_t>(spec.size() + 1));
      spec.insert(at, 1, alphabet[rng.Below(static_cast<uint32_t>(alphabet.size()))]);
      if (rng.Below(2) == 0) spec.erase(rng.Below(static_cast<uint32_t>(spec.size())), 1);
    }
    auto strategy = MakeStrategy(spec, kProfile);
    if (strategy.ok()) {
      auto again = MakeStrategy((*strategy)->spec(), Profile{});
      ASSERT_TRUE(again.ok());
      EXPECT_EQ((*again)->spec(), (*strategy)->spec());
    } else {
      EXPECT_EQ(strategy.status().message().find('\n'), absl::string_view::npos);
    }
  }
}

TEST(StrategyCatalogueTest, EveryNameCanBeMade) {
  for (const StrategyInfo& info : StrategyCatalogue()) {
    const std::string name = info.name;
    const std::size_t colon = name.find(':');
    const std::string spec = colon == std::string::npos ? name : name.substr(0, colon) + ":2";
    EXPECT_TRUE(MakeStrategy(spec, kProfile).ok()) << spec;
    EXPECT_NE(std::string(info.summary), "");
  }
}

// No two executions of a campaign share a key.
TEST(ExecutionKeyTest, DistinctIndicesAndSeedsGiveDistinctKeys) {
  std::vector<uint64_t> keys;
  for (uint64_t seed : {uint64_t{0}, uint64_t{1}, uint64_t{2}, ~uint64_t{0}}) {
    for (uint64_t index = 0; index < 100000; ++index) keys.push_back(ExecutionKey(seed, index));
  }
  std::sort(keys.begin(), keys.end());
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
}

TEST(ExecutionKeyTest, IsNotSymmetricAndNeverChanges) {
  EXPECT_NE(ExecutionKey(1, 2), ExecutionKey(2, 1));
  EXPECT_NE(ExecutionKey(0, 0), 0u);
  EXPECT_EQ(ExecutionKey(1, 0), 0xb34095042dc306d7u);
  EXPECT_EQ(ExecutionKey(1, 1), 0x05fe9ef5ebb56d41u);
}

}  // namespace
}  // namespace racewalk
