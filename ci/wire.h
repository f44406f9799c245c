// Records as bytes, for the pipes between this process and its workers.
//
// Both ends are the same program, so there is no version and no byte order.
#ifndef RACEWALK_CI_WIRE_H_
#define RACEWALK_CI_WIRE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace racewalk {

// Appends fields to a message. Thread-compatible.
class WireWriter {
 public:
  void Number(uint64_t value);
  void Text(absl::string_view value);  // may hold any bytes
  void Numbers(const std::vector<uint64_t>& values);
  void Texts(const std::vector<std::string>& values);

  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_{};
};

// Takes the fields off again, in the same order. After the first field that
// is not there ok() is false and every further field is empty. Thread-compatible.
class WireReader {
 public:
  // `bytes` must outlive the reader.
  explicit WireReader(absl::string_view bytes) : rest_(bytes) {}

  uint64_t Number();
  std::string Text();
  std::vector<uint64_t> Numbers();
  std::vector<std::string> Texts();

  bool ok() const { return ok_; }
  // Everything was there and nothing is left.
  bool Complete() const { return ok_ && rest_.empty(); }

 private:
  // Returns false, and fails the reader, unless `size` more bytes are there.
  bool Has(uint64_t size);

  absl::string_view rest_;
  bool ok_ = true;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_WIRE_H_
