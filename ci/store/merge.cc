#include "ci/store/merge.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "ci/output_path.h"
#include "ci/store/database.h"
#include "ci/store/store.h"
#include "ci/store/union_tables.h"

namespace racewalk {
namespace {

// Ids of one store by those of the other.
using Ids = std::map<int64_t, int64_t>;

class Merger {
 public:
  Merger(Store& out, Store& in) : out_(out), in_(in) {}

  absl::Status Merge() {
    // What a campaign commits meanwhile would be seen in some of the tables only.
    absl::Status status = in_.database().Run("BEGIN");
    if (status.ok()) status = Campaigns();
    if (status.ok()) status = Units();
    for (const UnionTable& table : UnionTables()) {
      if (status.ok()) status = Rows(table);
    }
    if (status.ok()) status = in_.database().Run("COMMIT");
    // What ended somebody's worker did not end another's: of the two chunks the done one is kept.
    if (status.ok()) {
      status = out_.database().Run(
          "DELETE FROM incident WHERE EXISTS (SELECT 1 FROM chunk c WHERE c.campaign = "
          "incident.campaign AND c.unit = incident.unit AND c.number = incident.number AND "
          "c.outcome = 0)");
    }
    return status;
  }

 private:
  absl::Status Campaigns() {
    auto from = in_.database().Prepare(
        "SELECT id, name, version, seed, settings, started "
        "FROM campaign");
    auto insert = out_.database().Prepare(
        "INSERT INTO campaign(name, version, seed, settings, started) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT(name) DO UPDATE SET started = min(started, excluded.started)");
    auto find = out_.database().Prepare(
        "SELECT id FROM campaign WHERE name = ? AND version = ? AND seed = ? AND settings = ?");
    for (const auto* statement : {&from, &insert, &find}) {
      if (!statement->ok()) return statement->status();
    }
    for (;;) {
      const absl::StatusOr<bool> row = from->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      const std::string name = from->Text(1);
      const std::vector<std::string> rest = {from->Text(2), from->Text(3), from->Text(4)};
      insert->Bind(absl::string_view(name));
      find->Bind(absl::string_view(name));
      for (const std::string& text : rest) {
        insert->Bind(absl::string_view(text));
        find->Bind(absl::string_view(text));
      }
      insert->Bind(from->Int(5));
      if (absl::Status status = insert->Run(); !status.ok()) return status;
      const absl::StatusOr<bool> found = find->Step();
      if (!found.ok()) return found.status();
      if (!*found) {
        return absl::InvalidArgumentError(
            absl::StrCat(in_.path(), " has a campaign ", name,
                         " of other settings than another store; merge them apart"));
      }
      campaigns_[from->Int(0)] = find->Int(0);
      if (absl::Status status = Finish(*find); !status.ok()) return status;
    }
  }

  absl::Status Units() {
    auto from = in_.database().Prepare(
        "SELECT id, engine, scenario, mmu, variant, strategy, weaken FROM unit");
    auto insert = out_.database().Prepare(
        "INSERT OR IGNORE INTO unit(engine, scenario, mmu, variant, strategy, weaken) "
        "VALUES (?, ?, ?, ?, ?, ?)");
    auto find = out_.database().Prepare(
        "SELECT id FROM unit WHERE engine = ? AND scenario = ? AND mmu = ? AND variant = ? "
        "AND strategy = ? AND weaken = ?");
    for (const auto* statement : {&from, &insert, &find}) {
      if (!statement->ok()) return statement->status();
    }
    for (;;) {
      const absl::StatusOr<bool> row = from->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      for (int column = 1; column <= 6; ++column) {
        const std::string text = from->Text(column);
        insert->Bind(absl::string_view(text));
        find->Bind(absl::string_view(text));
      }
      if (absl::Status status = insert->Run(); !status.ok()) return status;
      const absl::StatusOr<bool> found = find->Step();
      if (!found.ok()) return found.status();
      if (!*found) return absl::InternalError(absl::StrCat(out_.path(), ": a unit was not kept"));
      units_[from->Int(0)] = find->Int(0);
      if (absl::Status status = Finish(*find); !status.ok()) return status;
    }
  }

  // Of a query for one row.
  static absl::Status Finish(Statement& statement) { return statement.Step().status(); }

  absl::Status Rows(const UnionTable& table) {
    std::vector<std::string> names;
    for (const UnionColumn& column : table.columns) names.push_back(column.name);
    auto from = in_.database().Prepare(
        absl::StrCat("SELECT ", absl::StrJoin(names, ", "), " FROM ", table.name));
    auto insert = out_.database().Prepare(UnionSql(table));
    if (!from.ok()) return from.status();
    if (!insert.ok()) return insert.status();
    for (;;) {
      const absl::StatusOr<bool> row = from->Step();
      if (!row.ok()) return row.status();
      if (!*row) return absl::OkStatus();
      for (std::size_t i = 0; i < table.columns.size(); ++i) {
        if (!Copy(*from, static_cast<int>(i), table.columns[i].type, *insert)) {
          return absl::InvalidArgumentError(absl::StrCat(
              in_.path(), " is damaged (table ", table.name,
              " has a row of no campaign or unit that is known); restore a copy of it"));
        }
      }
      if (absl::Status status = insert->Run(); !status.ok()) return status;
    }
  }

  bool Copy(const Statement& from, int column, ColumnType type, Statement& insert) const {
    const auto mapped = [&](const Ids& ids) {
      const auto found = ids.find(from.Int(column));
      if (found == ids.end()) return false;
      insert.Bind(found->second);
      return true;
    };
    switch (type) {
      case ColumnType::kInt:
        insert.Bind(from.Int(column));
        return true;
      case ColumnType::kReal:
        insert.Bind(from.Real(column));
        return true;
      case ColumnType::kText: {
        const std::string text = from.Text(column);
        insert.Bind(absl::string_view(text));
        return true;
      }
      case ColumnType::kCampaign:
        return mapped(campaigns_);
      case ColumnType::kUnit:
        break;
    }
    return mapped(units_);
  }

  Store& out_;
  Store& in_;
  Ids campaigns_{};
  Ids units_{};
};

absl::StatusOr<MergeCounts> CountRows(Database& database) {
  MergeCounts counts;
  for (const auto& [sql, count] :
       {std::pair("SELECT count(*) FROM campaign", &counts.campaigns),
        std::pair("SELECT count(*) FROM chunk", &counts.chunks),
        std::pair("SELECT count(*) FROM violation", &counts.violations)}) {
    const absl::StatusOr<int64_t> number = database.Int(sql);
    if (!number.ok()) return number.status();
    *count = static_cast<uint64_t>(*number);
  }
  return counts;
}

}  // namespace

absl::StatusOr<MergeCounts> MergeStores(const std::string& out,
                                        const std::vector<std::string>& ins) {
  for (const std::string& in : ins) {
    if (absl::Status status = CheckDifferentFiles("OUT", out, "IN", in); !status.ok()) {
      return status;
    }
    // All before the first is used; each is closed again, since there may be thousands.
    if (absl::Status status = Store::OpenToRead("", in).status(); !status.ok()) return status;
  }
  absl::StatusOr<Store> store = Store::OpenToWrite("", out);
  if (!store.ok()) return store.status();
  const absl::StatusOr<MergeCounts> before = CountRows(store->database());
  if (!before.ok()) return before.status();
  absl::Status status = store->Work();
  if (status.ok()) status = store->database().Run("BEGIN IMMEDIATE");
  for (const std::string& in : ins) {
    if (!status.ok()) return status;
    absl::StatusOr<Store> from = Store::OpenToRead("", in);
    if (!from.ok()) return from.status();
    status = Merger(*store, *from).Merge();
  }
  if (status.ok()) status = store->database().Run("COMMIT");
  if (!status.ok()) return status;
  absl::StatusOr<MergeCounts> counts = CountRows(store->database());
  if (!counts.ok()) return counts.status();
  counts->added = counts->chunks - before->chunks;
  status = store->Rest();
  if (!status.ok()) return status;
  return counts;
}

}  // namespace racewalk
