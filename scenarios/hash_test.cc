// Goal: the hash is a property of the meaning, for ever. Method: a golden
// value, and texts of one meaning and of others.
#include "scenarios/hash.h"

#include <set>
#include <string>

#include "gtest/gtest.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

uint64_t HashOf(absl::string_view text, absl::string_view name = "") {
  return ScenarioHash(ParseScenario(text, name).value());
}

// Tokens that people have kept depend on it: never change the expectation.
TEST(Hash, IsStable) {
  const Scenario scenario =
      ParseScenario("tdp frames=4 vcpu a{write 0} host h{unmap 0..3}", "").value();
  EXPECT_EQ(ScenarioHash(scenario), uint64_t{0x2d6b2482d263122a});
  EXPECT_EQ(ShortHash(scenario), "ff0836a8");
}

TEST(Hash, IgnoresNameSummaryAndLayout) {
  const uint64_t hash = HashOf("any frames=4 vcpu a{write 0} vcpu b{write 1}");
  EXPECT_EQ(HashOf("# x: sentence\nvcpu a: write 0..0\nvcpu b:\n  write 01", "y"), hash);
  EXPECT_EQ(HashOf("access=bits split=eager flush=all vcpu a{write 0} vcpu b{write 1}"), hash);
}

TEST(Hash, TellsMeaningsApart) {
  std::set<uint64_t> hashes;
  const auto texts = {"any vcpu a{write 0} vcpu b{write 1}",
                      "tdp vcpu a{write 0} vcpu b{write 1}",
                      "any vcpu a{write 1} vcpu b{write 0}",
                      "any vcpu a{write 0; write 1} vcpu b{read 0}",
                      "any vcpu a{write 0} vcpu c{write 1}",
                      "any frames=8 vcpu a{write 0} vcpu b{write 1}",
                      "any roles=2 vcpu a{write 0} vcpu b{write 1}",
                      "any access=tracked vcpu a{write 0} vcpu b{write 1}",
                      "any split=lazy vcpu a{write 0} vcpu b{write 1}"};
  for (const char* text : texts) hashes.insert(HashOf(text));
  EXPECT_EQ(hashes.size(), texts.size());
}

}  // namespace
}  // namespace racewalk
