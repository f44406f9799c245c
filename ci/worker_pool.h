// Worker processes: forked, not executed, each behind a socket that carries
// length-prefixed messages.
//
// Knows nothing of exploration: a message and its answer are bytes.
#ifndef RACEWALK_CI_WORKER_POOL_H_
#define RACEWALK_CI_WORKER_POOL_H_

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace racewalk {

// Runs in a worker: the answer to one message.
using WorkerHandler = std::function<std::string(absl::string_view message)>;

// So many workers keep this machine busy.
int Cores();

struct WorkerReport {
  enum class Kind {
    kAnswer,  // `text` is the handler's answer
    kDied,    // `text` says how, "was killed by signal 11 (Segmentation fault)"
    kHung,    // it took longer than the limit and was killed; `text` says so
  };
  int worker = -1;
  Kind kind = Kind::kAnswer;
  std::string text{};
  // That ended a worker that died; 0 if none did. The pool itself sends SIGKILL only to those that
  // hang, so that of another it came from outside, as from the kernel when memory is short.
  int signal = 0;
};

// A fixed number of places, each with a process that handles one message at a
// time. A process that dies or hangs is reported once, and its place gets a
// new one. Workers ignore SIGINT, which a terminal sends to all of them, die
// with this process, and write what they print to standard error.
//
// Thread-compatible; this process must have one thread when a pool is made or
// used, since it forks. The destructor kills every worker.
class WorkerPool {
 public:
  // `handler` is copied into each worker as it is now. `limit`: how long an
  // answer may take. Error: Internal if a process cannot be made.
  static absl::StatusOr<std::unique_ptr<WorkerPool>> Start(int workers, WorkerHandler handler,
                                                           std::chrono::milliseconds limit);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()); }
  bool busy(int worker) const { return workers_[static_cast<std::size_t>(worker)].busy; }
  // Its process, for who watches or ends it; valid until this object is used again.
  pid_t pid(int worker) const { return workers_[static_cast<std::size_t>(worker)].pid; }
  // How many have a message under way.
  int busy_count() const;

  // The worker must not be busy.
  absl::Status Send(int worker, absl::string_view message);

  // Waits until there is something to report, `timeout` is over or a signal
  // arrives; returns what there is, in the order of workers. Time counts for
  // the limit only while this is called, or a moment longer: while this process
  // is stopped, as by Ctrl-Z, or its machine is, workers may be too.
  absl::StatusOr<std::vector<WorkerReport>> Wait(std::chrono::milliseconds timeout);

  // The time that has counted so far.
  std::chrono::steady_clock::duration counted() const { return counted_; }

  // Gives the place a new process; the worker must not be busy.
  absl::Status Replace(int worker);

 private:
  struct Worker {
    pid_t pid = -1;
    int socket = -1;
    bool busy = false;
    std::chrono::steady_clock::duration since{};  // of the message under way, as counted()
    std::string received{};
  };

  WorkerPool(WorkerHandler handler, std::chrono::milliseconds limit)
      : handler_(std::move(handler)), limit_(limit) {}

  absl::Status Fork(Worker& worker);
  [[noreturn]] void RunWorker(int socket);
  // Kills and reaps one that still runs; returns its wait status.
  static int End(Worker& worker);
  // Of one that has closed its socket: gives it a moment to end by itself.
  static void LetEnd(const Worker& worker);
  // Reads what is there; returns false at the end of the stream.
  static bool Receive(Worker& worker);
  absl::Status Collect(int index, std::vector<WorkerReport>& reports);
  // Counts the time since it was called last.
  void CountTime();
  // Waits for at most `most`; whether there may be something to collect.
  absl::StatusOr<bool> Poll(std::chrono::milliseconds most);

  WorkerHandler handler_;
  std::chrono::milliseconds limit_;
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
  std::chrono::steady_clock::duration counted_{};
  std::vector<Worker> workers_{};
};

}  // namespace racewalk

#endif  // RACEWALK_CI_WORKER_POOL_H_
