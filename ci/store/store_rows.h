// Rows of queries, for callers who want all of them.
#ifndef RACEWALK_CI_STORE_STORE_ROWS_H_
#define RACEWALK_CI_STORE_STORE_ROWS_H_

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/store/database.h"

namespace racewalk {

// Runs queries until one fails; the ones after it do nothing. Thread-compatible.
class StoreRows {
 public:
  explicit StoreRows(Database& database) : database_(database) {}

  // Calls `use(statement)` for each row.
  template <typename Use, typename... Values>
  void Each(absl::string_view sql, Use use, const Values&... values) {
    if (!status_.ok()) return;
    absl::StatusOr<Statement> rows = database_.Prepare(sql);
    if (!rows.ok()) {
      status_ = rows.status();
      return;
    }
    (rows->Bind(values), ...);
    for (;;) {
      const absl::StatusOr<bool> row = rows->Step();
      if (!row.ok()) status_ = row.status();
      if (!row.ok() || !*row) return;
      use(std::as_const(*rows));
    }
  }

  const absl::Status& status() const { return status_; }

 private:
  Database& database_;
  absl::Status status_{};
};

// A number that is never negative; what is, in a store that somebody edited, is 0.
inline uint64_t Number(const Statement& row, int column) {
  const int64_t number = row.Int(column);
  return number < 0 ? 0 : static_cast<uint64_t>(number);
}

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_STORE_ROWS_H_
