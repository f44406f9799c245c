// Goal: what was found has its place and its class, whatever is known of it.
#include "ci/stress_finding.h"

#include <cstdint>
#include <cstdlib>
#include <string>

#include "ci/symbolizer.h"
#include "core/violation.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sanitizers/round_record.h"

namespace racewalk {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// addr2line is not there for as long as this lives.
class NoPath {
 public:
  NoPath() { setenv("PATH", "/nowhere", 1); }
  ~NoPath() { setenv("PATH", path_.c_str(), 1); }
  NoPath(const NoPath&) = delete;
  NoPath& operator=(const NoPath&) = delete;

 private:
  const std::string path_ = getenv("PATH");
};

RaceReport RaceOf(uint64_t one, uint64_t other) {
  RaceReport race;
  race.what = {"data-race"};
  race.sides[0].stack = {0, one, 0x900};
  race.sides[1].stack = {0, other, 0x900};
  return race;
}

TEST(StressFinding, RacesWithoutSourceLinesAreToldApartByOffset) {
  const NoPath none;
  Symbolizer symbolizer;
  const StressFinding first = FindingOfRace(RaceOf(0x100, 0x200), symbolizer);
  EXPECT_THAT(first.place, HasSubstr("+0x100"));
  EXPECT_THAT(first.other_place, HasSubstr("+0x200"));
  EXPECT_THAT(first.sentence, HasSubstr("+0x100"));
  EXPECT_THAT(first.details, Contains(HasSubstr("+0x900")));
  EXPECT_NE(ClassOf(first), ClassOf(FindingOfRace(RaceOf(0x100, 0x300), symbolizer)));
  EXPECT_EQ(ClassOf(first), ClassOf(FindingOfRace(RaceOf(0x200, 0x100), symbolizer)));
}

TEST(StressFinding, ReportsWithoutSourceLinesAreToldApartByOffset) {
  const NoPath none;
  Symbolizer symbolizer;
  const auto report = [&](const char* offset) {
    return FindingOfDeath(
        "",
        std::string("ERROR: AddressSanitizer: use-after-free\n    #0 0x5 (/x/racewalk+0x") +
            offset + ")\nSUMMARY: AddressSanitizer: use-after-free (/x/racewalk+0x" + offset +
            ") (BuildId: 7)\n",
        symbolizer);
  };
  EXPECT_EQ(report("123").place, "/x/racewalk+0x123");
  EXPECT_NE(ClassOf(report("123")), ClassOf(report("456")));
}

TEST(StressFinding, ALeakIsOfTheFirstFrameOfOurs) {
  Symbolizer symbolizer;
  const StressFinding finding = FindingOfDeath(
      "ended with status 87",
      "==7==ERROR: LeakSanitizer: detected memory leaks\n\n"
      "Direct leak of 4 byte(s) in 1 object(s) allocated from:\n"
      "    #0 0x5 (/lib/x+0x9)\n    #1 0x6 Walk walk.h:42\n    #2 0x7 Run run.h:7\n\n"
      "SUMMARY: AddressSanitizer: 4 byte(s) leaked in 1 allocation(s).\n",
      symbolizer);
  EXPECT_EQ(finding.kind, ViolationKind::kLeak);
  EXPECT_EQ(finding.place, "walk.h:42");
}

}  // namespace
}  // namespace racewalk
