// How rows of a store's tables are joined: of two with one key, which is kept.
// The same for a campaign that writes and for a merge, so that the order in
// which rows come never matters.
#ifndef RACEWALK_CI_STORE_UNION_TABLES_H_
#define RACEWALK_CI_STORE_UNION_TABLES_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace racewalk {

enum class ColumnType {
  kInt,
  kReal,
  kText,
  kCampaign,  // a campaign's id, which is the store's own
  kUnit,      // a unit's
};

struct UnionColumn {
  std::string name{};
  ColumnType type = ColumnType::kInt;
};

struct UnionTable {
  std::string name{};
  std::vector<UnionColumn> columns{};
  std::vector<std::string> key{};
  // Expressions that compare two rows of one key, all other columns among
  // them; the least is kept.
  std::vector<std::string> order{};
  bool keep_greatest = false;  // instead
};

// All tables but `campaign` and `unit`, whose ids are the store's own.
const std::vector<UnionTable>& UnionTables();
// One of them, which must be there.
const UnionTable& UnionTableOf(absl::string_view name);

// Inserts a row, whose parameters are the columns in their order, or replaces
// the one that is there, or does nothing.
std::string UnionSql(const UnionTable& table);

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_UNION_TABLES_H_
