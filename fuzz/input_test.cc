// Goal: an input survives being written and read, is a scenario to every other
// reader, names one execution, and bad ones are told in one line.
#include "fuzz/input.h"

#include <cstdint>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fuzz/fit.h"
#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/soundness.h"
#include "gtest/gtest.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/strategy.h"
#include "scenarios/explore/token.h"
#include "scenarios/parser.h"
#include "scenarios/printer.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

constexpr char kText[] =
    "# two vCPUs meet an unmap\n"
    "mmu: tdp\n"
    "variant: owned\n"
    "frames: 2\n"
    "vcpu a: write 0\n"
    "host h: unmap 0..1\n"
    "# run: tdp+owned/pct:3/seed=0123456789abcdef\n";

void ExpectSame(const Input& a, const Input& b) {
  ASSERT_EQ(a.subject.scenario, b.subject.scenario);
  ASSERT_EQ(a.subject.mmu, b.subject.mmu);
  ASSERT_EQ(a.subject.variant, b.subject.variant);
  ASSERT_EQ(a.strategy, b.strategy);
  ASSERT_EQ(a.key, b.key);
}

TEST(Input, IsReadAndWritten) {
  const absl::StatusOr<Input> input = ParseInput(kText, "x");
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_EQ(input->subject.mmu, "tdp");
  EXPECT_EQ(input->subject.variant, "owned");
  EXPECT_EQ(input->strategy, "pct:3");
  EXPECT_EQ(input->key, 0x0123456789abcdefu);
  EXPECT_EQ(input->subject.scenario.summary, "two vCPUs meet an unmap");
  const std::string printed = PrintInput(*input);
  EXPECT_NE(printed.find("\n# run: tdp+owned/pct:3/seed=0123456789abcdef\n"), std::string::npos)
      << printed;
  ExpectSame(*ParseInput(printed, "x"), *input);
}

TEST(Input, SurvivesForWhateverIsGenerated) {
  std::set<std::string> strategies;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(seed);
    Input input{.subject = Generate({}, rng)};
    if (seed % 2 == 1) Mutate(input.subject, {}, rng);
    DrawSchedule(input, rng);
    strategies.insert(input.strategy);
    const std::string text = PrintInput(input);
    const absl::StatusOr<Input> parsed = ParseInput(text, "");
    ASSERT_TRUE(parsed.ok()) << parsed.status() << "\n" << text;
    ExpectSame(*parsed, input);
    ASSERT_EQ(PrintInput(*parsed), text);
    ASSERT_EQ(ParseScenario(text, "").value(), input.subject.scenario);
    ASSERT_EQ(ParseToken(FormatToken(TokenOf(input))).value(), TokenOf(input)) << text;
  }
  EXPECT_EQ(strategies.size(), 5u);
}

TEST(Input, HasTheFirstVariantWithoutOne) {
  const auto run = [](const std::string& headers, const std::string& where) {
    const absl::StatusOr<Input> input =
        ParseInput(headers + " vcpu a{read 0} vcpu b{read 0}\n  # run: " + where +
                       "/pos/seed=" + std::string(16, '0') + "\r\n",
                   "");
    return input.ok() ? input->subject.mmu + " " + input->subject.variant
                      : std::string(input.status().message());
  };
  EXPECT_EQ(run("any", "stage2"), "stage2 defer_to_callback");
  EXPECT_EQ(run("any", "tdp+v14"), "tdp owned+v14");
  EXPECT_EQ(run("tdp variant=last_put_zaps,owned", "tdp"), "tdp last_put_zaps");
  EXPECT_EQ(run("tdp variant=last_put_zaps,owned", "tdp+owned"), "tdp owned");
}

// What is in it can be run, and its key gives the same execution every time.
TEST(Input, NamesOneExecution) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    Input input{.subject = Generate({}, rng)};
    DrawSchedule(input, rng);
    uint64_t fingerprint = 0;
    for (int i = 0; i < 2; ++i) {
      const Input again = ParseInput(PrintInput(input), "").value();
      const auto explorer = Explorer::Create(again.subject);
      ASSERT_TRUE(explorer.ok()) << explorer.status();
      const auto strategy = MakeStrategy(again.strategy, (*explorer)->Pilot());
      ASSERT_TRUE(strategy.ok()) << strategy.status();
      const Recording recording = (*explorer)->Record(**strategy, again.key, false);
      ASSERT_EQ(recording.violation.kind, ViolationKind::kNone) << recording.violation.what << "\n"
                                                                << PrintInput(input);
      ASSERT_GT(recording.steps, 0u);
      if (i == 1) {
        ASSERT_EQ(recording.fingerprint, fingerprint) << PrintInput(input);
      }
      fingerprint = recording.fingerprint;
    }
  }
}

struct Bad {
  const char* name;
  std::string text;
  const char* message;
};

class BadInput : public testing::TestWithParam<Bad> {};

TEST_P(BadInput, IsToldInOneLine) {
  const absl::StatusOr<Input> input = ParseInput(GetParam().text, "f.scn");
  ASSERT_FALSE(input.ok());
  EXPECT_EQ(input.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(input.status().message()), GetParam().message);
}

std::string With(const std::string& run, const std::string& headers = "tdp frames=2") {
  return headers + "\nvcpu a: read 0\nvcpu b: read 0\n# run:" + run + "\n";
}

const char kSeed[] = "/seed=0000000000000000";

INSTANTIATE_TEST_SUITE_P(
    All, BadInput,
    testing::Values(
        Bad{"NoLine", "tdp vcpu a{read 0}\nvcpu b{read 0}\n\n",
            "f.scn:2:15: found no line '# run:', expected one that says where to run and which "
            "execution; add it at the end, as in '# run: tdp+owned/random/seed=0000000000000000'"},
        Bad{"TwoLines", With(" tdp/pos/seed=0000000000000000\n # run: x"),
            "f.scn:5:2: found a second line '# run:', expected one; remove one of them"},
        Bad{"Empty", With(""),
            "f.scn:4:7: found '', expected an MMU, a strategy and a seed, divided by '/'; write "
            "it as in '# run: tdp+owned/random/seed=0000000000000000'"},
        Bad{"TooFewParts", With(" tdp+owned/random"),
            "f.scn:4:8: found 'tdp+owned/random', expected an MMU, a strategy and a seed, divided "
            "by '/'; write it as in '# run: tdp+owned/random/seed=0000000000000000'"},
        Bad{"UnknownMmu", With(std::string(" stage/random") + kSeed),
            "f.scn:4:8: found 'stage', expected an MMU; did you mean 'stage2'?"},
        Bad{"OtherMmu", With(std::string(" stage2/random") + kSeed),
            "f.scn:4:8: found 'stage2', expected the scenario's MMU, 'tdp'; write 'tdp', or the "
            "header 'mmu: stage2'"},
        Bad{"UnknownVariant", With(std::string(" tdp+ownd/random") + kSeed),
            "f.scn:4:12: found 'ownd', expected a variant; did you mean 'owned'?"},
        Bad{"NoVariant", With(std::string(" tdp+/random") + kSeed),
            "f.scn:4:12: found '', expected a variant; choose from owned, last_put_zaps, "
            "ad_at_zap, async_zap, current, v14"},
        Bad{"OtherVariant",
            With(std::string(" tdp+v14/random") + kSeed, "tdp variant=owned,last_put_zaps"),
            "f.scn:4:12: found 'v14', expected a variant of the scenario; choose from owned, "
            "last_put_zaps"},
        Bad{"UnknownStrategy", With(std::string(" tdp/rndom") + kSeed),
            "f.scn:4:12: found 'rndom', expected a strategy; unknown strategy 'rndom'; did you "
            "mean 'random'? (there are: random, pct:d, pos, surw, bound:k, full, path:DECISIONS; "
            "for example 'pct:3')"},
        Bad{"NoStrategy", With(std::string(" tdp/") + kSeed),
            "f.scn:4:12: found '', expected a strategy; write 'random', or one as 'pct:3'"},
        Bad{"StrategyWithoutSeed", With(std::string(" tdp/full") + kSeed),
            "f.scn:4:12: found 'full', expected a strategy that draws from a seed; write "
            "'random', or one as 'pct:3'"},
        Bad{"Path", With(std::string(" tdp/path:00") + kSeed),
            "f.scn:4:12: found 'path:00', expected a strategy that draws from a seed; write "
            "'random', or one as 'pct:3'"},
        Bad{"ShortSeed", With(" tdp/random/seed=12"),
            "f.scn:4:19: found 'seed=12', expected 'seed=' and 16 hexadecimal digits; write them "
            "as in 'seed=0123456789abcdef'"},
        Bad{"ScenarioFirst", "tdp vcpu a{raed 0}\n# run:",
            "f.scn:1:12: found 'raed', expected an operation; did you mean 'read'?"},
        Bad{"WhatTheMmuLacks",
            "any vcpu a{read 0} vmm m{donate 0}\n# run: tdp/random/seed=0000000000000000",
            "f.scn: line 1, column 26: `donate 0` is for stage2; `racewalk list scenarios` shows "
            "what can be run"}),
    [](const auto& bad) { return std::string(bad.param.name); });

// Any bytes may be given.
TEST(Input, BearsTextsCutAnywhere) {
  const std::string text = kText;
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (const std::string& cut : {text.substr(0, i), text.substr(i)}) {
      const absl::StatusOr<Input> input = ParseInput(cut, "f");
      if (input.ok()) continue;
      ASSERT_EQ(input.status().message().find("f:"), 0u) << input.status();
      ASSERT_EQ(input.status().message().find('\n'), absl::string_view::npos) << input.status();
    }
  }
}

}  // namespace
}  // namespace racewalk
