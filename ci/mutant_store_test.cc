// Goal: whatever happens to the file, what was stored is read, or the file is
// refused and left alone. Method: files made, cut and edited byte by byte.
#include "ci/mutant_store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kSettings[] = "points=1 seconds=60";

class MutantStoreTest : public ::testing::Test {
 protected:
  MutantStoreTest()
      : path_(absl::StrCat(::testing::TempDir(), "racewalk_store_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove(path_);
  }
  ~MutantStoreTest() override { std::filesystem::remove(path_); }

  std::string Bytes() const {
    std::ifstream file(path_, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  void SetBytes(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
  }
  // Two rows, as a run leaves them.
  void Fill() const {
    const auto store = MutantStore::Open(path_, kSettings);
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_THAT((*store)->rows(), IsEmpty());
    EXPECT_TRUE((*store)->Append("one\trow").ok());
    EXPECT_TRUE((*store)->Append("two").ok());
  }
  // The message, after which the file must be as it was.
  std::string Refusal(const std::string& settings = kSettings) const {
    const std::string before = Bytes();
    const absl::Status status = MutantStore::Open(path_, settings).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_EQ(Bytes(), before);
    std::string message(status.message());
    EXPECT_THAT(message, AllOf(HasSubstr("--store: "), HasSubstr(path_)));
    EXPECT_EQ(message.find('\n'), std::string::npos);
    return message;
  }

  std::string path_;
};

TEST_F(MutantStoreTest, WhatWasStoredIsThereTheNextTime) {
  Fill();
  const auto store = MutantStore::Open(path_, kSettings);
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_THAT((*store)->rows(), ElementsAre("one\trow", "two"));
}

// Wherever a kill has cut it, the whole rows before are read, and what is
// appended then is read as well.
TEST_F(MutantStoreTest, ARowThatIsCutAnywhereIsDropped) {
  Fill();
  const std::string whole = Bytes();
  const std::size_t first = whole.find('\n') + 1;
  const std::size_t second = whole.find('\n', first) + 1;
  for (std::size_t size = first; size < whole.size(); ++size) {
    SetBytes(whole.substr(0, size));
    {
      const auto store = MutantStore::Open(path_, kSettings);
      ASSERT_TRUE(store.ok()) << size << ": " << store.status();
      EXPECT_EQ((*store)->rows().size(), size < second ? 0u : 1u) << size;
      ASSERT_TRUE((*store)->Append("three").ok());
    }
    const auto again = MutantStore::Open(path_, kSettings);
    ASSERT_TRUE(again.ok()) << size << ": " << again.status();
    EXPECT_EQ((*again)->rows().back(), "three") << size;
  }
}

// Goal: a file of somebody else's that happens to begin like a store is left
// alone; nothing is lost, because a store without a row holds nothing.
TEST_F(MutantStoreTest, AFirstLineThatIsCutIsRefused) {
  Fill();
  const std::string whole = Bytes();
  for (std::size_t size = 1; size < whole.find('\n') + 1; ++size) {
    SetBytes(whole.substr(0, size));
    EXPECT_THAT(Refusal(), AnyOf(HasSubstr("is no store of racewalk mutants"),
                                 HasSubstr("is cut in its first line")))
        << size;
  }
  SetBytes("");
  EXPECT_TRUE(MutantStore::Open(path_, kSettings).ok());
}

TEST_F(MutantStoreTest, DamageIsRefused) {
  Fill();
  const std::string whole = Bytes();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string edited = whole;
    edited[at] = edited[at] == 'x' ? 'y' : 'x';
    SetBytes(edited);
    // A line without an end is half a line, whatever is in it.
    if (at + 1 == whole.size()) continue;
    EXPECT_THAT(Refusal(), HasSubstr("; name another --store, or remove it")) << at;
  }
  SetBytes(absl::StrCat(whole, "three\n"));
  EXPECT_THAT(Refusal(), HasSubstr("is damaged in line 4"));
}

TEST_F(MutantStoreTest, WhatIsNoStoreOrOfAnotherVersionIsRefused) {
  SetBytes("something of mine\n");
  EXPECT_THAT(Refusal(), HasSubstr("is no store of racewalk mutants"));
  SetBytes("s");
  EXPECT_THAT(Refusal(), HasSubstr("is no store of racewalk mutants"));
  SetBytes("racewalk mutants 2\tpoints=1 seconds=60\t0123456789abcdef\n");
  EXPECT_THAT(Refusal(), HasSubstr("is a store of another version"));
  EXPECT_TRUE(absl::IsInvalidArgument(MutantStore::Open("/dev/null/x", kSettings).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(MutantStore::Open(::testing::TempDir(), kSettings).status()));
}

TEST_F(MutantStoreTest, OtherSettingsAreRefusedByName) {
  Fill();
  EXPECT_THAT(Refusal("points=1 seconds=10"), HasSubstr("has seconds=60, this run seconds=10"));
  EXPECT_THAT(Refusal("points=1 seconds=60 seeds=1"), HasSubstr("has other settings"));
}

// POSIX locks are a process's own, so that another one must ask.
TEST_F(MutantStoreTest, TwoRunsDoNotShareAFile) {
  const auto store = MutantStore::Open(path_, kSettings);
  ASSERT_TRUE(store.ok());
  const pid_t child = fork();
  if (child == 0) {
    const absl::Status status = MutantStore::Open(path_, kSettings).status();
    const std::string message(status.message());
    _exit(message.find("is in use by another run") != std::string::npos ? 7 : 8);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace racewalk
