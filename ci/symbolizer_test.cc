#include "ci/symbolizer.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// Where this program is loaded; the linker's.
// NOLINTNEXTLINE(readability-identifier-naming): the linker's name
extern "C" const char __executable_start;

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(Symbolizer, FunctionsAreNamedAsAPersonWould) {
  EXPECT_EQ(ShortFunction("main"), "main");
  EXPECT_EQ(ShortFunction("racewalk::TdpIterator<racewalk::P, racewalk::Geometry<4, 9> >::Next()"),
            "TdpIterator::Next");
  EXPECT_EQ(ShortFunction("bool racewalk::R<A>::Call<B<C>>(A const&) const"), "R::Call");
  EXPECT_EQ(ShortFunction("racewalk::(anonymous namespace)::WriteRaced()"), "WriteRaced");
  EXPECT_EQ(ShortFunction("racewalk::A<B>::Young(int)::{lambda(B&)#1}::operator()(B&) const"),
            "A::Young::lambda::operator()");
}

TEST(Symbolizer, NamesThatAddr2lineCannotReadAreReadAsFarAsTheyGo) {
  EXPECT_EQ(Demangled("main"), "main");
  EXPECT_EQ(ShortFunction(Demangled("_ZZN8racewalk4WalkEvENKUliE_clEi")),
            "Walk::lambda::operator()");
  // A template parameter's declaration, which clang 19 writes.
  EXPECT_EQ(
      ShortFunction(Demangled("_ZN9__gnu_cxx5__ops10_Iter_predITnNSt9enable_ifIXoosr3stdT_E")),
      "__gnu_cxx::__ops::_Iter_pred");
  EXPECT_EQ(Demangled("_Z"), "_Z");
  EXPECT_EQ(Demangled("_ZN99x"), "_ZN99x");
}

TEST(Symbolizer, WhatIsBelowTheCoreIsNotWhereARaceIs) {
  EXPECT_TRUE(IsBelowCore({.function = "f", .file = "", .line = 0}));
  EXPECT_TRUE(
      IsBelowCore({.function = "f", .file = "/x/core/platform/native/atomic.h", .line = 3}));
  EXPECT_TRUE(IsBelowCore({.function = "f", .file = "/usr/include/c++/12/atomic", .line = 3}));
  EXPECT_TRUE(IsBelowCore({.function = "f", .file = "/x/sanitizers/stress_slots.h", .line = 3}));
  EXPECT_FALSE(IsBelowCore({.function = "f", .file = "/x/sanitizers/stress_machine.h", .line = 3}));
  EXPECT_FALSE(IsBelowCore({.function = "f", .file = "/x/core/tdp/fault.h", .line = 3}));
}

int g_calls = 0;
__attribute__((noinline)) uint64_t HereInThisProgram() {
  ++g_calls;
  const char* const here = static_cast<const char*>(__builtin_return_address(0));
  return static_cast<uint64_t>(here - &__executable_start) - 1;
}

__attribute__((noinline)) uint64_t KnownFunction() {
  const uint64_t offset = HereInThisProgram();
  ++g_calls;  // no tail call
  return offset;
}

TEST(Symbolizer, FindsTheLinesOfThisProgram) {
  const uint64_t offset = KnownFunction();
  Symbolizer symbolizer;
  EXPECT_THAT(symbolizer.FramesAt(offset),
              Contains(AllOf(Field(&CodeFrame::function, HasSubstr("KnownFunction")),
                             Field(&CodeFrame::file, HasSubstr("symbolizer_test.cc")))));
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string text = symbolizer.Readable(
      absl::StrCat("first\n    #0 0x55 (", self, "+0x", absl::Hex(offset), ") (BuildId: 7)\nlast"));
  EXPECT_THAT(text, AllOf(HasSubstr("first\n    #0 0x55 KnownFunction symbolizer_test.cc:"),
                          HasSubstr("\nlast"), Not(HasSubstr("BuildId"))));
  EXPECT_EQ(symbolizer.Readable("(/lib/libc.so+0x12)"), "(/lib/libc.so+0x12)");
}

// Puts a folder with an addr2line of its own, or none, in place of the PATH.
class SymbolizerPath : public ::testing::Test {
 protected:
  SymbolizerPath() { setenv("PATH", folder_.c_str(), 1); }
  ~SymbolizerPath() override { setenv("PATH", path_.c_str(), 1); }

  void MakeAddr2line(const std::string& body) const {
    const std::string file = folder_ + "/addr2line";
    std::ofstream(file) << "#!/bin/sh\n" << body << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
  }
  void RestorePath() const { setenv("PATH", path_.c_str(), 1); }

 private:
  static std::string MakeFolder() {
    std::string folder = ::testing::TempDir() + "/symbolizerXXXXXX";
    return mkdtemp(folder.data()) == nullptr ? "" : folder;
  }

  const std::string path_ = getenv("PATH");
  const std::string folder_ = MakeFolder();
};

TEST_F(SymbolizerPath, WithoutAddr2lineCodeGoesByItsOffset) {
  Symbolizer symbolizer;
  EXPECT_EQ(symbolizer.problem(), "");
  ASSERT_THAT(symbolizer.FramesAt(0x1234), SizeIs(1));
  EXPECT_THAT(FrameText(symbolizer.FramesAt(0x1234)[0]), EndsWith("_test+0x1234"));
  EXPECT_THAT(symbolizer.problem(),
              AllOf(HasSubstr("cannot run addr2line"), HasSubstr("Install binutils")));
}

TEST_F(SymbolizerPath, AnAnswerThatWasCutOffIsNotRemembered) {
  const uint64_t offset = KnownFunction();
  MakeAddr2line(absl::StrCat("echo 0x", absl::Hex(offset), "; kill -KILL $$"));
  Symbolizer symbolizer;
  EXPECT_EQ(symbolizer.FramesAt(offset)[0].file, "");
  EXPECT_THAT(symbolizer.problem(), HasSubstr("addr2line"));
  RestorePath();
  EXPECT_THAT(symbolizer.FramesAt(offset)[0].file, HasSubstr("symbolizer_test.cc"));
}

// Which the terminal sends to it too.
TEST_F(SymbolizerPath, CtrlCDoesNotEndIt) {
  MakeAddr2line("kill -INT $$; echo 0x1234; echo Walk; echo /src/walk.h:42");
  Symbolizer symbolizer;
  EXPECT_EQ(FrameText(symbolizer.FramesAt(0x1234)[0]), "Walk walk.h:42");
  EXPECT_EQ(symbolizer.problem(), "");
}

}  // namespace
}  // namespace racewalk
