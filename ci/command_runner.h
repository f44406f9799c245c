// Runs the real binary in processes of its own, for tests of the command.
#ifndef RACEWALK_CI_COMMAND_RUNNER_H_
#define RACEWALK_CI_COMMAND_RUNNER_H_

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

extern char** environ;

namespace racewalk {

struct Outcome {
  int status = -1;
  std::string out{};
  std::string err{};
};

inline std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A folder of its own for each test.
class CommandRunner : public ::testing::Test {
 protected:
  CommandRunner()
      : folder_(absl::StrCat(::testing::TempDir(), "racewalk_command_", getpid(), "_",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~CommandRunner() override { std::filesystem::remove_all(folder_); }

  pid_t Start(const std::vector<std::string>& arguments) {
    std::vector<std::string> words = {RACEWALK_BINARY};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    const int flags = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, 1, Path("stdout").c_str(), flags, 0644);
    posix_spawn_file_actions_addopen(&actions, 2, Path("stderr").c_str(), flags, 0644);
    pid_t pid = -1;
    EXPECT_EQ(posix_spawn(&pid, RACEWALK_BINARY, &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
  }

  Outcome Finish(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status),
            .out = ReadAll(Path("stdout")),
            .err = ReadAll(Path("stderr"))};
  }

  Outcome Run(const std::vector<std::string>& arguments) { return Finish(Start(arguments)); }

  std::string Path(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  // The files below the test's folder but those that catch the output.
  std::vector<std::string> Files() const {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (entry.is_regular_file() && name != "stdout" && name != "stderr") {
        files.push_back(entry.path().string());
      }
    }
    return files;
  }

 private:
  std::string folder_;
};

}  // namespace racewalk

#endif  // RACEWALK_CI_COMMAND_RUNNER_H_
