#include "ci/caught_text.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace racewalk {

absl::StatusOr<CaughtText> CaughtText::Make() {
  const int file = memfd_create("racewalk", MFD_CLOEXEC);
  // Appending, because every process that has it open shares one position.
  if (file < 0 || fcntl(file, F_SETFL, O_APPEND) != 0) {
    return absl::InternalError(
        absl::StrCat("cannot keep what another process prints: ", std::strerror(errno)));
  }
  return CaughtText(file);
}

CaughtText::CaughtText(CaughtText&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

CaughtText::~CaughtText() {
  if (file_ >= 0) close(file_);
}

void CaughtText::Catch(int descriptor) const { dup2(file_, descriptor); }

std::string CaughtText::Take(std::size_t most) const {
  std::string text(most, '\0');
  const ssize_t size = pread(file_, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  if (ftruncate(file_, 0) != 0) text.clear();  // would be told a second time
  return text;
}

}  // namespace racewalk
