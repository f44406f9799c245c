#include "ci/store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "ci/output_path.h"
#include "ci/store/database.h"
#include "ci/store/schema.h"
#include "ci/store/union_tables.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

constexpr absl::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kHeaderBytes = 100;
// Offsets in the header, https://www.sqlite.org/fileformat.html#the_database_header.
constexpr std::size_t kReadVersionAt = 19;
constexpr std::size_t kUserVersionAt = 60;
constexpr std::size_t kApplicationAt = 68;
constexpr unsigned char kWal = 2;
// A byte that SQLite never locks: its own are from 1 GiB on.
constexpr off_t kLockedByte = off_t{1} << 60;

// Together a second or two.
constexpr int kLockTries = 60;
constexpr std::chrono::milliseconds kLockPause{25};

// Where messages begin: "--store: FILE".
std::string Place(absl::string_view name, absl::string_view path) {
  return absl::StrCat(name, name.empty() ? "" : ": ", path);
}

absl::Status Bad(absl::string_view place, absl::string_view problem) {
  return absl::InvalidArgumentError(absl::StrCat(place, " ", problem));
}

// SQLite's message has the path in front, and so has ours.
absl::Status Bad(absl::string_view place, const std::string& path, const absl::Status& status) {
  const auto view = status.message();
  absl::string_view message(view.data(), view.size());
  const std::string prefix = absl::StrCat(path, ": ");
  if (message.substr(0, prefix.size()) == prefix) message.remove_prefix(prefix.size());
  if (absl::IsDataLoss(status)) {
    message = message.substr(message.rfind('\n') + 1);
    return Bad(place, absl::StrCat("is damaged (", message, "); restore a copy of it"));
  }
  if (absl::IsUnavailable(status)) {
    return Bad(place, absl::StrCat("is in use (", message, "); try again later"));
  }
  return Bad(place, absl::StrCat("cannot be used (", message,
                                 "); copy it, with FILE-wal if there is one, to where you may "
                                 "read and write"));
}

uint32_t BigEndian(const unsigned char* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 |
         uint32_t{bytes[3]};
}

bool HasWal(const std::string& path) {
  struct stat info{};
  return stat(absl::StrCat(path, "-wal").c_str(), &info) == 0 && info.st_size > 0;
}

struct flock Locking(int type) {
  struct flock lock{};
  lock.l_type = static_cast<short>(type);
  lock.l_start = kLockedByte;
  lock.l_len = 1;
  return lock;
}

bool LockedByOther(int descriptor) {
  struct flock lock = Locking(F_RDLCK);
  return fcntl(descriptor, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

struct Header {
  bool wal = false;       // of a writer that is at work or was killed
  bool followed = false;  // there is a companion, or a writer who may make one
};

// Looks at the file itself: SQLite would make files beside it before it says no.
absl::StatusOr<Header> ReadHeader(const std::string& place, const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Bad(place, absl::StrCat("cannot be read: ", std::strerror(errno)));
  std::array<unsigned char, kHeaderBytes> bytes{};
  const ssize_t size = pread(descriptor, bytes.data(), bytes.size(), 0);
  const bool locked = LockedByOther(descriptor);
  close(descriptor);
  if (size != static_cast<ssize_t>(bytes.size()) ||
      std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0 ||
      BigEndian(&bytes[kApplicationAt]) != kStoreApplication) {
    return Bad(place, "is no store of racewalk campaigns; name another file");
  }
  const uint32_t version = BigEndian(&bytes[kUserVersionAt]);
  if (version != kStoreVersion) {
    return Bad(place, absl::StrCat("is a store of version ", version, ", and this racewalk has ",
                                   kStoreVersion, "; use the racewalk that made it"));
  }
  const bool wal = bytes[kReadVersionAt] == kWal;
  return Header{.wal = wal, .followed = wal && (locked || HasWal(path))};
}

// Any file that is no regular one, which open() might wait for.
absl::Status CheckKind(const std::string& place, const std::string& path) {
  struct stat info{};
  if (stat(path.c_str(), &info) != 0) {
    return Bad(place, absl::StrCat("cannot be read: ", std::strerror(errno),
                                   errno == ENOENT ? "; racewalk campaign makes stores" : ""));
  }
  if (!S_ISREG(info.st_mode)) return Bad(place, "is no file; name another one");
  return absl::OkStatus();
}

// A writer that was killed in one of its first or last steps has left what it was about to change
// in a journal: only who may write can put that back. What keeps it from being
// put back, others say better.
void PutBack(const std::string& path) {
  struct stat info{};
  if (stat(absl::StrCat(path, "-journal").c_str(), &info) != 0 || info.st_size == 0) return;
  absl::StatusOr<Database> database = Database::Open(path, Database::Access::kReadWrite);
  if (database.ok()) (void)database->Int("SELECT count(*) FROM sqlite_schema");
}

// The name of a table that is not there or lacks a column; "" if all are as they should be.
absl::StatusOr<std::string> MissingTable(Database& database) {
  std::vector<std::pair<std::string, std::string>> tables = {
      {"campaign", "id, name, version, seed, settings, started"},
      {"unit", "id, engine, scenario, mmu, variant, strategy, weaken"}};
  for (const UnionTable& table : UnionTables()) {
    std::vector<std::string> columns;
    for (const UnionColumn& column : table.columns) columns.push_back(column.name);
    tables.emplace_back(table.name, absl::StrJoin(columns, ", "));
  }
  for (const auto& [table, columns] : tables) {
    const absl::Status status =
        database.Prepare(absl::StrCat("SELECT ", columns, " FROM ", table)).status();
    if (absl::IsUnavailable(status) || absl::IsDataLoss(status)) return status;
    if (!status.ok()) return table;
  }
  return "";
}

// Whether all of it can be read: a file may be cut, or half of another one.
absl::StatusOr<Database> OpenChecked(const std::string& place, const std::string& path) {
  const absl::StatusOr<Header> header = ReadHeader(place, path);
  if (!header.ok()) return header.status();
  const bool alone = header->wal && !header->followed;
  PutBack(path);
  absl::StatusOr<Database> database =
      Database::Open(path, alone ? Database::Access::kImmutable : Database::Access::kReadOnly);
  if (!database.ok()) return Bad(place, path, database.status());
  const absl::StatusOr<std::string> check = database->Text("PRAGMA quick_check(1)");
  if (!check.ok()) return Bad(place, path, check.status());
  if (*check != "ok") return Bad(place, path, absl::DataLossError(*check));
  const absl::StatusOr<std::string> missing = MissingTable(*database);
  if (!missing.ok()) return Bad(place, path, missing.status());
  if (!missing->empty()) {
    return Bad(place, path, absl::DataLossError(absl::StrCat("it has no whole table ", *missing)));
  }
  return database;
}

absl::Status Create(const std::string& place, absl::string_view name, const std::string& path) {
  absl::StatusOr<Database> database = Database::Open(path, Database::Access::kMemory);
  absl::Status status = database.status();
  if (status.ok()) status = database->Run(SchemaSql());
  absl::StatusOr<std::string> bytes = std::string();
  if (status.ok()) bytes = database->Bytes();
  if (!status.ok() || !bytes.ok()) {
    return Bad(place, path, status.ok() ? bytes.status() : status);
  }
  // Whole or not at all, whenever this process is killed.
  status = WriteFileAtomically(path, *bytes);
  // Another one was quicker: then that is the store.
  if (status.ok() || absl::IsAlreadyExists(status)) return absl::OkStatus();
  const auto message = status.message();
  return absl::InvalidArgumentError(absl::StrCat(name, name.empty() ? "" : ": ",
                                                 absl::string_view(message.data(), message.size()),
                                                 "; name another file"));
}

// Descriptors with locks, for forked processes to close: -1 is a free place.
std::array<int, 4> locks = {-1, -1, -1, -1};

// A worker that outlives its killed parent for a moment must not keep the lock.
void CloseInherited() {
  for (const int lock : locks) {
    if (lock >= 0) close(lock);
  }
}

// The descriptor that holds the lock. One of the open file, not of the process: SQLite unlocks
// all that the process has locked in the file.
absl::StatusOr<int> Lock(const std::string& place, const std::string& path) {
  static const int registered = pthread_atfork(nullptr, nullptr, CloseInherited);
  const auto free = std::find(locks.begin(), locks.end(), -1);
  if (registered != 0 || free == locks.end()) return Bad(place, "cannot be locked: no memory");
  const int descriptor = open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return Bad(place, absl::StrCat("cannot be opened: ", std::strerror(errno)));
  int error = EAGAIN;
  // A worker that was being forked when its parent was killed has yet to come so far.
  for (int tries = 0; tries < kLockTries && (error == EAGAIN || error == EACCES); ++tries) {
    if (tries != 0) std::this_thread::sleep_for(kLockPause);
    struct flock lock = Locking(F_WRLCK);
    if (fcntl(descriptor, F_OFD_SETLK, &lock) == 0) {
      *free = descriptor;
      return descriptor;
    }
    error = errno;
  }
  close(descriptor);
  if (error == EACCES || error == EAGAIN) {
    return Bad(place, "is in use by another campaign or merge; wait for it or name another file");
  }
  return Bad(place, absl::StrCat("cannot be locked: ", std::strerror(error)));
}

void Unlock(int descriptor) {
  std::replace(locks.begin(), locks.end(), descriptor, -1);
  close(descriptor);
}

}  // namespace

absl::StatusOr<Store> Store::OpenToRead(absl::string_view name, const std::string& path) {
  const std::string place = Place(name, path);
  if (absl::Status status = CheckKind(place, path); !status.ok()) return status;
  absl::StatusOr<Database> database = OpenChecked(place, path);
  if (!database.ok()) return database.status();
  return Store(path, *std::move(database), -1);
}

absl::StatusOr<Store> Store::OpenToWrite(absl::string_view name, const std::string& path) {
  // SQLite makes files beside the store, so that its folder counts too.
  if (absl::Status status = CheckWritableFile(name, path); !status.ok()) return status;
  const std::string place = Place(name, path);
  if (access(path.c_str(), F_OK) != 0) {
    if (absl::Status status = Create(place, name, path); !status.ok()) return status;
  }
  if (absl::Status status = OpenChecked(place, path).status(); !status.ok()) return status;
  // In this order: closing any descriptor of the file, as above, would end the lock.
  absl::StatusOr<Database> database = Database::Open(path, Database::Access::kReadWrite);
  if (!database.ok()) return Bad(place, path, database.status());
  const absl::StatusOr<int> lock = Lock(place, path);
  if (!lock.ok()) return lock.status();
  return Store(path, *std::move(database), *lock);
}

Store::~Store() {
  if (lock_ < 0) return;
  // The connection first: nobody else may write while it does its last work.
  {
    const Database closed = std::move(database_);
  }
  Unlock(lock_);
}

absl::Status Store::Work() {
  // FULL: what was reported done is on the disk, also if the power fails.
  // A file system without shared memory keeps the other mode, in which readers wait for commits.
  return database_.Run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;");
}

absl::Status Store::Rest() {
  absl::Status status = database_.Run("PRAGMA wal_checkpoint(TRUNCATE)");
  // With a reader it stays in the other mode, which is fine.
  const absl::Status mode = database_.Run("PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE;");
  if (!mode.ok() && !absl::IsUnavailable(mode)) status.Update(mode);
  return status;
}

}  // namespace racewalk
