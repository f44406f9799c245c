// Goal: the library, tokens, inputs and traces pass the checks that racewalk_fuzz_text makes, and
// so does what is like them. Method: texts of each kind, cut and with bytes exchanged.
#include "fuzz/text_checks.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/generate.h"
#include "fuzz/input.h"
#include "gtest/gtest.h"
#include "scenarios/explore/token.h"
#include "scenarios/explore/trace.h"
#include "scenarios/library.h"
#include "scenarios/printer.h"
#include "scenarios/rng.h"

namespace racewalk {
namespace {

std::vector<std::string> Texts() {
  std::vector<std::string> texts{"", "\n", std::string(1, 0)};
  for (const Scenario& scenario : Library()) texts.push_back(PrintScenario(scenario));
  for (uint64_t seed = 0; seed < 40; ++seed) {
    Rng rng(seed);
    Input input{.subject = Generate({}, rng)};
    DrawSchedule(input, rng);
    texts.push_back(PrintInput(input));
    const ReplayToken token = TokenOf(input);
    texts.push_back(FormatToken(token));
    texts.push_back(FormatTrace({.scenario = token.scenario,
                                 .hash = token.hash,
                                 .mmu = token.mmu,
                                 .variant = token.variant,
                                 .strategy = token.strategy,
                                 .key = token.key,
                                 .decisions = {{.options = 7, .taken = 2}}}));
    EXPECT_TRUE(ParseTrace(texts.back(), "").ok()) << ParseTrace(texts.back(), "").status();
  }
  return texts;
}

TEST(TextChecks, HoldOfWhatThereIsAndWhatIsLikeIt) {
  Rng rng(1);
  for (const std::string& text : Texts()) {
    ASSERT_EQ(TextProblem(text), "") << text;
    const auto place = [&](const std::string& of) {
      return std::size_t{rng.Below(static_cast<uint32_t>(of.size()) + 1)};
    };
    for (int i = 0; i < 20; ++i) {
      std::string other = text;
      other.erase(place(other), rng.Below(8));
      other.insert(place(other), 1, static_cast<char>(rng.Below(256)));
      ASSERT_EQ(TextProblem(other), "") << other;
      ASSERT_EQ(TextProblem(text.substr(0, place(text))), "");
    }
  }
}

TEST(TextChecks, SealEditedTraces) {
  const std::string text = FormatTrace({.scenario = "x",
                                        .hash = "01234567",
                                        .mmu = "tdp",
                                        .strategy = "random",
                                        .decisions = {{.options = 7, .taken = 2}}});
  ASSERT_TRUE(ParseTrace(text, "").ok()) << ParseTrace(text, "").status();
  EXPECT_EQ(Sealed(text), text);
  std::string edited = text;
  edited.replace(edited.find("tdp"), 3, "stage2");
  EXPECT_FALSE(ParseTrace(edited, "").ok());
  ASSERT_TRUE(ParseTrace(Sealed(edited), "").ok()) << ParseTrace(Sealed(edited), "").status();
  EXPECT_EQ(ParseTrace(Sealed(edited), "")->mmu, "stage2");
  for (const char* other : {"", "\n", "racewalk-trace 1", "racewalk-trace 1\ndecisions: \n"}) {
    EXPECT_FALSE(ParseTrace(Sealed(other), "").ok());
  }
}

}  // namespace
}  // namespace racewalk
