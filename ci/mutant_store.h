// The results of a `racewalk mutants` run that is under way, in a file: what
// was known when a run was killed is known to the next one.
//
// A line of settings, then a line for each result, each with its checksum; a
// line is appended and synced as soon as the result is known. The last line may
// be half written: it is dropped, unless it is the first. What a result is, is for the user to
// know.
#ifndef RACEWALK_CI_MUTANT_STORE_H_
#define RACEWALK_CI_MUTANT_STORE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// A hash of the running program, for the settings: what other code found says
// nothing of this code.
std::string ThisBinary();

// Thread-compatible. One process at a time can have a file open.
class MutantStore {
 public:
  // Makes the file if there is none (or an empty one). `settings` is one line
  // of NAME=VALUE words: results of other settings do not mix.
  // Errors, one line with the path and a remedy, after which the file is as it
  // was: InvalidArgument if it is no store, is of another version or of other
  // settings, is damaged, or is in use; what the system says.
  static absl::StatusOr<std::unique_ptr<MutantStore>> Open(const std::string& path,
                                                           const std::string& settings);
  ~MutantStore();
  MutantStore(const MutantStore&) = delete;
  MutantStore& operator=(const MutantStore&) = delete;

  // What was there when it was opened.
  const std::vector<std::string>& rows() const { return rows_; }
  // `row` is one line, without its end.
  absl::Status Append(absl::string_view row);

 private:
  MutantStore(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}
  absl::Status Load(const std::string& settings);

  std::string path_;
  int descriptor_;
  std::vector<std::string> rows_{};
};

}  // namespace racewalk

#endif  // RACEWALK_CI_MUTANT_STORE_H_
