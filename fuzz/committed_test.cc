// Goal: the committed inputs are worth their place: those of corpus/ together show what none of
// them can be taken from, and those of regressions/ what they say. Method: each is run as its own
// line says, and explored a little.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "core/protocol.h"
#include "core/violation.h"
#include "fuzz/coverage.h"
#include "fuzz/input.h"
#include "fuzz/mutate.h"
#include "fuzz/reduce.h"
#include "fuzz/runner.h"
#include "fuzz/soundness.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/smaller_scenarios.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/files.h"
#include "scenarios/library.h"
#include "scenarios/rng.h"
#include "scenarios/variants.h"
#include "scenarios/words.h"

namespace racewalk {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// Tests run in the source tree.
constexpr char kCorpus[] = "fuzz/corpus";
constexpr char kRegressions[] = "fuzz/regressions";
constexpr std::size_t kMostBytes = 64 * 1024;
// Explored, of each of two strategies.
constexpr uint64_t kExplored = 500;

std::vector<std::string> FilesIn(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".scn") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// That nothing goes wrong when it is explored.
void ExpectClean(InputRunner& runner, const Input& input, const std::string& file) {
  for (const char* strategy : {"random", "pct:3"}) {
    Input explored = input;
    explored.strategy = strategy;
    Coverage coverage;
    const InputResult result = runner.Run(explored, kExplored, coverage);
    ASSERT_TRUE(result.status.ok()) << file << ": " << result.status;
    EXPECT_FALSE(result.violation) << file << ": " << result.violation->violation.what;
  }
}

TEST(CommittedCorpus, EachFileEarnsItsPlaceAndIsClean) {
  const std::vector<std::string> files = FilesIn(kCorpus);
  EXPECT_GE(files.size(), 30u);
  EXPECT_LE(files.size(), 80u);
  InputRunner runner;
  std::map<Feature, int> counts;
  std::vector<std::vector<Feature>> features;
  std::map<std::string, int> mmus;
  for (const std::string& file : files) {
    const std::string text = ReadFile(file, kMostBytes).value();
    const absl::StatusOr<Input> input = ParseInput(text, file);
    ASSERT_TRUE(input.ok()) << input.status();
    EXPECT_EQ(Unsoundness(input->subject), "") << file;
    EXPECT_EQ(PrintInput(*input), text) << file;
    EXPECT_EQ(std::filesystem::path(file).stem().string(), FormatHex64(Fnv1a64(text)));
    ++mmus[input->subject.mmu];
    Coverage coverage;
    const InputResult result = runner.Run(*input, kFuzzExecutions, coverage);
    ASSERT_TRUE(result.status.ok()) << file << ": " << result.status;
    EXPECT_FALSE(result.violation) << file << ": " << result.violation->violation.what;
    features.push_back(coverage.Features());
    for (const Feature feature : features.back()) ++counts[feature];
    ExpectClean(runner, *input, file);
  }
  EXPECT_EQ(mmus.size(), 2u);
  for (std::size_t i = 0; i < files.size(); ++i) {
    EXPECT_TRUE(std::any_of(features[i].begin(), features[i].end(),
                            [&](Feature feature) { return counts[feature] == 1; }))
        << files[i]
        << " shows nothing that the others do not; run racewalk fuzz --corpus=" << kCorpus
        << " --minimize";
  }
}

// Pairs that the fuzzer showed and the library did not, and the scenarios that people wrote for
// them since. Of all MMUs and variants together.
TEST(FoundPairs, TheLibraryShowsThemNow) {
  const std::map<std::string, std::string> pairs = {
      {"harvest_vs_harvest", "dirty_take -> dirty_take"},
      {"make_huge_vs_unmap", "rmw in make_huge -> active_count_publish"},
      {"log_on_vs_migrate", "wait in dirty_log on -> rcu enter in migrate"},
      {"fault_ahead_vs_zap_all", "lock in zap_all -> shared lock in fault"}};
  InputRunner runner;
  for (const auto& [name, pair] : pairs) {
    const Scenario* scenario = FindScenario(name);
    ASSERT_NE(scenario, nullptr) << name;
    Coverage coverage;
    for (const std::string& mmu : ModelledMmus()) {
      for (const std::string& variant : VariantsToRun(*scenario, MmuNamed(mmu))) {
        const Input input{.subject = {.scenario = *scenario, .mmu = mmu, .variant = variant}};
        EXPECT_FALSE(runner.Run(input, 4 * kExplored, coverage).violation) << name;
      }
    }
    std::vector<std::string> texts;
    for (const Feature feature : coverage.Features()) texts.push_back(Coverage::TextOf(feature));
    EXPECT_THAT(texts, Contains(pair)) << name;
  }
}

// What a regression's other lines say of it.
struct Said {
  std::string refused{};
  std::vector<std::string> weakened{};
  std::string shows{};  // "bad-mapping R4"
};

Said SaidIn(const std::string& text) {
  Said said;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "# refused: ")) said.refused = std::string(line);
    if (!absl::ConsumePrefix(&line, "# weakened: ")) continue;
    const std::vector<std::string> parts = absl::StrSplit(line, " shows ");
    EXPECT_EQ(parts.size(), 2u) << line;
    said.weakened = absl::StrSplit(parts.front(), ',');
    said.shows = parts.back();
  }
  return said;
}

void ExpectViolation(InputRunner& runner, Input input, const Said& said, const std::string& file) {
  for (const std::string& name : said.weakened) {
    const point weakened = FindPoint(name);
    ASSERT_NE(weakened, point::none) << file << ": there is no point " << name;
    input.subject.weakened.set(static_cast<std::size_t>(weakened));
  }
  Coverage coverage;
  const InputResult result = runner.Run(input, 20 * kExplored, coverage);
  ASSERT_TRUE(result.violation) << file << " does not show " << said.shows;
  const Violation& violation = result.violation->violation;
  EXPECT_EQ(absl::StrCat(Name(violation.kind), " ",
                         *violation.invariant == '\0' ? "-" : violation.invariant),
            said.shows)
      << file;
}

TEST(Regressions, EachDoesWhatItSays) {
  const std::vector<std::string> files = FilesIn(kRegressions);
  EXPECT_GE(files.size(), 5u);
  InputRunner runner;
  for (const std::string& file : files) {
    const std::string text = ReadFile(file, kMostBytes).value();
    EXPECT_EQ(text.rfind("# ", 0), 0u) << file << " does not say what it showed";
    const Said said = SaidIn(text);
    absl::StatusOr<Input> input = ParseInput(text, file);
    if (!said.refused.empty()) {
      EXPECT_THAT(std::string(input.status().message()), HasSubstr(said.refused)) << file;
      continue;
    }
    ASSERT_TRUE(input.ok()) << input.status();
    ExpectClean(runner, *input, file);
    if (!said.shows.empty()) ExpectViolation(runner, *input, said, file);
    // Whatever is made of it is sound too.
    for (const Scenario& smaller : SmallerScenarios(input->subject.scenario)) {
      EXPECT_LT(SizeOf(smaller), SizeOf(input->subject.scenario)) << file;
    }
    Rng rng(1);
    for (int i = 0; i < 50; ++i) {
      Subject changed = input->subject;
      Fit(changed);
      Mutate(changed, {}, rng);
      EXPECT_EQ(Unsoundness(changed), "") << file;
    }
  }
}

}  // namespace
}  // namespace racewalk
