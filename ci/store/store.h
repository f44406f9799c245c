// A store of campaigns: opening it, and refusing what is none. What is in it:
// schema.sql.
//
// At rest a store is one file. While a campaign runs, or after one was killed,
// the file has companions, FILE-wal and FILE-shm: they belong to it.
#ifndef RACEWALK_CI_STORE_STORE_H_
#define RACEWALK_CI_STORE_STORE_H_

#include <cstdint>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "ci/store/database.h"

namespace racewalk {

// Of schema.sql; a test compares them.
constexpr uint32_t kStoreApplication = 0x72776c6b;
constexpr uint32_t kStoreVersion = 1;

// Thread-compatible, and not to be used in a process that was forked since. A
// process must not open a file that it writes to a second time: SQLite's own
// locks are the process's, and end with either.
class Store {
 public:
  // `name` is for messages: a flag or "". All errors are InvalidArgument, one
  // line with path and remedy, after which the file is as it was: it is not
  // there, no store, of another version, damaged, or cannot be read.
  //
  // To read it, also while a campaign writes to it.
  static absl::StatusOr<Store> OpenToRead(absl::string_view name, const std::string& path);
  // To write to it, after Work; makes it if there is none. Errors also: it is in use by
  // another writer, it or its folder cannot be written to.
  static absl::StatusOr<Store> OpenToWrite(absl::string_view name, const std::string& path);

  ~Store();
  Store(Store&& other) noexcept
      : path_(std::move(other.path_)),
        database_(std::move(other.database_)),
        lock_(std::exchange(other.lock_, -1)) {}
  Store& operator=(Store&&) = delete;

  const std::string& path() const { return path_; }
  Database& database() { return database_; }

  // A writer's first step, once nothing more can be refused: until then the file
  // is as it was. Errors: as of Database::Run.
  absl::Status Work();
  // A writer's last step: afterwards the store is one file again, unless
  // somebody is reading it. Errors: as of Database::Run.
  absl::Status Rest();

 private:
  Store(std::string path, Database database, int lock)
      : path_(std::move(path)), database_(std::move(database)), lock_(lock) {}

  std::string path_;
  Database database_;
  int lock_;  // a writer's file descriptor, else -1
};

}  // namespace racewalk

#endif  // RACEWALK_CI_STORE_STORE_H_
