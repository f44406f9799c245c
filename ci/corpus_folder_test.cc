// Goal: a corpus is read whole or not at all, and grows by whole files. Method: folders by hand.
#include "ci/corpus_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "fuzz/soundness.h"
#include "fuzz/toy_inputs.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

class CorpusFolder : public testing::Test {
 protected:
  CorpusFolder() { std::filesystem::create_directories(folder_); }
  ~CorpusFolder() override { std::filesystem::remove_all(folder_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ + "/" + name) << text;
  }
  std::string Problem() {
    const absl::Status status = ReadCorpus(folder_).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    return std::string(status.message());
  }

  std::string folder_ = testing::TempDir() + "corpus_folder_" + std::to_string(getpid());
};

constexpr char kText[] = "tdp frames=2 vcpu a{write 0} host h{unmap 0}";

TEST_F(CorpusFolder, WhatWasAddedIsRead) {
  const Input input = ToyInput(kText);
  const absl::StatusOr<std::string> name = AddToCorpus(folder_, input);
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_THAT(*name, MatchesRegex("[0-9a-f]{16}\\.scn"));
  EXPECT_EQ(*name, CorpusFileName(input));
  // The same once more is the same file.
  EXPECT_TRUE(AddToCorpus(folder_, input).ok());
  Input other = input;
  other.key = 1;
  EXPECT_TRUE(AddToCorpus(folder_, other).ok());
  const auto files = ReadCorpus(folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_THAT(*files, SizeIs(2));
  EXPECT_LT((*files)[0].name, (*files)[1].name);
  for (const CorpusFile& file : *files) {
    EXPECT_EQ(CorpusFileName(file.input), file.name);
    EXPECT_EQ(Unsoundness(file.input.subject), "");
  }
}

TEST_F(CorpusFolder, APersonsFileMayHaveAnyNameAndMoreLines) {
  Write("mine.scn",
        "# mine: what I think\nmmu: tdp\nframes: 2\nvcpu a: write 0\nhost h: unmap 0\n"
        "check: mapped 1\n# run: tdp+owned/random/seed=0000000000000007\n");
  const auto files = ReadCorpus(folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  ASSERT_THAT(*files, SizeIs(1));
  EXPECT_EQ(files->front().name, "mine.scn");
  EXPECT_EQ(Unsoundness(files->front().input.subject), "");
}

TEST_F(CorpusFolder, AFileThatIsNotWhatItsNameSaysIsNotTakenForIt) {
  const Input input = ToyInput(kText);
  const std::string name = CorpusFileName(input);
  Write(name, PrintInput(input) + "# mine\n");
  const absl::Status status = AddToCorpus(folder_, input).status();
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr(folder_ + "/" + name + " is not what its name says"),
                    HasSubstr("; give yours another name"), Not(HasSubstr("\n"))));
  EXPECT_EQ(RemoveFromCorpus(folder_, name).value(), false);
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/" + name));
}

TEST_F(CorpusFolder, OnlyAFileThatIsNamedByItsBytesIsRemoved) {
  const Input input = ToyInput(kText);
  const std::string name = AddToCorpus(folder_, input).value();
  Write("mine.scn", PrintInput(input));
  EXPECT_EQ(RemoveFromCorpus(folder_, name).value(), true);
  EXPECT_EQ(RemoveFromCorpus(folder_, "mine.scn").value(), false);
  EXPECT_EQ(RemoveFromCorpus(folder_, name).value(), true) << "it is gone already";
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/" + name));
  EXPECT_TRUE(std::filesystem::exists(folder_ + "/mine.scn"));
}

TEST_F(CorpusFolder, OtherFilesAreNotLookedAt) {
  Write("README.md", "what this is");
  Write(".racewalk-1-0.tmp", "half a fi");
  const auto files = ReadCorpus(folder_);
  ASSERT_TRUE(files.ok()) << files.status();
  EXPECT_THAT(*files, IsEmpty());
  const auto none = ReadCorpus(folder_ + "/not_there");
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_THAT(*none, IsEmpty());
}

TEST_F(CorpusFolder, AMalformedFileIsNamedWithItsPlaceAndARemedy) {
  ASSERT_TRUE(AddToCorpus(folder_, ToyInput(kText)).ok());
  Write("a.scn", "mmu: tdp\nframes: 2\nvcpu a: wriet 0\n");
  EXPECT_THAT(Problem(), AllOf(HasSubstr("--corpus: " + folder_ + "/a.scn:3:9: "),
                               HasSubstr("did you mean 'write'"),
                               HasSubstr("; repair it or move it away"), Not(HasSubstr("\n"))));
  Write("a.scn", "tdp frames=2 vcpu a{write 0} host h{unmap 0}\n");
  EXPECT_THAT(Problem(), AllOf(HasSubstr("no line '# run:'"), HasSubstr("repair it or")));
  Write("a.scn", std::string(100'000, '#'));
  EXPECT_THAT(Problem(), AllOf(HasSubstr("a.scn"), HasSubstr("repair it or move it away")));
  std::filesystem::remove(folder_ + "/a.scn");
  // Opening it would wait for a writer.
  ASSERT_EQ(mkfifo((folder_ + "/a.scn").c_str(), 0600), 0);
  EXPECT_EQ(Problem(),
            "--corpus: " + folder_ + "/a.scn is not a regular file; repair it or move it away");
  std::filesystem::remove(folder_ + "/a.scn");
  std::filesystem::create_directory(folder_ + "/b.scn");
  EXPECT_THAT(Problem(), AllOf(HasSubstr("b.scn"), HasSubstr("repair it or move it away")));
}

TEST_F(CorpusFolder, AFileIsNoFolder) {
  Write("file", "");
  folder_ += "/file";
  EXPECT_THAT(Problem(), AllOf(HasSubstr("--corpus: cannot read"), HasSubstr("name a folder")));
  EXPECT_FALSE(AddToCorpus(folder_, ToyInput(kText)).ok());
  folder_.resize(folder_.size() - 5);
}

}  // namespace
}  // namespace racewalk
