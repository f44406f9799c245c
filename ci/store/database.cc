#include "ci/store/database.h"

#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace racewalk {
namespace {

// For a commit of another process, or its checkpoint.
constexpr int kBusyMilliseconds = 10'000;

absl::StatusCode CodeOf(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::StatusCode::kUnavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::StatusCode::kDataLoss;
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return absl::StatusCode::kFailedPrecondition;
    case SQLITE_CONSTRAINT:
      return absl::StatusCode::kAlreadyExists;
    default:
      return absl::StatusCode::kInternal;
  }
}

absl::Status ErrorOf(sqlite3* database, int code, absl::string_view path) {
  const char* const text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return absl::Status(CodeOf(code), absl::StrCat(path, ": ", text));
}

// Names in URIs: '?' and '#' would end them.
std::string UriOf(absl::string_view path, absl::string_view parameters) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string uri = "file:";
  // "//host/" would name another machine.
  if (!path.empty() && path.front() == '/') uri += "//";
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '%' || c == '?' || c == '#' || byte < 0x20 || byte >= 0x7f) {
      uri += '%';
      uri += kDigits[byte >> 4];
      uri += kDigits[byte & 15];
    } else {
      uri += c;
    }
  }
  return absl::StrCat(uri, parameters);
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Database::Close::operator()(sqlite3* database) const { sqlite3_close_v2(database); }

void Statement::Begin() {
  if (!stepped_) return;
  sqlite3_reset(statement_.get());
  stepped_ = false;
  bound_ = 0;
}

Statement& Statement::Bind(int64_t value) {
  Begin();
  const int code = sqlite3_bind_int64(statement_.get(), ++bound_, value);
  if (code != SQLITE_OK) bad_ = ErrorOf(nullptr, code, *path_);
  return *this;
}

Statement& Statement::Bind(double value) {
  Begin();
  const int code = sqlite3_bind_double(statement_.get(), ++bound_, value);
  if (code != SQLITE_OK) bad_ = ErrorOf(nullptr, code, *path_);
  return *this;
}

Statement& Statement::Bind(absl::string_view value) {
  Begin();
  // A null pointer would be NULL.
  const int code =
      sqlite3_bind_text64(statement_.get(), ++bound_, value.empty() ? "" : value.data(),
                          value.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  if (code != SQLITE_OK) bad_ = ErrorOf(nullptr, code, *path_);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  if (!bad_.ok()) return std::exchange(bad_, absl::OkStatus());
  stepped_ = true;
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  absl::Status status;
  if (code != SQLITE_DONE) status = ErrorOf(sqlite3_db_handle(statement_.get()), code, *path_);
  // At once: an open statement would keep its transaction from ending.
  Begin();
  if (!status.ok()) return status;
  return false;
}

int64_t Statement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::Real(int column) const { return sqlite3_column_double(statement_.get(), column); }

std::string Statement::Text(int column) const {
  const unsigned char* const text = sqlite3_column_text(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (text == nullptr) return "";
  return std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
}

absl::StatusOr<Database> Database::Open(const std::string& path, Access access) {
  Database database(path);
  int flags = SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
  std::string uri;
  switch (access) {
    case Access::kReadOnly:
      uri = UriOf(path, "");
      flags |= SQLITE_OPEN_READONLY;
      break;
    case Access::kImmutable:
      uri = UriOf(path, "?immutable=1");
      flags |= SQLITE_OPEN_READONLY;
      break;
    case Access::kReadWrite:
      uri = UriOf(path, "");
      flags |= SQLITE_OPEN_READWRITE;
      break;
    case Access::kMemory:
      uri = ":memory:";
      flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
      break;
  }
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(uri.c_str(), &opened, flags, nullptr);
  database.database_.reset(opened);
  if (code != SQLITE_OK) return ErrorOf(opened, code, path);
  // Who only looked at a store must not move what a killed writer left into it.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_busy_timeout(opened, kBusyMilliseconds);
  return database;
}

absl::Status Database::Run(absl::string_view sql) {
  const int code =
      sqlite3_exec(database_.get(), std::string(sql).c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : ErrorOf(database_.get(), code, *path_);
}

absl::StatusOr<Statement> Database::Prepare(absl::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return ErrorOf(database_.get(), code, *path_);
  return Statement(statement, path_.get());
}

absl::StatusOr<int64_t> Database::Int(absl::string_view sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Int(0) : 0;
}

absl::StatusOr<std::string> Database::Text(absl::string_view sql) {
  absl::StatusOr<Statement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Text(0) : "";
}

int64_t Database::changed() const { return sqlite3_changes64(database_.get()); }

absl::StatusOr<std::string> Database::Bytes() const {
  sqlite3_int64 size = 0;
  const std::unique_ptr<unsigned char, decltype(&sqlite3_free)> bytes(
      sqlite3_serialize(database_.get(), "main", &size, 0), &sqlite3_free);
  if (bytes == nullptr) return absl::ResourceExhaustedError(absl::StrCat(*path_, ": no memory"));
  return std::string(reinterpret_cast<const char*>(bytes.get()), static_cast<std::size_t>(size));
}

}  // namespace racewalk
