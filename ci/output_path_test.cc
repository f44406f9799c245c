// Goal: what can be written passes, what cannot is refused in one line with the
// flag, and nothing is made meanwhile. Method: a folder of a few files and links.
#include "ci/output_path.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class OutputPathTest : public ::testing::Test {
 protected:
  OutputPathTest()
      : folder_(absl::StrCat(::testing::TempDir(), "racewalk_output_", getpid(), "_",
                             ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    fs::remove_all(folder_);
    fs::create_directories(In("sub"));
    std::ofstream(In("file")) << "mine";
    fs::create_symlink("nothing", In("dangling"));
  }
  ~OutputPathTest() override { fs::remove_all(folder_); }

  std::string In(const std::string& name) const { return absl::StrCat(folder_, "/", name); }

  void ExpectRefused(const absl::Status& status, const std::string& why) const {
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << why;
    EXPECT_THAT(std::string(status.message()),
                AllOf(StartsWith("--x"), HasSubstr(why), Not(HasSubstr("\n"))));
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 3);
  }

  std::string folder_;
};

TEST_F(OutputPathTest, ANewFile) {
  EXPECT_TRUE(CheckNewFile("--x", "").ok());
  EXPECT_TRUE(CheckNewFile("--x", In("new")).ok());
  EXPECT_TRUE(CheckNewFile("--x", "racewalk_no_such_file").ok());
  ExpectRefused(CheckNewFile("--x", In("file")), "exists, and is not overwritten");
  ExpectRefused(CheckNewFile("--x", In("dangling")), "exists, and is not overwritten");
  ExpectRefused(CheckNewFile("--x", In("sub")), "exists, and is not overwritten");
  ExpectRefused(CheckNewFile("--x", In("no/new")), "its folder does not exist");
  ExpectRefused(CheckNewFile("--x", In("new/")), "its folder does not exist");
  ExpectRefused(CheckNewFile("--x", In("file/new")), "its folder is a file");
  ExpectRefused(CheckNewFile("--x", In(std::string(300, 'x'))), "cannot write");
  ExpectRefused(CheckNewFile("--x", "-"), "'-' does not mean standard output here");
}

TEST_F(OutputPathTest, AFileThatMayExist) {
  EXPECT_TRUE(CheckWritableFile("--x", In("new")).ok());
  EXPECT_TRUE(CheckWritableFile("--x", In("file")).ok());
  ExpectRefused(CheckWritableFile("--x", In("sub")), "it is no file");
  ExpectRefused(CheckWritableFile("--x", In("no/new")), "its folder does not exist");
  ExpectRefused(CheckWritableFile("--x", "-"), "'-' does not mean standard output here");
}

TEST_F(OutputPathTest, AFolder) {
  EXPECT_TRUE(CheckOutputFolder("--x", "").ok());
  EXPECT_TRUE(CheckOutputFolder("--x", In("sub")).ok());
  EXPECT_TRUE(CheckOutputFolder("--x", In("new/newer")).ok());
  EXPECT_TRUE(CheckOutputFolder("--x", "racewalk_no_such_folder").ok());
  ExpectRefused(CheckOutputFolder("--x", In("file")), "it is a file");
  ExpectRefused(CheckOutputFolder("--x", In("file/new")), "is a file");
  ExpectRefused(CheckOutputFolder("--x", In("dangling/new")), "is a file");
  ExpectRefused(CheckOutputFolder("--x", In(std::string(300, 'x'))), "cannot use folder");
  ExpectRefused(CheckOutputFolder("--x", "-"), "'-' does not mean standard output here");
}

TEST_F(OutputPathTest, AFolderIsMadeWithThoseAboveIt) {
  ExpectRefused(MakeOutputFolder("--x", In("file/new")), "is a file");
  EXPECT_TRUE(MakeOutputFolder("--x", "").ok());
  EXPECT_TRUE(MakeOutputFolder("--x", In("sub/new/newer/")).ok());
  EXPECT_TRUE(fs::is_directory(In("sub/new/newer")));
  EXPECT_TRUE(MakeOutputFolder("--x", In("sub/new/newer/")).ok());
}

TEST_F(OutputPathTest, AFolderThatCannotBeWrittenTo) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  fs::permissions(In("sub"), fs::perms::owner_read | fs::perms::owner_exec);
  ExpectRefused(CheckNewFile("--x", In("sub/new")), "its folder cannot be written to");
  ExpectRefused(CheckOutputFolder("--x", In("sub/new")), "cannot be written to");
  fs::permissions(In("file"), fs::perms::owner_read);
  ExpectRefused(CheckWritableFile("--x", In("file")), "it cannot be written to");
}

TEST_F(OutputPathTest, TwoFilesAreNotOne) {
  EXPECT_TRUE(CheckDifferentFiles("--x", In("one"), "--y", In("two")).ok());
  EXPECT_TRUE(CheckDifferentFiles("--x", "", "--y", "").ok());
  ExpectRefused(CheckDifferentFiles("--x", In("one"), "--y", In("sub/../one")), "--x and --y");
  ExpectRefused(CheckDifferentFiles("--x", "new", "--y", "./new"), "both name");
}

}  // namespace
}  // namespace racewalk
