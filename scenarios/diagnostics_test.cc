// Goal: messages are one printable line with a place and a remedy. Method:
// bytes that break terminals or JSON, and words near and far.
#include "scenarios/diagnostics.h"

#include <string>

#include "gtest/gtest.h"

namespace racewalk {
namespace {

TEST(Diagnostics, PrintableKeepsTextAndReplacesTheRest) {
  EXPECT_EQ(Printable("a b"), "a b");
  EXPECT_EQ(Printable("a\r\n\tb\x7F"), "a???b?");
  EXPECT_EQ(Printable(absl::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(Printable("caf\xC3\xA9 \xE2\x80\x94 \xF0\x9F\x90\x9B"),
            "caf\xC3\xA9 \xE2\x80\x94 \xF0\x9F\x90\x9B");
}

TEST(Diagnostics, PrintableRefusesWhatIsNoUtf8) {
  EXPECT_EQ(Printable("caf\xE9"), "caf?");           // Latin-1
  EXPECT_EQ(Printable("\xC0\xAF"), "??");            // overlong
  EXPECT_EQ(Printable("\xED\xA0\x80"), "???");       // a surrogate
  EXPECT_EQ(Printable("\xF4\x90\x80\x80"), "????");  // beyond Unicode
  EXPECT_EQ(Printable("\xE2\x80"), "??");            // cut short
}

TEST(Diagnostics, TheRemedyIsTheNearestWordOrAllOfThem) {
  EXPECT_EQ(NearestOrAll("reed", {"read", "write"}), "did you mean 'read'?");
  EXPECT_EQ(NearestOrAll("", {"read", "write"}), "choose from read, write");
  EXPECT_EQ(NearestOrAll("", {"read"}), "write 'read'");
}

TEST(Diagnostics, AnErrorBeginsWithItsPlace) {
  EXPECT_EQ(InputError("a.scn", {3, 7}, "found x").message(), "a.scn:3:7: found x");
  EXPECT_EQ(InputError("a.scn", {}, "found x").message(), "a.scn: found x");
  EXPECT_EQ(InputError("", {1, 2}, "found x").message(), "text:1:2: found x");
  EXPECT_EQ(InputError("a\nb", {}, "found x").message(), "a?b: found x");
}

}  // namespace
}  // namespace racewalk
