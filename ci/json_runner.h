// Runs the real binary and reads what it prints as JSON.
#ifndef RACEWALK_CI_JSON_RUNNER_H_
#define RACEWALK_CI_JSON_RUNNER_H_

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ci/command_runner.h"
#include "gtest/gtest.h"

namespace racewalk {

class JsonRunner : public CommandRunner {
 protected:
  // Small and quick, and there is something to race in it.
  static constexpr char kText[] = "tdp frames=2 vcpu a{write 0} vcpu b{write 0}";

  nlohmann::json RunJson(std::vector<std::string> arguments, int status) {
    arguments.emplace_back("--json");
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.status, status) << outcome.err;
    nlohmann::json object = nlohmann::json::parse(outcome.out, nullptr, false);
    EXPECT_TRUE(object.is_object()) << outcome.out.substr(0, 1000);
    return object.is_object() ? object : nlohmann::json::object();
  }

  // Something that `check` finds at once: walkers follow unpublished tables.
  nlohmann::json FindViolation(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"check",    kText,          "--weaken=table_publish",
                                          "--seed=1", "--seconds=60", "--shrink-seconds=0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunJson(arguments, 1);
  }
};

}  // namespace racewalk

#endif  // RACEWALK_CI_JSON_RUNNER_H_
