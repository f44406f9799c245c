// The folder of `fuzz --corpus`: an input a file, named by what is in it.
#ifndef RACEWALK_CI_CORPUS_FOLDER_H_
#define RACEWALK_CI_CORPUS_FOLDER_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "fuzz/input.h"

namespace racewalk {

struct CorpusFile {
  std::string name{};  // in the folder
  Input input{};       // as Fit leaves it
};

// "0123456789abcdef.scn": 64 bits of the text's hash.
std::string CorpusFileName(const Input& input);

// The inputs of all files *.scn, by name; what has another name is not looked at. A folder that
// is not there has none. Error: InvalidArgument, one line with the first file that is wrong and a
// remedy; nothing is changed.
absl::StatusOr<std::vector<CorpusFile>> ReadCorpus(const std::string& folder);

// Writes the input under its name and returns that. Whenever the process is killed, the file is
// absent or whole. A file of that name stays. Errors: AlreadyExists, one line with a remedy, if it
// has another text; what the system says.
absl::StatusOr<std::string> AddToCorpus(const std::string& folder, const Input& input);

// False if the file stays since its name is not that of the bytes it has now: a person wrote it.
// Error: what the system says, with the path.
absl::StatusOr<bool> RemoveFromCorpus(const std::string& folder, const std::string& name);

}  // namespace racewalk

#endif  // RACEWALK_CI_CORPUS_FOLDER_H_
