#include "ci/wire.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace racewalk {
namespace {

std::string Sample() {
  WireWriter writer;
  writer.Number(7);
  writer.Text(std::string("a\0b", 3));
  writer.Numbers({1, ~uint64_t{0}});
  writer.Texts({"", "x"});
  return writer.Take();
}

TEST(Wire, WhatIsWrittenIsRead) {
  const std::string bytes = Sample();
  WireReader reader(bytes);
  EXPECT_EQ(reader.Number(), 7u);
  EXPECT_EQ(reader.Text(), std::string("a\0b", 3));
  EXPECT_EQ(reader.Numbers(), (std::vector<uint64_t>{1, ~uint64_t{0}}));
  EXPECT_EQ(reader.Texts(), (std::vector<std::string>{"", "x"}));
  EXPECT_TRUE(reader.Complete());
}

// Goal: a message cut anywhere is refused and nothing is read past its end.
TEST(Wire, EveryPrefixIsIncomplete) {
  const std::string bytes = Sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string prefix = bytes.substr(0, size);
    WireReader reader(prefix);
    reader.Number();
    reader.Text();
    reader.Numbers();
    reader.Texts();
    EXPECT_FALSE(reader.Complete()) << size;
  }
}

TEST(Wire, CountsThatWouldWrapAroundAreRefused) {
  WireWriter writer;
  writer.Number(uint64_t{1} << 61);  // times eight is zero
  const std::string bytes = writer.Take();
  WireReader reader(bytes);
  EXPECT_TRUE(reader.Numbers().empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Wire, TrailingBytesAreNotComplete) {
  const std::string bytes = Sample() + "x";
  WireReader reader(bytes);
  reader.Number();
  reader.Text();
  reader.Numbers();
  reader.Texts();
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(reader.Complete());
}

}  // namespace
}  // namespace racewalk
