// Goal: requests and answers cross the pipe whole, and damaged ones are told.
#include "ci/shrink_task.h"

#include <string>

#include "ci/fake_explorer.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

Witness SomeWitness() {
  Witness witness;
  witness.rota.turns = {{.thread = 1, .steps = 7}, {.thread = 0, .steps = 2}};
  witness.rota.choices[1] = {0, 3, 1};
  witness.cost = {.preemptions = 1, .unusual = 2, .steps = 9};
  return witness;
}

void ExpectSame(const Witness& a, const Witness& b) {
  EXPECT_EQ(a.rota, b.rota);
  EXPECT_EQ(a.cost, b.cost);
}

TEST(ShrinkTask, RequestsCrossWhole) {
  const ShrinkRequest request{.kind = ShrinkRequest::Kind::kBounded,
                              .scenario = "tdp vcpu a{read 0}",
                              .goal = {.kind = ViolationKind::kLeak, .invariant = "L3"},
                              .witness = SomeWitness(),
                              .executions = 123,
                              .seed = ~uint64_t{0},
                              .bound = 2};
  const std::string message = FormatShrinkRequest(request);
  const auto read = ParseShrinkRequest(message);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->kind, request.kind);
  EXPECT_EQ(read->scenario, request.scenario);
  EXPECT_EQ(read->goal.kind, request.goal.kind);
  EXPECT_EQ(read->goal.invariant, request.goal.invariant);
  ExpectSame(read->witness, request.witness);
  EXPECT_EQ(read->executions, request.executions);
  EXPECT_EQ(read->seed, request.seed);
  EXPECT_EQ(read->bound, request.bound);
  EXPECT_FALSE(ParseShrinkRequest(message.substr(0, message.size() - 1)).ok());
}

TEST(ShrinkTask, AnswersCrossWhole) {
  ShrinkAnswer answer;
  answer.status = absl::InvalidArgumentError("no");
  answer.witness = SomeWitness();
  answer.finding = Finding{.kind = ViolationKind::kLeak, .token = "token"};
  answer.executions = 5;
  answer.retire = true;
  const std::string message = FormatShrinkAnswer(answer);
  const auto read = ParseShrinkAnswer(message);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->status, answer.status);
  ASSERT_TRUE(read->witness && read->finding);
  ExpectSame(*read->witness, *answer.witness);
  EXPECT_EQ(read->finding->token, "token");
  EXPECT_EQ(read->executions, 5u);
  EXPECT_TRUE(read->retire);
  EXPECT_FALSE(ParseShrinkAnswer(message + "x").ok());
}

TEST(ShrinkTask, ADamagedRequestIsAnsweredWithAnError) {
  ShrinkWorker worker({}, FakeFactory(), {});
  const auto answer = ParseShrinkAnswer(worker.Handle("x"));
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(absl::IsInternal(answer->status));
}

// Goal: no process lives for ever on memory that failures leave behind.
TEST(ShrinkTask, AWorkerRetiresAfterManyFailures) {
  Recorded recorded;
  recorded.target.subject.weakened.set(1);
  ShrinkWorker worker(recorded, FakeFactory(), {});
  const ShrinkRequest request{.kind = ShrinkRequest::Kind::kSample,
                              .scenario = "tdp vcpu a{read 0} vcpu b{read 0}",
                              .goal = {.kind = ViolationKind::kLeak},
                              .witness = SomeWitness(),
                              .executions = 1000};
  EXPECT_FALSE(worker.Run(request).retire);
  EXPECT_TRUE(worker.Run(request).retire);
}

}  // namespace
}  // namespace racewalk
