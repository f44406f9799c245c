#include "ci/store/union_tables.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

constexpr ColumnType kInt = ColumnType::kInt;
constexpr ColumnType kReal = ColumnType::kReal;
constexpr ColumnType kText = ColumnType::kText;
constexpr ColumnType kCampaign = ColumnType::kCampaign;
constexpr ColumnType kUnit = ColumnType::kUnit;

std::vector<UnionTable> MakeTables() {
  return {
      // Of a shard that ran twice from the same beginning, what it knew last.
      {.name = "shard",
       .columns = {{"campaign", kCampaign},
                   {"number", kInt},
                   {"shards", kInt},
                   {"jobs", kInt},
                   {"state", kText},
                   {"seconds", kReal},
                   {"updated", kInt}},
       .key = {"campaign", "number", "shards"},
       .order = {"updated", "seconds", "state", "jobs"},
       .keep_greatest = true},
      // A chunk that somebody could do was not ended by what is in it.
      {.name = "chunk",
       .columns = {{"campaign", kCampaign},
                   {"unit", kUnit},
                   {"number", kInt},
                   {"outcome", kInt},
                   {"executions", kInt},
                   {"steps", kInt},
                   {"distinct_seen", kInt},
                   {"nanoseconds", kInt}},
       .key = {"campaign", "unit", "number"},
       .order = {"outcome", "nanoseconds", "executions", "steps", "distinct_seen"}},
      // The unit is in the token, and on real threads in the explanation. What has no token cannot
      // be replayed, and its steps are none.
      {.name = "violation",
       .columns = {{"campaign", kCampaign},
                   {"class", kText},
                   {"unit", kUnit},
                   {"kind", kText},
                   {"invariant", kText},
                   {"place", kText},
                   {"other_place", kText},
                   {"points", kText},
                   {"sentence", kText},
                   {"explanation", kText},
                   {"steps", kInt},
                   {"token", kText},
                   {"timeline", kText},
                   {"trace", kText}},
       .key = {"campaign", "class"},
       .order = {"(@token = '')", "steps", "length(@trace)", "token", "trace", "timeline",
                 "sentence", "explanation", "place", "other_place", "points", "kind", "invariant"}},
      {.name = "sighting",
       .columns = {{"campaign", kCampaign},
                   {"unit", kUnit},
                   {"number", kInt},
                   {"class", kText},
                   {"seen", kInt},
                   {"count", kInt}},
       .key = {"campaign", "class", "unit", "number"},
       .order = {"seen", "count"}},
      {.name = "mutant",
       .columns = {{"campaign", kCampaign},
                   {"unit", kUnit},
                   {"number", kInt},
                   {"killed", kInt},
                   {"executions", kInt},
                   {"nanoseconds", kInt},
                   {"scenario", kText},
                   {"kind", kText},
                   {"token", kText}},
       .key = {"campaign", "unit", "number"},
       .order = {"-@killed", "executions", "nanoseconds", "scenario", "kind", "token"}},
      {.name = "corpus",
       .columns = {{"campaign", kCampaign},
                   {"text", kText},
                   {"unit", kUnit},
                   {"number", kInt},
                   {"features", kInt}},
       .key = {"campaign", "unit", "number", "text"},
       .order = {"features"}},
      {.name = "incident",
       .columns = {{"campaign", kCampaign}, {"unit", kUnit}, {"number", kInt}, {"text", kText}},
       .key = {"campaign", "unit", "number"},
       .order = {"text"}},
  };
}

// "steps" or "length(@trace)" of one of the two rows.
std::string Of(absl::string_view row, const std::string& expression) {
  const std::string::size_type at = expression.find('@');
  if (at == std::string::npos) return absl::StrCat(row, ".", expression);
  return absl::StrCat(expression.substr(0, at), row, ".", expression.substr(at + 1));
}

std::string RowOf(absl::string_view row, const std::vector<std::string>& expressions) {
  std::vector<std::string> values;
  for (const std::string& expression : expressions) values.push_back(Of(row, expression));
  return absl::StrCat("(", absl::StrJoin(values, ", "), ")");
}

}  // namespace

const std::vector<UnionTable>& UnionTables() {
  static const auto& tables = *new std::vector<UnionTable>(MakeTables());
  return tables;
}

const UnionTable& UnionTableOf(absl::string_view name) {
  const std::vector<UnionTable>& tables = UnionTables();
  const auto found = std::find_if(tables.begin(), tables.end(),
                                  [&](const UnionTable& table) { return table.name == name; });
  if (found == tables.end()) std::abort();
  return *found;
}

std::string UnionSql(const UnionTable& table) {
  std::vector<std::string> names;
  std::vector<std::string> sets;
  for (const UnionColumn& column : table.columns) {
    names.push_back(column.name);
    if (std::find(table.key.begin(), table.key.end(), column.name) == table.key.end()) {
      sets.push_back(absl::StrCat(column.name, " = excluded.", column.name));
    }
  }
  return absl::StrCat("INSERT INTO ", table.name, "(", absl::StrJoin(names, ", "), ") VALUES (",
                      absl::StrJoin(std::vector<std::string>(names.size(), "?"), ", "),
                      ") ON CONFLICT(", absl::StrJoin(table.key, ", "), ") DO UPDATE SET ",
                      absl::StrJoin(sets, ", "), " WHERE ", RowOf("excluded", table.order),
                      table.keep_greatest ? " > " : " < ", RowOf(table.name, table.order));
}

}  // namespace racewalk
