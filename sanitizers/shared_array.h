// Memory that processes forked from this one share with it.
#ifndef RACEWALK_SANITIZERS_SHARED_ARRAY_H_
#define RACEWALK_SANITIZERS_SHARED_ARRAY_H_

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace racewalk {

// `T` must mean the same in each process: plain data, atomics, and pointers
// only to what was there before the fork. Thread-compatible; the memory goes
// with the object, in each process on its own.
template <typename T>
class SharedArray {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  // `count` objects, at least one, as T() makes them. Error: Internal, there is no memory.
  static absl::StatusOr<SharedArray> Make(std::size_t count) {
    void* const memory =
        mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
      return absl::InternalError(absl::StrCat("cannot share ", count * sizeof(T),
                                              " bytes with workers: ", std::strerror(errno)));
    }
    T* const objects = static_cast<T*>(memory);
    std::uninitialized_value_construct_n(objects, count);
    return SharedArray({objects, count});
  }

  ~SharedArray() {
    if (!objects_.empty()) munmap(objects_.data(), objects_.size_bytes());
  }
  SharedArray(SharedArray&& other) noexcept : objects_(std::exchange(other.objects_, {})) {}
  SharedArray& operator=(SharedArray&&) = delete;

  T& operator[](std::size_t i) const { return objects_[i]; }
  std::size_t size() const { return objects_.size(); }

 private:
  explicit SharedArray(std::span<T> objects) : objects_(objects) {}

  std::span<T> objects_;
};

}  // namespace racewalk

#endif  // RACEWALK_SANITIZERS_SHARED_ARRAY_H_
