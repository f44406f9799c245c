// Goal: a page shows all of a short execution and, of a long one, the ends, the
// marked rows and how much is missing in between. Method: rows with numbers.
#include "ci/page_rows.h"

#include <cstddef>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Two events and ten steps each.
std::vector<TimelineRow> Rows(std::size_t count) {
  std::vector<TimelineRow> rows(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].step = 10 * i;
    rows[i].text = std::to_string(i);
    rows[i].first = 2 * i;
    rows[i].end = 2 * i + 2;
  }
  return rows;
}

std::vector<std::string> Texts(const std::vector<TimelineRow>& rows, const PageRowLimits& limits) {
  std::vector<std::string> texts;
  std::size_t event = 0;
  for (const TimelineRow& row : PageRows(rows, limits)) {
    EXPECT_EQ(row.first, event) << "an event of no row before " << row.text;
    event = row.end;
    EXPECT_EQ(row.kind == TimelineRow::Kind::kLeftOut, row.thread < 0);
    texts.push_back(row.text);
  }
  EXPECT_EQ(event, rows.size() * 2);
  return texts;
}

TEST(PageRows, AShortExecutionIsWhole) {
  EXPECT_EQ(Texts(Rows(5), {.most = 5, .first = 1, .last = 1}).size(), 5u);
  EXPECT_THAT(PageRows({}, {.most = 0}), IsEmpty());
}

TEST(PageRows, TheEndsOfALongOneAreKept) {
  EXPECT_THAT(Texts(Rows(10), {.most = 5, .first = 2, .last = 1}),
              ElementsAre("0", "1", "7 rows left out: steps 20 to 80", "9"));
  EXPECT_THAT(Texts(Rows(4), {.most = 3, .first = 9, .last = 9}), ElementsAre("0", "1", "2", "3"));
}

TEST(PageRows, WhatIsMarkedIsKeptWithItsSurroundings) {
  std::vector<TimelineRow> rows = Rows(12);
  rows[5].mark = TimelineRow::Mark::kCause;
  rows[11].mark = TimelineRow::Mark::kVictim;
  EXPECT_THAT(Texts(rows, {.most = 5, .first = 1, .last = 1, .around = 1}),
              ElementsAre("0", "3 rows left out: steps 10 to 30", "4", "5", "6",
                          "3 rows left out: steps 70 to 90", "10", "11"));
}

}  // namespace
}  // namespace racewalk
