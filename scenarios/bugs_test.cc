#include "scenarios/bugs.h"

#include <set>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "core/protocol.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scenarios/library.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;

TEST(Bugs, NamesAreSortedAndUnique) {
  std::set<std::string> names;
  std::string previous;
  for (const Bug& bug : Bugs()) {
    EXPECT_LT(previous, bug.name);
    previous = bug.name;
    EXPECT_TRUE(names.insert(absl::AsciiStrToLower(bug.name)).second) << bug.name;
    EXPECT_TRUE(names.insert(absl::AsciiStrToLower(bug.long_name)).second) << bug.long_name;
  }
}

// Goal: no entry can be run into the void. Each names points that exist, a
// scenario of the library, and at least one way to show.
TEST(Bugs, EveryEntryIsComplete) {
  for (const Bug& bug : Bugs()) {
    SCOPED_TRACE(bug.name);
    EXPECT_FALSE(bug.title.empty());
    EXPECT_FALSE(bug.story.empty());
    EXPECT_FALSE(bug.invariant.empty());
    EXPECT_FALSE(bug.kinds.empty());
    EXPECT_TRUE(bug.mmu == "tdp" || bug.mmu == "stage2") << bug.mmu;
    EXPECT_FALSE(bug.variant.empty());
    EXPECT_FALSE(bug.points.empty());
    for (const std::string& name : bug.points) {
      EXPECT_NE(FindPoint(std::string_view(name)), point::none) << name;
    }
    EXPECT_EQ(PointsOf(bug).count(), bug.points.size());
    EXPECT_NE(FindScenario(bug.scenario), nullptr) << bug.scenario;
  }
}

TEST(Bugs, AreFoundByEitherNameInEitherCase) {
  const Bug* bug = FindBug("X11");
  ASSERT_NE(bug, nullptr);
  EXPECT_EQ(FindBug("x11"), bug);
  EXPECT_EQ(FindBug("table_freed_before_flush"), bug);
  EXPECT_EQ(FindBug("X"), nullptr);
  EXPECT_EQ(FindBug(""), nullptr);
}

TEST(Bugs, AnUnknownNameIsAnsweredWithTheNearest) {
  const auto bug = ResolveBug("TABLE_FREED_BEFORE_FLUSHH");
  ASSERT_FALSE(bug.ok());
  EXPECT_THAT(std::string(bug.status().message()), HasSubstr("'TABLE_FREED_BEFORE_FLUSH'"));
}

}  // namespace
}  // namespace racewalk
