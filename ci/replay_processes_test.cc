// Goal: a token means the same execution everywhere: in a hundred processes of
// one binary, and in the binaries of both compilers.
// Method: the real commands; what `replay` prints is compared byte by byte.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "ci/kill_table.h"

namespace racewalk::replay_processes_test {
namespace {

namespace fs = std::filesystem;

constexpr char kKills[] = "scenarios/library/kills.tsv";

struct Outcome {
  int status = -1;
  std::string out{};
};

// No argument holds a single quote.
Outcome RunCommand(const std::string& binary, const std::vector<std::string>& arguments) {
  std::string command = binary;
  for (const std::string& argument : arguments) absl::StrAppend(&command, " '", argument, "'");
  absl::StrAppend(&command, " 2>&1 </dev/null");
  Outcome outcome;
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return outcome;
  char buffer[4096];
  for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    outcome.out.append(buffer, n);
  }
  const int status = pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

struct Row {
  std::string point, token;
};

// Of the kill matrix, one row of each point.
std::vector<Row> OneTokenOfEachPoint() {
  std::vector<Row> rows;
  std::set<std::string> points;
  std::ifstream file(kKills);
  for (std::string line; std::getline(file, line);) {
    const absl::StatusOr<Kill> kill = ParseKill(line);
    if (kill.ok() && kill->result.killed() && points.insert(kill->unit.point).second) {
      rows.push_back({kill->unit.point, kill->result.token});
    }
  }
  return rows;
}

TEST(ReplayProcessesTest, AHundredReplaysAreIdentical) {
  const std::vector<Row> rows = OneTokenOfEachPoint();
  if (rows.empty()) GTEST_SKIP() << "not run in the source directory";
  const std::string& token = rows.front().token;
  SCOPED_TRACE(token);
  const Outcome first = RunCommand(RACEWALK_BINARY, {"replay", token});
  EXPECT_EQ(first.status, 1) << first.out;
  for (int replay = 1; replay < 100; ++replay) {
    const Outcome again = RunCommand(RACEWALK_BINARY, {"replay", token});
    ASSERT_EQ(again.status, first.status);
    ASSERT_EQ(again.out, first.out);
  }
}

// The build of the other compiler, "" if there is none as new as the sources.
std::string OtherBinary() {
  std::error_code error;
  for (const char* path : {"build/gcc/bin/racewalk", "build/release/bin/racewalk"}) {
    if (!fs::exists(path, error) || fs::equivalent(path, RACEWALK_BINARY, error)) continue;
    const fs::file_time_type built = fs::last_write_time(path);
    bool old = false;
    for (const char* folder : {"core", "scenarios", "ci"}) {
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        const bool source = entry.path().extension() == ".h" || entry.path().extension() == ".cc";
        const bool test = name.find("_test.") != std::string::npos;
        old = old || (source && !test && entry.last_write_time() > built);
      }
    }
    if (!old) return path;
  }
  return "";
}

TEST(ReplayProcessesTest, BothCompilersReplayTheSame) {
  const std::string other = OtherBinary();
  if (other.empty()) GTEST_SKIP() << "the other preset, gcc or release, is not built or is old";
  const std::vector<Row> rows = OneTokenOfEachPoint();
  ASSERT_FALSE(rows.empty()) << kKills;
  for (const Row& row : rows) {
    SCOPED_TRACE(row.token);
    const Outcome ours = RunCommand(RACEWALK_BINARY, {"replay", row.token});
    const Outcome theirs = RunCommand(other, {"replay", row.token});
    EXPECT_EQ(ours.status, 1) << ours.out;
    EXPECT_EQ(theirs.status, ours.status);
    EXPECT_EQ(theirs.out, ours.out) << other;
  }
}

}  // namespace
}  // namespace racewalk::replay_processes_test
