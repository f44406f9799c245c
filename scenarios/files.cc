#include "scenarios/files.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "scenarios/diagnostics.h"

namespace racewalk {
namespace {

absl::Status Failed(int error, absl::string_view what, absl::string_view path) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot ", what, " ", Printable(path)));
}

absl::Status Exists(absl::string_view path) {
  return absl::AlreadyExistsError(
      absl::StrCat(Printable(path), " exists; choose another name or ask to overwrite it"));
}

std::string FolderOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// A descriptor that is closed, and a file that is removed, unless released.
class TemporaryFile {
 public:
  TemporaryFile() = default;
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) close(descriptor_);
    if (!path_.empty()) unlink(path_.c_str());
  }

  // Returns 0 or an errno. A killed process may have left a file of the same
  // name and process id, so that a name is only tried.
  int Create(const std::string& folder) {
    static std::atomic<uint64_t> counter{0};
    for (int attempt = 0; attempt < 1000; ++attempt) {
      const std::string path =
          absl::StrCat(folder, "/.racewalk-", getpid(), "-", counter.fetch_add(1), ".tmp");
      descriptor_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor_ >= 0) {
        path_ = path;
        return 0;
      }
      if (errno != EEXIST) return errno;
    }
    return EEXIST;
  }

  int Write(absl::string_view contents) {
    while (!contents.empty()) {
      const ssize_t written = write(descriptor_, contents.data(), contents.size());
      if (written < 0 && errno != EINTR) return errno;
      if (written > 0) contents.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
  }

  int SyncAndClose() {
    const int synced = fsync(descriptor_) == 0 ? 0 : errno;
    const int closed = close(descriptor_) == 0 ? 0 : errno;
    descriptor_ = -1;
    return synced != 0 ? synced : closed;
  }

  int MoveTo(const std::string& path, Overwrite overwrite) {
    if (overwrite == Overwrite::kAllow) {
      if (rename(path_.c_str(), path.c_str()) != 0) return errno;
      path_.clear();
      return 0;
    }
    if (renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) {
      path_.clear();
      return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) return errno;
    // The file system cannot rename so; a link refuses to overwrite as well,
    // and the temporary name goes with this object.
    return link(path_.c_str(), path.c_str()) == 0 ? 0 : errno;
  }

 private:
  int descriptor_ = -1;
  std::string path_{};
};

// A file that a process of this name was to rename soon, and did not.
bool IsStale(const std::string& path, absl::string_view name) {
  if (!absl::ConsumePrefix(&name, ".racewalk-") || !absl::ConsumeSuffix(&name, ".tmp")) {
    return false;
  }
  pid_t process = 0;
  if (!absl::SimpleAtoi(name.substr(0, name.find('-')), &process) || process <= 0) return false;
  if (kill(process, 0) == 0 || errno != ESRCH) return false;
  constexpr time_t kSeconds = 60;
  struct stat found{};
  return lstat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) &&
         found.st_mtime + kSeconds < time(nullptr);
}

// Makes the new name survive a power cut. Some file systems cannot sync a
// folder; the file is whole all the same.
void SyncFolder(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

absl::StatusOr<std::string> ReadAndClose(int descriptor, absl::string_view path,
                                         std::size_t max_bytes) {
  std::string contents;
  int error = 0;
  // One byte more than allowed tells a file that is too long; a file's stated
  // size is not asked, since pipes and /proc have none.
  while (contents.size() <= max_bytes) {
    const std::size_t had = contents.size();
    const std::size_t step = std::min<std::size_t>(64 * 1024, max_bytes - had + 1);
    contents.resize(had + step);
    const ssize_t got = read(descriptor, contents.data() + had, step);
    contents.resize(had + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) break;
    if (got < 0 && errno != EINTR) {
      error = errno;
      break;
    }
  }
  close(descriptor);
  if (error == EISDIR) {
    return absl::InvalidArgumentError(
        absl::StrCat(Printable(path), " is a folder; give a file in it"));
  }
  if (error != 0) return Failed(error, "read", path);
  if (contents.size() > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(Printable(path), " holds more than ", max_bytes, " bytes; give another file"));
  }
  return contents;
}

}  // namespace

absl::Status WriteFileAtomically(absl::string_view path, absl::string_view contents,
                                 Overwrite overwrite) {
  const std::string target(path);
  struct stat found{};
  if (lstat(target.c_str(), &found) == 0) {
    if (!S_ISREG(found.st_mode) && !S_ISLNK(found.st_mode)) {
      return absl::FailedPreconditionError(
          absl::StrCat(Printable(path), " is not a regular file; choose another name"));
    }
    if (overwrite == Overwrite::kRefuse) return Exists(path);
  }
  const std::string folder = FolderOf(target);
  TemporaryFile file;
  int error = file.Create(folder);
  if (error != 0) return Failed(error, "create a file in", folder);
  error = file.Write(contents);
  if (error == 0) error = file.SyncAndClose();
  if (error == 0) error = file.MoveTo(target, overwrite);
  if (error == EEXIST && overwrite == Overwrite::kRefuse) return Exists(path);
  if (error != 0) return Failed(error, "write", path);
  SyncFolder(folder);
  return absl::OkStatus();
}

void RemoveStaleTemporaries(const std::string& folder) {
  std::error_code error;
  std::filesystem::directory_iterator entry(folder, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::string path = entry->path().string();
    if (IsStale(path, entry->path().filename().string())) unlink(path.c_str());
  }
}

absl::StatusOr<std::string> ReadFile(absl::string_view path, std::size_t max_bytes) {
  const int descriptor = open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Failed(errno, "open", path);
  return ReadAndClose(descriptor, path, max_bytes);
}

absl::StatusOr<std::string> ReadRegularFile(absl::string_view path, std::size_t max_bytes) {
  // A pipe that nobody writes to is opened at once; of a regular file the flag means nothing.
  const int descriptor =
      open(std::string(path).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return Failed(errno, "open", path);
  struct stat found{};
  if (fstat(descriptor, &found) != 0 || !S_ISREG(found.st_mode)) {
    close(descriptor);
    return absl::InvalidArgumentError(absl::StrCat(Printable(path), " is not a regular file"));
  }
  return ReadAndClose(descriptor, path, max_bytes);
}

}  // namespace racewalk
