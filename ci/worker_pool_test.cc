#include "ci/worker_pool.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace racewalk {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

// Does what the message says.
std::string Toy(absl::string_view message) {
  if (message == "crash") abort();
  if (message == "exit") _exit(3);
  if (message == "hang") {
    for (;;) pause();
  }
  if (message == "pid") return absl::StrCat(getpid());
  if (message == "interrupt") raise(SIGINT);
  if (message == "large") return std::string(5'000'000, 'x');
  return absl::StrCat("did ", message);
}

std::unique_ptr<WorkerPool> StartToys(int workers, milliseconds limit = milliseconds(20'000)) {
  absl::StatusOr<std::unique_ptr<WorkerPool>> pool = WorkerPool::Start(workers, Toy, limit);
  EXPECT_TRUE(pool.ok()) << pool.status();
  return *std::move(pool);
}

WorkerReport NextReport(WorkerPool& pool, int worker) {
  for (;;) {
    absl::StatusOr<std::vector<WorkerReport>> reports = pool.Wait(milliseconds(10'000));
    EXPECT_TRUE(reports.ok()) << reports.status();
    if (!reports.ok()) return {};
    for (const WorkerReport& report : *reports) {
      if (report.worker == worker) return report;
    }
  }
}

WorkerReport Ask(WorkerPool& pool, int worker, absl::string_view message) {
  EXPECT_TRUE(pool.Send(worker, message).ok());
  return NextReport(pool, worker);
}

TEST(WorkerPool, Answers) {
  const std::unique_ptr<WorkerPool> pool = StartToys(2);
  EXPECT_EQ(Ask(*pool, 0, "this").text, "did this");
  EXPECT_EQ(Ask(*pool, 1, "").text, "did ");
  EXPECT_EQ(pool->busy_count(), 0);
  EXPECT_NE(Ask(*pool, 0, "pid").text, Ask(*pool, 1, "pid").text);
}

TEST(WorkerPool, LargeAnswers) {
  const std::unique_ptr<WorkerPool> pool = StartToys(1);
  EXPECT_EQ(Ask(*pool, 0, "large").text.size(), 5'000'000u);
}

// Goal: a crash loses one message, is named, and the others go on.
TEST(WorkerPool, ACrashIsReportedAndThePlaceFilledAgain) {
  const std::unique_ptr<WorkerPool> pool = StartToys(2);
  ASSERT_TRUE(pool->Send(1, "other").ok());
  const WorkerReport report = Ask(*pool, 0, "crash");
  EXPECT_EQ(report.kind, WorkerReport::Kind::kDied);
  EXPECT_THAT(report.text, HasSubstr("signal 6"));
  EXPECT_EQ(report.signal, SIGABRT);
  EXPECT_EQ(Ask(*pool, 0, "again").text, "did again");
}

TEST(WorkerPool, AnEarlyExitIsReported) {
  const std::unique_ptr<WorkerPool> pool = StartToys(1);
  const WorkerReport report = Ask(*pool, 0, "exit");
  EXPECT_EQ(report.kind, WorkerReport::Kind::kDied);
  EXPECT_EQ(report.text, "ended with status 3");
  EXPECT_EQ(report.signal, 0);
}

TEST(WorkerPool, AWorkerThatHangsIsKilled) {
  const std::unique_ptr<WorkerPool> pool = StartToys(1, milliseconds(100));
  const WorkerReport report = Ask(*pool, 0, "hang");
  EXPECT_EQ(report.kind, WorkerReport::Kind::kHung);
  EXPECT_EQ(Ask(*pool, 0, "again").text, "did again");
}

// Goal: a watcher that was stopped, by Ctrl-Z or with its machine, takes no worker for hung.
// Method: a watcher that looks away for longer than the limit.
TEST(WorkerPool, WhileNobodyWatchesNoTimeCounts) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const auto pool = WorkerPool::Start(
      1,
      [&](absl::string_view) {
        char byte = 0;
        return read(ends[0], &byte, 1) == 1 ? std::string("went on") : std::string("lost");
      },
      milliseconds(600));
  ASSERT_TRUE(pool.ok()) << pool.status();
  ASSERT_TRUE((*pool)->Send(0, "").ok());
  std::this_thread::sleep_for(milliseconds(900));
  const absl::StatusOr<std::vector<WorkerReport>> none = (*pool)->Wait(milliseconds(0));
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_TRUE(none->empty());
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_EQ(NextReport(**pool, 0).text, "went on");
  close(ends[0]);
  close(ends[1]);
}

TEST(WorkerPool, AWorkerKilledWhileIdleIsReportedWithTheNextMessage) {
  const std::unique_ptr<WorkerPool> pool = StartToys(1);
  const pid_t pid = static_cast<pid_t>(std::stol(Ask(*pool, 0, "pid").text));
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  const WorkerReport report = Ask(*pool, 0, "lost");
  EXPECT_EQ(report.kind, WorkerReport::Kind::kDied);
  EXPECT_THAT(report.text, HasSubstr("signal 9"));
  EXPECT_EQ(Ask(*pool, 0, "again").text, "did again");
}

TEST(WorkerPool, WorkersIgnoreTheTerminalsInterrupt) {
  const std::unique_ptr<WorkerPool> pool = StartToys(1);
  EXPECT_EQ(Ask(*pool, 0, "interrupt").text, "did interrupt");
}

TEST(WorkerPool, ReplaceGivesANewProcess) {
  const std::unique_ptr<WorkerPool> pool = StartToys(1);
  const std::string before = Ask(*pool, 0, "pid").text;
  ASSERT_TRUE(pool->Replace(0).ok());
  EXPECT_NE(Ask(*pool, 0, "pid").text, before);
}

TEST(WorkerPool, WaitGivesUpAfterItsTimeout) {
  const std::unique_ptr<WorkerPool> pool = StartToys(1);
  const absl::StatusOr<std::vector<WorkerReport>> reports = pool->Wait(milliseconds(1));
  ASSERT_TRUE(reports.ok());
  EXPECT_TRUE(reports->empty());
}

// Goal: nothing is left behind, even by a worker that hangs.
TEST(WorkerPool, TheDestructorEndsEveryWorker) {
  pid_t pid = 0;
  {
    const std::unique_ptr<WorkerPool> pool = StartToys(1);
    pid = static_cast<pid_t>(std::stol(Ask(*pool, 0, "pid").text));
    ASSERT_TRUE(pool->Send(0, "hang").ok());
  }
  EXPECT_NE(kill(pid, 0), 0);
}

}  // namespace
}  // namespace racewalk
