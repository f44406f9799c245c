#include "ci/store/merge.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/store/database.h"
#include "ci/store/schema.h"
#include "ci/store/store.h"
#include "ci/store/union_tables.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

class MergeTest : public ::testing::Test {
 protected:
  MergeTest()
      : folder_(absl::StrCat(::testing::TempDir(), "racewalk_merge_", getpid(), "_",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~MergeTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  // A store whose own ids are its own: `other` comes first in some of them.
  void Make(const std::string& name, const std::string& sql, bool other_first = false) {
    absl::StatusOr<Store> store = Store::OpenToWrite("", Path(name));
    ASSERT_TRUE(store.ok()) << store.status();
    const std::string other =
        "INSERT INTO campaign(name, version, seed, settings, started) VALUES "
        "('other', 'v', '2', 's', 5);"
        "INSERT INTO unit(engine, scenario, mmu, variant, strategy, weaken) VALUES "
        "('stress', 'x', 'tdp', '', '', '');";
    const std::string base =
        "INSERT INTO campaign(name, version, seed, settings, started) VALUES "
        "('one', 'v', '1', 's', 7);"
        "INSERT INTO unit(engine, scenario, mmu, variant, strategy, weaken) VALUES "
        "('explore', 'x', 'tdp', '', 'random', '');";
    ASSERT_TRUE(store->Work().ok());
    ASSERT_TRUE(store->database().Run(other_first ? other + base : base).ok());
    const absl::Status status = store->database().Run(sql);
    ASSERT_TRUE(status.ok()) << status << " " << sql;
    ASSERT_TRUE(store->Rest().ok());
  }

  // With names in place of ids, so that it says the same of equal contents.
  std::string Dump(const std::string& name) {
    absl::StatusOr<Store> store = Store::OpenToRead("", Path(name));
    EXPECT_TRUE(store.ok()) << store.status();
    if (!store.ok()) return "";
    std::string text;
    for (const UnionTable& table : UnionTables()) {
      std::string columns;
      for (const UnionColumn& column : table.columns) {
        const std::string value = column.type == ColumnType::kCampaign
                                      ? "(SELECT name FROM campaign WHERE id = t.campaign)"
                                  : column.type == ColumnType::kUnit
                                      ? "(SELECT engine || scenario FROM unit WHERE id = t.unit)"
                                      : absl::StrCat("t.", column.name);
        absl::StrAppend(&columns, columns.empty() ? "" : " || '|' || ", value);
      }
      absl::StatusOr<Statement> rows = store->database().Prepare(
          absl::StrCat("SELECT ", columns, " AS line FROM ", table.name, " t ORDER BY line"));
      EXPECT_TRUE(rows.ok()) << rows.status();
      while (rows.ok() && rows->Step().value()) {
        absl::StrAppend(&text, table.name, ": ", rows->Text(0), "\n");
      }
    }
    absl::StrAppend(&text,
                    store->database()
                        .Text("SELECT group_concat(name || started) FROM (SELECT * FROM campaign "
                              "ORDER BY name)")
                        .value());
    return text;
  }

  std::string folder_;
};

// Ids are 1 where the store has one campaign and one unit, else 2.
std::string Chunk(int id, int number, int nanoseconds) {
  return absl::StrCat("INSERT INTO chunk VALUES (", id, ", ", id, ", ", number, ", 0, 100, 9, 3, ",
                      nanoseconds, ");");
}

std::string ViolationRow(int id, int steps, const std::string& token) {
  return absl::StrCat("INSERT INTO violation VALUES (", id, ", 'leak|R4|', ", id,
                      ", 'leak', 'R4', 'a.h:1', '', '', 'It leaks.', '', ", steps, ", '", token,
                      "', 'timeline', 'trace');");
}

std::string Sighting(int id, int number) {
  return absl::StrCat("INSERT INTO sighting VALUES (", id, ", ", id, ", ", number,
                      ", 'leak|R4|', 50, 2);");
}

// Goal: union in any order and grouping. Method: three stores that overlap,
// differ in what is kept of equal keys, and number things differently.
TEST_F(MergeTest, IsIdempotentCommutativeAndAssociative) {
  Make("a", Chunk(1, 0, 10) + Chunk(1, 1, 11) + ViolationRow(1, 30, "x") + Sighting(1, 0));
  Make("b", Chunk(2, 1, 5) + Chunk(2, 2, 12) + ViolationRow(2, 20, "y") + Sighting(2, 2), true);
  Make("c", Chunk(1, 3, 10) + ViolationRow(1, 20, "z") +
                "INSERT INTO shard VALUES (1, 0, 2, 2, 'done', 1.5, 9);"
                "INSERT INTO incident VALUES (1, 1, 4, 'died');"
                "INSERT INTO corpus VALUES (1, 'text', 1, 4, 7);"
                "INSERT INTO mutant VALUES (1, 1, 4, 1, 7, 8, 'x', 'leak', 't');");
  const auto merge = [&](const std::string& out, const std::vector<std::string>& ins) {
    std::vector<std::string> paths;
    for (const std::string& in : ins) paths.push_back(Path(in));
    const absl::StatusOr<MergeCounts> counts = MergeStores(Path(out), paths);
    EXPECT_TRUE(counts.ok()) << counts.status();
    return counts.ok() ? *counts : MergeCounts{};
  };
  const MergeCounts counts = merge("abc", {"a", "b", "c"});
  EXPECT_EQ(counts.campaigns, 2u);
  EXPECT_EQ(counts.chunks, 4u);
  EXPECT_EQ(counts.added, 4u);
  EXPECT_EQ(counts.violations, 1u);
  const std::string all = Dump("abc");
  EXPECT_THAT(all, ::testing::HasSubstr("chunk: one|explorex|1|0|100|9|3|5\n"));
  EXPECT_THAT(all, ::testing::HasSubstr("|20|y|"));
  EXPECT_THAT(all, ::testing::HasSubstr("mutant: one|explorex|4|1|7|8|x|leak|t\n"));
  EXPECT_EQ(merge("abc", {"b", "a", "c", "a"}).added, 0u);
  EXPECT_EQ(Dump("abc"), all);
  merge("cba", {"c", "b", "a"});
  EXPECT_EQ(Dump("cba"), all);
  merge("bc", {"b", "c"});
  merge("a_bc", {"a", "bc"});
  EXPECT_EQ(Dump("a_bc"), all);
  merge("a", {"bc"});
  EXPECT_EQ(Dump("a"), all);
}

TEST_F(MergeTest, KeepsAnExecutionThatCanBeReplayed) {
  Make("threads", ViolationRow(1, 0, ""));
  Make("explored", ViolationRow(1, 20, "y"));
  for (const auto& [first, second] :
       {std::pair("threads", "explored"), std::pair("explored", "threads")}) {
    ASSERT_TRUE(MergeStores(Path(absl::StrCat("from_", first)), {Path(first), Path(second)}).ok());
    EXPECT_THAT(Dump(absl::StrCat("from_", first)), ::testing::HasSubstr("|20|y|"));
  }
}

TEST_F(MergeTest, RefusesBeforeItWrites) {
  Make("a", Chunk(1, 0, 10));
  EXPECT_TRUE(absl::IsInvalidArgument(MergeStores(Path("out"), {Path("a"), Path("b")}).status()));
  EXPECT_FALSE(std::filesystem::exists(Path("out")));
  EXPECT_TRUE(absl::IsInvalidArgument(MergeStores(Path("a"), {Path("./a")}).status()));
  std::filesystem::create_hard_link(Path("a"), Path("a_too"));
  const absl::Status status = MergeStores(Path("a"), {Path("a_too")}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("are one file"));
}

TEST_F(MergeTest, AFailureLeavesOutAsItWas) {
  Make("a", Chunk(1, 0, 10));
  Make("b", Chunk(1, 1, 10) + Sighting(7, 1));  // of a campaign that is not there
  Make("out", Chunk(1, 5, 1));
  const std::string before = Dump("out");
  const absl::Status status = MergeStores(Path("out"), {Path("a"), Path("b")}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("is damaged (table sighting"));
  EXPECT_EQ(Dump("out"), before);
}

// A chunk that somebody could do has no incident, whoever comes first.
TEST_F(MergeTest, DropsTheIncidentOfAChunkThatIsDone) {
  const std::string died =
      "INSERT INTO chunk VALUES (1, 1, 4, 1, 0, 0, 0, 7);"
      "INSERT INTO incident VALUES (1, 1, 4, 'died');"
      "INSERT INTO chunk VALUES (1, 1, 5, 1, 0, 0, 0, 7);"
      "INSERT INTO incident VALUES (1, 1, 5, 'died too');";
  Make("dead", died);
  Make("good", Chunk(1, 4, 10));
  ASSERT_TRUE(MergeStores(Path("one"), {Path("dead"), Path("good")}).ok());
  EXPECT_THAT(Dump("one"), ::testing::Not(::testing::HasSubstr("|4|died\n")));
  EXPECT_THAT(Dump("one"), ::testing::HasSubstr("|5|died too\n"));
  ASSERT_TRUE(MergeStores(Path("good"), {Path("dead")}).ok());
  EXPECT_EQ(Dump("good"), Dump("one"));
}

TEST_F(MergeTest, RefusesEqualNamesOfOtherSettings) {
  Make("a", "");
  Make("b", "UPDATE campaign SET settings = 'others'");
  const absl::Status status = MergeStores(Path("a"), {Path("b")}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_THAT(status.ToString(), ::testing::HasSubstr("of other settings"));
}

// No column of the schema is forgotten, and none decides by chance which row is kept.
TEST(UnionTablesTest, AreTheSchemas) {
  absl::StatusOr<Database> database = Database::Open("schema", Database::Access::kMemory);
  ASSERT_TRUE(database.ok() && database->Run(SchemaSql()).ok());
  std::set<std::string> tables = {"campaign", "unit"};
  for (const UnionTable& table : UnionTables()) {
    tables.insert(table.name);
    std::vector<std::string> columns;
    std::set<std::string> keys;
    auto info = database->Prepare(absl::StrCat("PRAGMA table_info(", table.name, ")"));
    while (info->Step().value()) {
      columns.push_back(info->Text(1));
      if (info->Int(5) != 0) keys.insert(info->Text(1));
    }
    EXPECT_EQ(keys, std::set<std::string>(table.key.begin(), table.key.end())) << table.name;
    ASSERT_EQ(columns.size(), table.columns.size()) << table.name;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const UnionColumn& column = table.columns[i];
      EXPECT_EQ(column.name, columns[i]);
      const bool ordered =
          std::any_of(table.order.begin(), table.order.end(), [&](const std::string& expression) {
            return expression == column.name || absl::StrCat("-@", column.name) == expression;
          });
      EXPECT_TRUE(ordered || keys.count(column.name) == 1 || column.type == ColumnType::kUnit)
          << table.name << "." << column.name;
    }
    const absl::Status status = database->Prepare(UnionSql(table)).status();
    EXPECT_TRUE(status.ok()) << status << "\n" << UnionSql(table);
  }
  auto names = database->Prepare("SELECT name FROM sqlite_schema WHERE type = 'table'");
  std::set<std::string> schema;
  while (names->Step().value()) schema.insert(names->Text(0));
  EXPECT_EQ(schema, tables);
}

}  // namespace
}  // namespace racewalk
