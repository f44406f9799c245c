#include "ci/wire.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace racewalk {

void WireWriter::Number(uint64_t value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  bytes_.append(bytes, sizeof value);
}

void WireWriter::Text(absl::string_view value) {
  Number(value.size());
  bytes_.append(value.data(), value.size());
}

void WireWriter::Numbers(const std::vector<uint64_t>& values) {
  Number(values.size());
  if (values.empty()) return;
  const std::size_t old_size = bytes_.size();
  const std::size_t added = values.size() * sizeof(uint64_t);
  bytes_.resize(old_size + added);
  std::memcpy(&bytes_[old_size], values.data(), added);
}

void WireWriter::Texts(const std::vector<std::string>& values) {
  Number(values.size());
  for (const std::string& value : values) Text(value);
}

bool WireReader::Has(uint64_t size) {
  if (ok_ && size <= rest_.size()) return true;
  ok_ = false;
  rest_ = {};
  return false;
}

uint64_t WireReader::Number() {
  uint64_t value = 0;
  if (!Has(sizeof value)) return 0;
  std::memcpy(&value, rest_.data(), sizeof value);
  rest_.remove_prefix(sizeof value);
  return value;
}

std::string WireReader::Text() {
  const uint64_t size = Number();
  if (!Has(size)) return "";
  std::string value(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return value;
}

std::vector<uint64_t> WireReader::Numbers() {
  const uint64_t count = Number();
  // Compared before it is multiplied: a damaged count must not wrap around.
  if (count > rest_.size() || !Has(count * sizeof(uint64_t))) {
    ok_ = false;
    return {};
  }
  std::vector<uint64_t> values(count);
  if (count != 0) std::memcpy(values.data(), rest_.data(), count * sizeof(uint64_t));
  rest_.remove_prefix(count * sizeof(uint64_t));
  return values;
}

std::vector<std::string> WireReader::Texts() {
  const uint64_t count = Number();
  std::vector<std::string> values;
  for (uint64_t i = 0; i < count && ok_; ++i) values.push_back(Text());
  return values;
}

}  // namespace racewalk
