#include "ci/mutant_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "scenarios/explore/checksum.h"
#include "scenarios/explore/subject_words.h"
#include "scenarios/files.h"

namespace racewalk {
namespace {

constexpr absl::string_view kMagic = "racewalk mutants ";
constexpr absl::string_view kVersion = "1";
constexpr absl::string_view kRemedy = "; name another --store, or remove it to begin again";
constexpr std::size_t kMostBytes = std::size_t{256} << 20;
constexpr std::size_t kMostBinaryBytes = std::size_t{1} << 30;

absl::Status Bad(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("--store: ", path, " ", what, kRemedy));
}

absl::Status SystemError(absl::string_view path, absl::string_view what) {
  return absl::InvalidArgumentError(
      absl::StrCat("--store: cannot ", what, " ", path, ": ", std::strerror(errno)));
}

std::string Checked(absl::string_view text) {
  return absl::StrCat(text, "\t", FormatHex64(Fnv1a64(text)), "\n");
}

// Takes the checksum off. False if it does not fit.
bool Unchecked(absl::string_view line, absl::string_view& text) {
  const std::size_t tab = line.rfind('\t');
  if (tab == absl::string_view::npos) return false;
  text = line.substr(0, tab);
  return line.substr(tab + 1) == FormatHex64(Fnv1a64(text));
}

// The first NAME=VALUE word in which two lines of settings differ.
std::string OtherSetting(absl::string_view stored, absl::string_view asked) {
  const std::vector<absl::string_view> one = absl::StrSplit(stored, ' ');
  const std::vector<absl::string_view> two = absl::StrSplit(asked, ' ');
  for (std::size_t i = 0; i < one.size() && i < two.size(); ++i) {
    if (one[i] != two[i]) return absl::StrCat("has ", one[i], ", this run ", two[i]);
  }
  return "has other settings";
}

bool WriteAll(int descriptor, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return fsync(descriptor) == 0;
}

}  // namespace

std::string ThisBinary() {
  const absl::StatusOr<std::string> bytes = ReadFile("/proc/self/exe", kMostBinaryBytes);
  return bytes.ok() ? FormatHex64(Fnv1a64(*bytes)) : "unknown";
}

absl::StatusOr<std::unique_ptr<MutantStore>> MutantStore::Open(const std::string& path,
                                                               const std::string& settings) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) return SystemError(path, "open");
  std::unique_ptr<MutantStore> store(new MutantStore(path, descriptor));
  // Not flock: the workers that are forked would hold that too.
  struct flock lock{};
  lock.l_type = F_WRLCK;
  if (fcntl(descriptor, F_SETLK, &lock) != 0) {
    if (errno != EACCES && errno != EAGAIN) return SystemError(path, "lock");
    return absl::InvalidArgumentError(
        absl::StrCat("--store: ", path, " is in use by another run; name another one"));
  }
  absl::Status status = store->Load(settings);
  if (!status.ok()) return status;
  return store;
}

MutantStore::~MutantStore() { close(descriptor_); }

absl::Status MutantStore::Load(const std::string& settings) {
  // By this descriptor: to close another one would end the lock.
  std::string text;
  char bytes[65536];
  for (;;) {
    const ssize_t size = read(descriptor_, bytes, sizeof bytes);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError(path_, "read");
    if (size == 0) break;
    text.append(bytes, static_cast<std::size_t>(size));
    if (text.size() > kMostBytes) return Bad(path_, "is too large");
  }
  const std::string first = Checked(absl::StrCat(kMagic, kVersion, "\t", settings));
  if (text.empty()) {
    if (!WriteAll(descriptor_, first)) return SystemError(path_, "write");
    return absl::OkStatus();
  }
  if (!absl::StartsWith(text, kMagic)) return Bad(path_, "is no store of racewalk mutants");
  // Half a first line may be anybody's file: it is not taken for a store.
  if (!absl::StrContains(text, '\n')) return Bad(path_, "is cut in its first line");
  const std::size_t whole = text.rfind('\n') + 1;  // what follows is half a line
  std::vector<absl::string_view> lines =
      absl::StrSplit(absl::string_view(text).substr(0, whole), '\n');
  lines.pop_back();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    absl::string_view line;
    const bool fits = Unchecked(lines[i], line);
    if (i == 0) {
      const absl::string_view rest = absl::string_view(text).substr(kMagic.size());
      if (!absl::StartsWith(rest, absl::StrCat(kVersion, "\t"))) {
        return Bad(path_, "is a store of another version");
      }
      if (!fits) return Bad(path_, "is damaged in line 1");
      const absl::string_view stored = line.substr(kMagic.size() + kVersion.size() + 1);
      if (stored != settings) return Bad(path_, OtherSetting(stored, settings));
      continue;
    }
    if (!fits) return Bad(path_, absl::StrCat("is damaged in line ", i + 1));
    rows_.emplace_back(line);
  }
  if (whole != text.size() && ftruncate(descriptor_, static_cast<off_t>(whole)) != 0) {
    return SystemError(path_, "write");
  }
  return absl::OkStatus();
}

absl::Status MutantStore::Append(absl::string_view row) {
  if (WriteAll(descriptor_, Checked(row))) return absl::OkStatus();
  return SystemError(path_, "write");
}

}  // namespace racewalk
