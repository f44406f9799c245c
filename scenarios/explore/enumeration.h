// What a strategy that runs every execution once can do beyond a sampling one.
#ifndef RACEWALK_SCENARIOS_EXPLORE_ENUMERATION_H_
#define RACEWALK_SCENARIOS_EXPLORE_ENUMERATION_H_

#include <string>

#include "absl/strings/string_view.h"
#include "scenarios/explore/strategy.h"

namespace racewalk {

// Keys mean nothing to it: its executions come in an order of its own, and
// those that are told of are named by their path (path.h). Where it stands is
// a path too, so that another process can go on with it. One at a time: two
// that share a subject would run the same executions.
class Enumeration : public Strategy {
 public:
  // Makes the next execution the one that begins with `path`, all before it
  // counting as run; "-" is the first. False if it is no path.
  virtual bool GoTo(absl::string_view path) = 0;
  // Where to go on; only while there is something left to run.
  virtual std::string next() const = 0;
  // The spec of the execution that has just ended: "path:0012a".
  virtual std::string last() const = 0;
  // The part of the tree that has been run if all its branches were alike, 0 to 1.
  virtual double done() const = 0;
  // The label that is earned once exhausted(): "exhausted", "bounded(2)".
  virtual std::string claim() const = 0;

  Enumeration* enumeration() final { return this; }
};

}  // namespace racewalk

#endif  // RACEWALK_SCENARIOS_EXPLORE_ENUMERATION_H_
