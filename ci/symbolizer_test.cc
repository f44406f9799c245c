#include "ci/symbolizer.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// Where this program is loaded; the linker's.
extern "C" const char __executable_start;

namespace racewalk {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Symbolizer, FunctionsAreNamedAsAPersonWould) {
  EXPECT_EQ(ShortFunction("main"), "main");
  EXPECT_EQ(ShortFunction("racewalk::TdpIterator<racewalk::P, racewalk::Geometry<4, 9> >::Next()"),
            "TdpIterator::Next");
  EXPECT_EQ(ShortFunction("bool racewalk::R<A>::Call<B<C>>(A const&) const"), "R::Call");
  EXPECT_EQ(ShortFunction("racewalk::(anonymous namespace)::WriteRaced()"), "WriteRaced");
  EXPECT_EQ(ShortFunction("racewalk::A<B>::Young(int)::{lambda(B&)#1}::operator()(B&) const"),
            "A::Young::lambda::operator()");
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

}  // namespace
}  // namespace racewalk
