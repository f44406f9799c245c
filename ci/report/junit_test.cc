// Goal: the file is XML that CI systems read: well-formed, with the elements, attributes and counts
// of the schema that they share (junit-10). Method: a small strict reader of XML.
#include "ci/report/junit.h"

#include <cctype>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/report/sample_report.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct XmlElement {
  std::string name{};
  std::string parent{};
  std::map<std::string, std::string> attributes{};
};

// Elements in order; fails the test at the first thing that is not well-formed.
class XmlReader {
 public:
  explicit XmlReader(absl::string_view text) : rest_(text) {}

  std::vector<XmlElement> Read() {
    Take("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    while (!rest_.empty() && !::testing::Test::HasFailure()) {
      if (rest_[0] != '<') {
        Characters('<');
      } else if (absl::StartsWith(rest_, "</")) {
        Take("</");
        const std::string name = Name();
        Demand(!open_.empty() && open_.back() == name, name);
        if (!open_.empty()) open_.pop_back();
        Take(">");
      } else {
        Element();
      }
    }
    EXPECT_THAT(open_, IsEmpty());
    return elements_;
  }

 private:
  static void Demand(bool holds, absl::string_view what) {
    EXPECT_TRUE(holds) << std::string(what);
  }
  void Take(absl::string_view expected) {
    Demand(absl::StartsWith(rest_, expected), rest_.substr(0, 60));
    rest_.remove_prefix(std::min(expected.size(), rest_.size()));
  }
  std::string Name() {
    std::string name;
    while (!rest_.empty() && std::isalpha(static_cast<unsigned char>(rest_[0])) != 0) {
      name += rest_[0];
      rest_.remove_prefix(1);
    }
    Demand(!name.empty(), rest_.substr(0, 60));
    return name;
  }
  // Up to `end`: no markup, no '&' but of an entity, no character that XML has not.
  std::string Characters(char end) {
    std::string text;
    while (!rest_.empty() && rest_[0] != end) {
      const auto byte = static_cast<unsigned char>(rest_[0]);
      Demand(rest_[0] != '<' && (byte >= 0x20 || byte == '\n'), rest_.substr(0, 60));
      if (rest_[0] == '&') {
        bool known = false;
        for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&#10;"}) {
          known = known || absl::StartsWith(rest_, entity);
        }
        Demand(known, rest_.substr(0, 60));
      }
      text += rest_[0];
      rest_.remove_prefix(1);
    }
    return text;
  }
  void Element() {
    Take("<");
    XmlElement element{.name = Name(), .parent = open_.empty() ? "" : open_.back()};
    while (absl::StartsWith(rest_, " ")) {
      Take(" ");
      const std::string name = Name();
      Take("=\"");
      Demand(!element.attributes.contains(name), name);
      element.attributes[name] = Characters('"');
      Take("\"");
    }
    if (absl::StartsWith(rest_, "/>")) {
      Take("/>");
    } else {
      Take(">");
      open_.push_back(element.name);
    }
    elements_.push_back(element);
  }

  absl::string_view rest_;
  std::vector<std::string> open_{};
  std::vector<XmlElement> elements_{};
};

struct Allowed {
  std::string parent{};
  std::set<std::string> required{};
  std::set<std::string> optional{};
};

const std::map<std::string, Allowed>& Schema() {
  static const auto* const schema = new std::map<std::string, Allowed>{
      {"testsuites", {"", {}, {"name", "tests", "failures", "errors", "time"}}},
      {"testsuite",
       {"testsuites", {"name", "tests", "failures", "errors"}, {"skipped", "time", "timestamp"}}},
      {"testcase", {"testsuite", {"name"}, {"classname", "time"}}},
      {"failure", {"testcase", {}, {"type", "message"}}},
      {"error", {"testcase", {}, {"type", "message"}}},
      {"skipped", {"testcase", {}, {"type", "message"}}}};
  return *schema;
}

void ExpectSchema(const std::vector<XmlElement>& elements) {
  for (const XmlElement& element : elements) {
    ASSERT_TRUE(Schema().contains(element.name)) << element.name;
    const Allowed& allowed = Schema().at(element.name);
    EXPECT_EQ(element.parent, allowed.parent) << element.name;
    for (const std::string& name : allowed.required) {
      EXPECT_TRUE(element.attributes.contains(name)) << element.name << " " << name;
    }
    for (const auto& [name, value] : element.attributes) {
      EXPECT_TRUE(allowed.required.contains(name) || allowed.optional.contains(name)) << name;
      double number = 0;
      if (name == "time") {
        EXPECT_TRUE(absl::SimpleAtod(value, &number)) << value;
      }
    }
  }
}

// Each suite's counts are those of its elements.
void ExpectCounts(const std::vector<XmlElement>& elements) {
  std::map<std::string, int> counted;
  std::map<std::string, int> all;
  const XmlElement* suite = nullptr;
  const auto check = [&] {
    if (suite == nullptr) return;
    EXPECT_EQ(suite->attributes.at("tests"), absl::StrCat(counted["testcase"]));
    EXPECT_EQ(suite->attributes.at("failures"), absl::StrCat(counted["failure"]));
    EXPECT_EQ(suite->attributes.at("errors"), absl::StrCat(counted["error"]));
    EXPECT_EQ(suite->attributes.at("skipped"), absl::StrCat(counted["skipped"]));
  };
  for (const XmlElement& element : elements) {
    if (element.name == "testsuite") {
      check();
      suite = &element;
      counted.clear();
    }
    ++counted[element.name];
    ++all[element.name];
  }
  check();
  EXPECT_EQ(elements.at(0).attributes.at("tests"), absl::StrCat(all["testcase"]));
  EXPECT_EQ(elements.at(0).attributes.at("failures"), absl::StrCat(all["failure"]));
}

TEST(JunitTest, ACleanNightHasACaseForEachRowAndMutant) {
  const std::string xml = JunitXml(CleanReport());
  const std::vector<XmlElement> elements = XmlReader(xml).Read();
  ExpectSchema(elements);
  ExpectCounts(elements);
  EXPECT_EQ(elements.at(0).attributes.at("tests"), "4");
  EXPECT_EQ(elements.at(0).attributes.at("failures"), "0");
  EXPECT_THAT(xml, HasSubstr("<testcase classname=\"racewalk.explore.fault_vs_fault\" name=\"tdp "
                             "owned random\" time=\"0.000\"/>"));
  EXPECT_THAT(xml, HasSubstr("<skipped message=\"not killed in 900 executions\"></skipped>"));
  EXPECT_THAT(xml, Not(HasSubstr("racewalk.trend")));
}

TEST(JunitTest, ViolationsAreFailuresWithSentenceAndTokenWhateverTheyHold) {
  const std::string xml = JunitXml(HostileReport());
  const std::vector<XmlElement> elements = XmlReader(xml).Read();
  ExpectSchema(elements);
  ExpectCounts(elements);
  // Two rows, and three of the comparison.
  EXPECT_EQ(elements.at(0).attributes.at("failures"), "5");
  EXPECT_THAT(xml,
              HasSubstr("<failure type=\"use-after-free\" message=\"a used page 3, which b had "
                        "freed.\">use-after-free (invariant L1)\n"));
  EXPECT_THAT(xml, HasSubstr("at roots.h:233, made wrong at fault.h:90\nreplay: racewalk replay "
                             "&#39;a "));
  // Characters that XML has not, in UTF-8.
  EXPECT_THAT(xml, Not(HasSubstr("\xEF\xBF\xBF")));
}

TEST(JunitTest, ATimeIsWholeInAnyYear) {
  NightReport report = CleanReport();
  report.store.nights.back().started = 253402300800;
  EXPECT_THAT(JunitXml(report), HasSubstr("timestamp=\"10000-01-01T00:00:00\""));
}

TEST(JunitTest, AWorkerThatDiedIsAnError) {
  NightReport report = CleanReport();
  report.store.units[0].work.lost = 2;
  report.store.units[0].work.chunks = 9;
  report.store.incidents = {{report.store.units[0].unit, 3, "was killed by signal 11"}};
  const std::string xml = JunitXml(report);
  const std::vector<XmlElement> elements = XmlReader(xml).Read();
  ExpectCounts(elements);
  EXPECT_EQ(elements.at(0).attributes.at("errors"), "1");
  EXPECT_THAT(xml,
              HasSubstr("<error type=\"incident\" message=\"2 chunks of 9 did not end\">chunk 3: "
                        "was killed by signal 11\n</error>"));
}

}  // namespace
}  // namespace racewalk
