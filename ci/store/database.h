// SQLite, as little of it as stores need: only database.cc knows sqlite3.h.
#ifndef RACEWALK_CI_STORE_DATABASE_H_
#define RACEWALK_CI_STORE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

struct sqlite3;
struct sqlite3_stmt;

namespace racewalk {

// A prepared statement. Thread-compatible; must not outlive its Database.
//
//   StatusOr<Statement> rows = database.Prepare("SELECT name FROM campaign WHERE id > ?");
//   rows->Bind(3);
//   for (;;) { StatusOr<bool> row = rows->Step(); if (!row.ok() || !*row) break; rows->Text(0); }
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;

  // The next parameter; the first Bind after Step begins at the first one again.
  Statement& Bind(int64_t value);
  Statement& Bind(uint64_t value) { return Bind(static_cast<int64_t>(value)); }
  Statement& Bind(int value) { return Bind(static_cast<int64_t>(value)); }
  Statement& Bind(double value);
  Statement& Bind(absl::string_view value);
  Statement& Bind(const char*) = delete;  // would be a bool: wrap it in absl::string_view

  // The next row; false at the end, after which the statement can be run again.
  // Errors: as of Database::Run.
  absl::StatusOr<bool> Step();
  // Of a statement without rows, all of it.
  absl::Status Run() { return Step().status(); }

  // Columns of the row, from 0. NULL is 0 or "".
  int64_t Int(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3_stmt* statement, const std::string* path)
      : statement_(statement), path_(path) {}
  void Begin();

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_;  // the database's
  int bound_ = 0;
  bool stepped_ = false;
  absl::Status bad_{};  // of a Bind
};

// A connection. Thread-compatible. It may not be used in a process forked
// since it was opened.
class Database {
 public:
  enum class Access {
    kReadOnly,
    // Also of one that nobody writes to: makes no files beside it, and takes no lock.
    kImmutable,
    kReadWrite,
    kMemory,  // a new one, nowhere; `path` is for messages
  };
  // The file must exist. Errors: as of Run.
  static absl::StatusOr<Database> Open(const std::string& path, Access access);
  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;

  // All statements of `sql`, rows unseen. Errors, with the path: Unavailable if
  // another process is writing and does not end in ten seconds, DataLoss if the
  // file is damaged or no database, ResourceExhausted if the disk is full,
  // FailedPrecondition if it cannot be written to, AlreadyExists against a
  // constraint, else Internal.
  absl::Status Run(absl::string_view sql);
  absl::StatusOr<Statement> Prepare(absl::string_view sql);
  // The first column of the first row; 0 or "" if there is none.
  absl::StatusOr<int64_t> Int(absl::string_view sql);
  absl::StatusOr<std::string> Text(absl::string_view sql);

  // Rows that the last statement inserted, changed or deleted.
  int64_t changed() const;
  // The file's bytes as they would be on disk.
  absl::StatusOr<std::string> Bytes() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Database(std::string path) : path_(std::make_unique<std::string>(std::move(path))) {}

  std::unique_ptr<std::string> path_;  // where statements find it after a move
  std::unique_ptr<sqlite3, Close> database_{};
};

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_DATABASE_H_
