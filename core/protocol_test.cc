// Goal: the table of points is consistent, and no row of it is dead.
// Method: the rows against each other, and against the sources of the core,
// read from the source directory.
#include "core/protocol.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace racewalk {
namespace {

namespace fs = std::filesystem;

std::vector<PointInfo> Rows() { return {kPoints.begin() + 1, kPoints.end()}; }

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::vector<std::string> PairsOf(const PointInfo& info) {
  if (info.pairs.empty()) return {};
  return absl::StrSplit(std::string(info.pairs), ", ");
}

// What each order promises beyond relaxed.
constexpr unsigned kAcquires = 1, kReleases = 2, kTotal = 4;
unsigned Promises(std::memory_order order) {
  switch (order) {
    case std::memory_order_acquire:
      return kAcquires;
    case std::memory_order_release:
      return kReleases;
    case std::memory_order_acq_rel:
      return kAcquires | kReleases;
    case std::memory_order_seq_cst:
      return kAcquires | kReleases | kTotal;
    default:
      return 0;
  }
}

TEST(ProtocolTest, NamesAreUniqueWordsAndAreFound) {
  std::set<std::string_view> names;
  for (const PointInfo& info : Rows()) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    for (char c : info.name) EXPECT_TRUE(IsLower(c) || IsDigit(c) || c == '_') << info.name;
    const point found = FindPoint(info.name);
    ASSERT_NE(found, point::none) << info.name;
    EXPECT_EQ(Info(found).name, info.name);
  }
  EXPECT_EQ(names.size() + 1, kPointCount);
}

TEST(ProtocolTest, NothingElseIsFound) {
  for (const char* name : {"", "none", "table", "table_publish ", "TABLE_PUBLISH"}) {
    EXPECT_EQ(FindPoint(name), point::none) << name;
  }
  static_assert(FindPoint("table_publish") == point::table_publish);
}

TEST(ProtocolTest, EveryRowHasAReason) {
  for (const PointInfo& info : Rows()) {
    EXPECT_GE(info.why.size(), 20u) << info.name;
    EXPECT_FALSE(absl::EndsWith(std::string(info.why), ".")) << info.name;
  }
}

TEST(ProtocolTest, WeakPromisesLessThanStrong) {
  for (const PointInfo& info : Rows()) {
    const unsigned strong = Promises(info.strong);
    const unsigned weak = Promises(info.weak);
    if (info.kind == PointKind::kOrder) {
      EXPECT_NE(strong, weak) << info.name;
      EXPECT_EQ(strong & weak, weak) << info.name;
    } else {
      EXPECT_EQ(info.strong, std::memory_order_relaxed) << info.name;
      EXPECT_EQ(info.weak, std::memory_order_relaxed) << info.name;
    }
  }
}

// Each order names its partners, and each partner names it.
TEST(ProtocolTest, PairsAreMutual) {
  for (const PointInfo& info : Rows()) {
    if (info.kind == PointKind::kOrder) {
      EXPECT_FALSE(info.pairs.empty()) << info.name;
    }
    for (const std::string& name : PairsOf(info)) {
      const point partner = FindPoint(std::string_view(name));
      ASSERT_NE(partner, point::none) << info.name << " pairs with " << name;
      const std::vector<std::string> back = PairsOf(Info(partner));
      EXPECT_NE(std::find(back.begin(), back.end(), info.name), back.end())
          << info.name << " pairs with " << name << ", which does not say so";
    }
  }
}

// Two that pair have one side that publishes and one that looks, unless each does both.
TEST(ProtocolTest, PairsOfOrdersHaveTwoSides) {
  for (const PointInfo& info : Rows()) {
    if (info.kind != PointKind::kOrder) continue;
    for (const std::string& name : PairsOf(info)) {
      const PointInfo& partner = Info(FindPoint(std::string_view(name)));
      if (partner.kind != PointKind::kOrder) continue;
      const unsigned both = Promises(info.strong) | Promises(partner.strong);
      EXPECT_EQ(both & (kAcquires | kReleases), kAcquires | kReleases)
          << info.name << " and " << name;
    }
  }
}

TEST(ProtocolTest, APointMattersWhereItsWordsSay) {
  PointInfo info{};
  for (const char* design : {"owned", "owned+ad_at_zap", ""}) {
    EXPECT_TRUE(MattersIn(info, design)) << design;
  }
  info.variant = "ad_at_zap";
  EXPECT_TRUE(MattersIn(info, "owned+ad_at_zap"));
  EXPECT_TRUE(MattersIn(info, "ad_at_zap+v14"));
  EXPECT_FALSE(MattersIn(info, "owned"));
  EXPECT_FALSE(MattersIn(info, "owned+ad_at_zaps"));
  info.variant = "owned+ad_at_zap";
  EXPECT_TRUE(MattersIn(info, "owned+ad_at_zap"));
  EXPECT_FALSE(MattersIn(info, "last_put_zaps+ad_at_zap"));
  EXPECT_FALSE(MattersIn(info, "owned"));
  info.variant = "!ad_at_zap";
  EXPECT_TRUE(MattersIn(info, "owned"));
  EXPECT_FALSE(MattersIn(info, "owned+ad_at_zap"));
}

TEST(ProtocolTest, BugsLookLikeIdentifiers) {
  for (const PointInfo& info : Rows()) {
    if (info.bug.empty()) continue;
    std::string_view rest = info.bug;
    EXPECT_TRUE(rest[0] == 'X' || rest[0] == 'A' || rest[0] == 'N') << info.name;
    rest.remove_prefix(1);
    if (!rest.empty() && IsLower(rest.back())) rest.remove_suffix(1);
    EXPECT_EQ(rest.size(), 2u) << info.name << " " << info.bug;
    EXPECT_TRUE(std::all_of(rest.begin(), rest.end(), IsDigit)) << info.name << " " << info.bug;
  }
}

// The code of the core without the table, its platforms, what is for tests and comments.
std::string CoreText() {
  std::string text;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator("core")) {
    const std::string path = entry.path().generic_string();
    if (!absl::EndsWith(path, ".h") && !absl::EndsWith(path, ".cc")) continue;
    if (absl::EndsWith(path, "_test.cc") || absl::EndsWith(path, "core/protocol.h") ||
        absl::EndsWith(path, "/native_vm.h") || absl::StrContains(path, "/platform/")) {
      continue;
    }
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      absl::StrAppend(&text, line.substr(0, line.find("//")), "\n");
    }
  }
  return text;
}

TEST(ProtocolTest, TheCoreUsesEveryPointAndAsItsKindSays) {
  if (!fs::is_regular_file("core/protocol.h")) GTEST_SKIP() << "not run in the source directory";
  const std::string text = CoreText();
  for (const PointInfo& info : Rows()) {
    const std::string name = absl::StrCat("point::", std::string(info.name));
    std::vector<std::string> callers;
    for (std::size_t at = text.find(name); at != std::string::npos;
         at = text.find(name, at + name.size())) {
      const char after = text[at + name.size()];
      if (IsLower(after) || IsDigit(after) || after == '_') continue;
      const std::size_t line = text.rfind('\n', at);
      // A name may stand on the line after the call's.
      const std::size_t before = line == 0 ? 0 : text.rfind('\n', line - 1);
      callers.push_back(text.substr(before, at - before));
    }
    ASSERT_FALSE(callers.empty()) << info.name << " is used nowhere";
    for (const std::string& caller : callers) {
      switch (info.kind) {
        case PointKind::kOrder:
          EXPECT_TRUE(absl::StrContains(caller, "P::order(")) << info.name << caller;
          break;
        case PointKind::kYield:
          EXPECT_TRUE(absl::StrContains(caller, "Yield(")) << info.name << caller;
          break;
        default:
          EXPECT_TRUE(absl::StrContains(caller, "P::keeps(")) << info.name << caller;
          break;
      }
    }
  }
}

}  // namespace
}  // namespace racewalk
