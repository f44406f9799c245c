// Goal: what the core traces is told in its own words. Method: an update of the slots
// is recorded, in which entries change and an array of slots is published.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "scenarios/explore/explorer.h"
#include "scenarios/explore/random_strategy.h"
#include "scenarios/parser.h"

namespace racewalk {
namespace {

TEST(RecordedTextsTest, OnlyAPublicationOfSlotsIsCalledOne) {
  const auto publications = [](const char* text) {
    const auto explorer = Explorer::Create({.scenario = ParseScenario(text, "").value(),
                                            .mmu = "stage2",
                                            .variant = "defer_to_callback"})
                              .value();
    RandomStrategy strategy;
    const Recording recording = explorer->Record(strategy, 1, true);
    return std::count_if(recording.events.begin(), recording.events.end(), [](const Event& event) {
      return event.step > 0 && event.kind == EventKind::kTrace &&
             event.trace == std::string("is about to publish memory slots");
    });
  };
  EXPECT_EQ(publications("stage2 frames=2 vcpu a{write 0} vcpu b{write 1}"), 0);
  // Once to make the slot invalid, once to take it out.
  EXPECT_EQ(publications("stage2 frames=2 setup{write 0} vmm m{slot delete 0} vcpu b{load_root}"),
            2);
}

}  // namespace
}  // namespace racewalk
