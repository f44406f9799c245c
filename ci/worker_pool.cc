#include "ci/worker_pool.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "ci/sentences.h"

namespace racewalk {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kHeader = sizeof(uint64_t);
// An answer is far smaller; a larger length means that the stream is damaged.
constexpr uint64_t kMaxMessage = uint64_t{1} << 30;
// Time is counted in slices of that length, or twice that if the machine is busy.
constexpr milliseconds kSlice{50};
constexpr milliseconds kMostCounted = 2 * kSlice;
// Of a worker that is ending, a millisecond apart.
constexpr int kMostLooks = 5000;

// MSG_NOSIGNAL: a worker that has just died is an error here, not a SIGPIPE.
bool SendAll(int socket, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool SendMessage(int socket, absl::string_view message) {
  char header[kHeader];
  const uint64_t size = message.size();
  std::memcpy(header, &size, kHeader);
  return SendAll(socket, absl::string_view(header, kHeader)) && SendAll(socket, message);
}

bool ReceiveExactly(int socket, char* bytes, std::size_t size) {
  while (size != 0) {
    const ssize_t received = recv(socket, bytes, size, 0);
    if (received < 0 && errno == EINTR) continue;
    if (received <= 0) return false;
    bytes += received;
    size -= static_cast<std::size_t>(received);
  }
  return true;
}

bool ReceiveMessage(int socket, std::string& message) {
  char header[kHeader];
  if (!ReceiveExactly(socket, header, kHeader)) return false;
  uint64_t size = 0;
  std::memcpy(&size, header, kHeader);
  if (size > kMaxMessage) return false;
  message.resize(size);
  return ReceiveExactly(socket, message.data(), size);
}

std::string EndText(int status) {
  if (!WIFSIGNALED(status)) return absl::StrCat("ended with status ", WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return absl::StrCat("was killed by signal ", number, " (", strsignal(number), ")");
}

absl::Status SystemError(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

int Cores() { return std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Start(int workers, WorkerHandler handler,
                                                              milliseconds limit) {
  std::unique_ptr<WorkerPool> pool(new WorkerPool(std::move(handler), limit));
  pool->workers_.resize(static_cast<std::size_t>(workers));
  for (Worker& worker : pool->workers_) {
    absl::Status status = pool->Fork(worker);
    if (!status.ok()) return status;
  }
  return pool;
}

WorkerPool::~WorkerPool() {
  for (Worker& worker : workers_) End(worker);
}

int WorkerPool::busy_count() const {
  return static_cast<int>(
      std::count_if(workers_.begin(), workers_.end(), [](const Worker& w) { return w.busy; }));
}

absl::Status WorkerPool::Fork(Worker& worker) {
  int sockets[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return SystemError("cannot make a socket for a worker");
  }
  // What is buffered would otherwise be printed by both.
  std::fflush(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    absl::Status status = SystemError("cannot start a worker process");
    close(sockets[0]);
    close(sockets[1]);
    return status;
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);  // it died before the line above
    close(sockets[0]);
    // A copy of another worker's socket would hide from it that we have ended.
    for (const Worker& other : workers_) {
      if (other.socket >= 0) close(other.socket);
    }
    RunWorker(sockets[1]);
  }
  close(sockets[1]);
  worker = {.pid = pid, .socket = sockets[0]};
  return absl::OkStatus();
}

void WorkerPool::RunWorker(int socket) {
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, SIG_IGN);
  dup2(STDERR_FILENO, STDOUT_FILENO);
  std::string message;
  while (ReceiveMessage(socket, message)) {
    if (!SendMessage(socket, handler_(message))) break;
  }
  // Not exit(): what the parent registered to run at exit is not ours.
  _exit(0);
}

int WorkerPool::End(Worker& worker) {
  if (worker.pid < 0) return 0;
  // A worker that has ended by itself keeps its own status.
  int status = 0;
  pid_t reaped = waitpid(worker.pid, &status, WNOHANG);
  if (reaped == 0) {
    kill(worker.pid, SIGKILL);
    do {
      reaped = waitpid(worker.pid, &status, 0);
    } while (reaped < 0 && errno == EINTR);
  }
  close(worker.socket);
  worker = {};
  return status;
}

void WorkerPool::LetEnd(const Worker& worker) {
  for (int looked = 0; looked < kMostLooks; ++looked) {
    siginfo_t info{};
    const int result =
        waitid(P_PID, static_cast<id_t>(worker.pid), &info, WEXITED | WNOHANG | WNOWAIT);
    if (result != 0 || info.si_pid != 0) return;
    std::this_thread::sleep_for(milliseconds(1));
  }
}

absl::Status WorkerPool::Send(int index, absl::string_view message) {
  Worker& worker = workers_[static_cast<std::size_t>(index)];
  if (worker.pid < 0) return absl::InternalError("the worker is gone");
  worker.busy = true;
  CountTime();
  worker.since = counted_;
  // A failure is a worker that died while idle; Wait sees and reports it.
  SendMessage(worker.socket, message);
  return absl::OkStatus();
}

absl::Status WorkerPool::Replace(int index) {
  Worker& worker = workers_[static_cast<std::size_t>(index)];
  End(worker);
  return Fork(worker);
}

bool WorkerPool::Receive(Worker& worker) {
  char bytes[65536];
  for (;;) {
    const ssize_t size = recv(worker.socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size > 0) {
      worker.received.append(bytes, static_cast<std::size_t>(size));
      continue;
    }
    if (size < 0 && errno == EINTR) continue;
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }
}

absl::Status WorkerPool::Collect(int index, std::vector<WorkerReport>& reports) {
  Worker& worker = workers_[static_cast<std::size_t>(index)];
  const bool open = Receive(worker);
  uint64_t size = 0;
  if (worker.received.size() >= kHeader) {
    std::memcpy(&size, worker.received.data(), kHeader);
    if (worker.received.size() - kHeader >= size) {
      reports.push_back({index, WorkerReport::Kind::kAnswer, worker.received.substr(kHeader)});
      worker.received.clear();
      worker.busy = false;
      return absl::OkStatus();
    }
  }
  if (!open || size > kMaxMessage) {
    LetEnd(worker);
    const int status = End(worker);
    reports.push_back({.worker = index,
                       .kind = WorkerReport::Kind::kDied,
                       .text = EndText(status),
                       .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0});
    return Fork(worker);
  }
  if (counted_ - worker.since > limit_) {
    End(worker);
    reports.push_back({index, WorkerReport::Kind::kHung,
                       absl::StrCat("gave no answer in ",
                                    DurationText(std::chrono::duration<double>(limit_).count()))});
    return Fork(worker);
  }
  return absl::OkStatus();
}

void WorkerPool::CountTime() {
  const auto now = steady_clock::now();
  counted_ += std::min<steady_clock::duration>(now - looked_, kMostCounted);
  looked_ = now;
}

absl::StatusOr<bool> WorkerPool::Poll(milliseconds most) {
  std::vector<pollfd> polled;
  for (const Worker& worker : workers_) {
    if (worker.busy) polled.push_back({worker.socket, POLLIN, 0});
  }
  const int ready = poll(polled.data(), polled.size(), static_cast<int>(most.count()));
  // EINTR is an answer too: the caller looks at what the signal was for.
  if (ready < 0 && errno != EINTR) return SystemError("cannot wait for workers");
  CountTime();
  const bool late = std::any_of(workers_.begin(), workers_.end(), [&](const Worker& worker) {
    return worker.busy && counted_ - worker.since > limit_;
  });
  return ready != 0 || late;
}

absl::StatusOr<std::vector<WorkerReport>> WorkerPool::Wait(milliseconds timeout) {
  const auto end = steady_clock::now() + timeout;
  for (bool done = false; !done;) {
    const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now());
    const milliseconds most = std::clamp(left, milliseconds(0), kSlice);
    const absl::StatusOr<bool> ready = Poll(most);
    if (!ready.ok()) return ready.status();
    done = *ready || left <= most;
  }
  std::vector<WorkerReport> reports;
  for (int i = 0; i < size(); ++i) {
    if (!busy(i)) continue;
    absl::Status status = Collect(i, reports);
    if (!status.ok()) return status;
  }
  return reports;
}

}  // namespace racewalk
