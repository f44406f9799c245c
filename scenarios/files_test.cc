// Goal: a file is whole or not there, is not lost by mistake, and failures
// leave nothing behind. Method: a folder of the test's own, listed afterwards.
#include "scenarios/files.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "files_test_XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  int Files() const {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder_)) ++count;
    return count;
  }

  std::string folder_;
};

TEST_F(FilesTest, ReadsBackWhatWasWritten) {
  const std::string contents = std::string("a\0b\n", 4) + std::string(200'000, 'x');
  ASSERT_TRUE(WriteFileAtomically(Path("f"), contents).ok());
  auto read = ReadFile(Path("f"), contents.size());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, contents);
  EXPECT_EQ(Files(), 1);
  ASSERT_TRUE(WriteFileAtomically(Path("empty"), "").ok());
  EXPECT_EQ(ReadFile(Path("empty"), 0).value(), "");
}

TEST_F(FilesTest, OverwritesOnlyWhenAsked) {
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "old").ok());
  const absl::Status refused = WriteFileAtomically(Path("f"), "new");
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(absl::StrContains(refused.message(), Path("f")));
  EXPECT_EQ(ReadFile(Path("f"), 10).value(), "old");
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "new", Overwrite::kAllow).ok());
  EXPECT_EQ(ReadFile(Path("f"), 10).value(), "new");
  EXPECT_EQ(Files(), 1);
}

TEST_F(FilesTest, ReplacesNoDeviceOrFolder) {
  EXPECT_EQ(WriteFileAtomically(folder_, "x", Overwrite::kAllow).code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(WriteFileAtomically(Path("pipe"), "x", Overwrite::kAllow).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Files(), 1);
}

TEST_F(FilesTest, FailuresNameThePathAndLeaveNothing) {
  const absl::Status missing = WriteFileAtomically(Path("no/f"), "x");
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(absl::StrContains(missing.message(), Path("no")));
  EXPECT_FALSE(WriteFileAtomically(Path(std::string(300, 'n')), "x").ok());
  EXPECT_FALSE(WriteFileAtomically("", "x").ok());
  EXPECT_EQ(Files(), 0);
  EXPECT_EQ(ReadFile(Path("f"), 10).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadFile(folder_, 10).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FilesTest, ReadRefusesWhatIsTooLong) {
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "12345").ok());
  EXPECT_EQ(ReadFile(Path("f"), 5).value(), "12345");
  EXPECT_EQ(ReadFile(Path("f"), 4).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReadFile("/dev/zero", 1000).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FilesTest, WhatAKilledProcessLeftIsRemoved) {
  const pid_t gone = fork();
  if (gone == 0) _exit(0);
  ASSERT_EQ(waitpid(gone, nullptr, 0), gone);
  const std::string dead = ".racewalk-" + std::to_string(gone);
  const std::vector<std::string> stay = {".racewalk-" + std::to_string(getpid()) + "-0.tmp",
                                         dead + "-0.scn", ".racewalk-x-0.tmp", "f.tmp"};
  std::vector<std::string> all = stay;
  all.insert(all.end(), {dead + "-0.tmp", dead + "-17.tmp", dead + "-probe.tmp"});
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  for (const std::string& name : all) {
    std::ofstream(Path(name)) << "half";
    std::filesystem::last_write_time(Path(name), old);
  }
  // Somebody on another machine may be writing it.
  const std::string young = dead + "-young.tmp";
  std::ofstream(Path(young)) << "half";
  std::filesystem::last_write_time(
      Path(young), std::filesystem::file_time_type::clock::now() + std::chrono::hours(1));
  RemoveStaleTemporaries(folder_);
  for (const std::string& name : stay) EXPECT_TRUE(std::filesystem::exists(Path(name))) << name;
  EXPECT_TRUE(std::filesystem::exists(Path(young)));
  EXPECT_EQ(Files(), static_cast<int>(stay.size()) + 1);
  RemoveStaleTemporaries(Path("no"));
}

// Of many writers under kRefuse one wins, and its file is whole.
TEST_F(FilesTest, ConcurrentWritersDoNotMix) {
  std::vector<std::thread> writers;
  std::vector<int> won(4);
  for (std::size_t i = 0; i < won.size(); ++i) {
    writers.emplace_back([this, i, &won] {
      const std::string contents(100'000, static_cast<char>('a' + i));
      won[i] = WriteFileAtomically(Path("f"), contents).ok() ? 1 : 0;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won[0] + won[1] + won[2] + won[3], 1);
  const std::string read = ReadFile(Path("f"), 1'000'000).value();
  EXPECT_EQ(read, std::string(100'000, read.at(0)));
  EXPECT_EQ(Files(), 1);
}

}  // namespace
}  // namespace racewalk
