// Fork, pipe, poll, wait. Items run in order inside a worker; a dead worker is followed by one for
// the items after the one that killed it.
#include "sim/explore/worker_pool.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>

#include <fmt/format.h>

#include "sim/explore/interrupt.h"
#include "sim/explore/worker_end.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

constexpr std::size_t kBreadcrumbBytes = 65536;
constexpr int kTickMillis = 100;  // how long an interruption may go unnoticed

// Set in the worker only, for the calls that its code makes.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
unsigned g_seconds_per_step = 0;
volatile sig_atomic_t g_seconds_of_step = 0;  // that the worker was allowed to run
char* g_breadcrumb = nullptr;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

// Once a second. Ticks that come due while the process is stopped (Ctrl-Z, a debugger, a suspended
// machine) come as one: only the time in which it could run is counted.
void OnTick(int) {
  g_seconds_of_step = g_seconds_of_step + 1;
  if (static_cast<unsigned>(g_seconds_of_step) <= g_seconds_per_step) return;
  signal(SIGALRM, SIG_DFL);
  raise(SIGALRM);
}

void StartTicks() {
  static char stack[65536];  // the code under test may run on small stacks of its own
  const stack_t alternate{.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof(stack)};
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = OnTick;
  action.sa_flags = SA_RESTART | SA_ONSTACK;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval second{.it_interval = {.tv_sec = 1, .tv_usec = 0},
                         .it_value = {.tv_sec = 1, .tv_usec = 0}};
  setitimer(ITIMER_REAL, &second, nullptr);
}

// A worker's run of items [next, end).
struct Span {
  std::size_t next = 0;
  std::size_t end = 0;
};

struct Worker {
  pid_t pid = -1;
  int frames = -1;  // read end
  int errors = -1;  // memory file behind the worker's standard error
  char* breadcrumb = nullptr;
  Span span;
  std::string buffer;
};

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(5);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

[[noreturn]] void WorkerMain(const Worker& worker,
                             pid_t explorer,
                             int out,
                             const WorkerLimits& limits,
                             absl::FunctionRef<std::string(std::size_t)> run) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // no worker outlives its explorer, however that ends
  if (getppid() != explorer) _exit(5);
  signal(SIGINT, SIG_IGN);  // the explorer decides when to stop
  dup2(worker.errors, STDERR_FILENO);
  g_breadcrumb = worker.breadcrumb;
  g_seconds_per_step = limits.seconds_per_step;
  StartTicks();
  for (std::size_t item = worker.span.next; item < worker.span.end; ++item) {
    g_seconds_of_step = 0;
    const std::string frame = run(item);
    std::string head;
    vfs::AppendLittleEndian(head, static_cast<std::uint64_t>(frame.size()));
    WriteAll(out, head + frame);
  }
  _exit(0);
}

absl::StatusOr<Worker> Start(Span span,
                             const WorkerLimits& limits,
                             absl::FunctionRef<std::string(std::size_t)> run) {
  Worker worker;
  worker.span = span;
  int ends[2];
  if (pipe(ends) != 0) return vfs::ErrnoToStatus(errno, "make pipe for", "worker");
  worker.frames = ends[0];
  worker.errors = memfd_create("worker-stderr", 0);
  void* const shared =
      mmap(nullptr, kBreadcrumbBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (worker.errors < 0 || shared == MAP_FAILED)
    return vfs::ErrnoToStatus(errno, "make shared memory for", "worker");
  worker.breadcrumb = static_cast<char*>(shared);
  const pid_t explorer = getpid();
  worker.pid = fork();
  if (worker.pid < 0) return vfs::ErrnoToStatus(errno, "fork", "worker");
  if (worker.pid == 0) {
    close(ends[0]);
    WorkerMain(worker, explorer, ends[1], limits, run);
  }
  close(ends[1]);
  return worker;
}

// Moves whole frames from the buffer into the results.
void TakeFrames(Worker& worker, std::vector<ItemResult>& results) {
  std::size_t offset = 0;
  while (worker.buffer.size() - offset >= 8) {
    const auto size = vfs::LoadLittleEndian<std::uint64_t>(worker.buffer, offset);
    if (worker.buffer.size() - offset - 8 < size) break;
    ItemResult& result = results[worker.span.next++];
    result.is_finished = true;
    result.frame = worker.buffer.substr(offset + 8, size);
    offset += 8 + size;
  }
  worker.buffer.erase(0, offset);
}

// Reads once; false at the end of the stream.
bool ReadSome(Worker& worker, std::vector<ItemResult>& results) {
  char chunk[65536];
  const ssize_t count = read(worker.frames, chunk, sizeof(chunk));
  if (count < 0) return errno == EINTR;
  if (count == 0) return false;
  worker.buffer.append(chunk, static_cast<std::size_t>(count));
  TakeFrames(worker, results);
  return true;
}

// Waits for the worker's end.
int Reap(const Worker& worker) {
  int wait_status = 0;
  while (waitpid(worker.pid, &wait_status, 0) < 0 && errno == EINTR) {
  }
  return wait_status;
}

void Release(const Worker& worker) {
  close(worker.frames);
  close(worker.errors);
  munmap(worker.breadcrumb, kBreadcrumbBytes);
}

// Reaps the worker; what it did not finish goes back to the queue, without the item that it died
// of.
void Finish(const Worker& worker,
            const WorkerLimits& limits,
            std::vector<ItemResult>& results,
            std::deque<Span>& queue) {
  const int wait_status = Reap(worker);
  if (worker.span.next < worker.span.end) {
    ItemResult& result = results[worker.span.next];
    const std::string tail = TailOf(worker.errors);
    result.last_words =
        HowItEnded(wait_status, limits.seconds_per_step) + (tail.empty() ? "" : ": " + tail);
    result.breadcrumb.assign(worker.breadcrumb, strnlen(worker.breadcrumb, kBreadcrumbBytes));
    if (worker.span.next + 1 < worker.span.end)
      queue.push_front({worker.span.next + 1, worker.span.end});
  }
  Release(worker);
}

// Ends the workers at once and keeps what they have sent: the rest was never done, and is no
// finding.
void Abandon(std::vector<Worker>& running, std::vector<ItemResult>& results) {
  for (Worker& worker : running) {
    kill(worker.pid, SIGKILL);
    while (ReadSome(worker, results)) {
    }
    Reap(worker);
    Release(worker);
  }
  running.clear();
}

}  // namespace

void LeaveBreadcrumb(std::string_view text) {
  if (g_breadcrumb == nullptr) return;
  g_seconds_of_step = 0;
  const std::size_t size = std::min(text.size(), kBreadcrumbBytes - 1);
  std::memcpy(g_breadcrumb, text.data(), size);
  g_breadcrumb[size] = '\0';
}

absl::StatusOr<std::vector<ItemResult>> RunInWorkers(
    std::size_t count,
    std::size_t items_per_worker,
    const WorkerLimits& limits,
    absl::FunctionRef<std::string(std::size_t)> run) {
  VFS_CHECK(items_per_worker > 0, "a worker needs at least one item");
  std::vector<ItemResult> results(count);
  std::deque<Span> queue;
  for (std::size_t begin = 0; begin < count; begin += items_per_worker) {
    queue.push_back({begin, std::min(count, begin + items_per_worker)});
  }
  std::vector<Worker> running;
  while (!IsInterrupted() && (!queue.empty() || !running.empty())) {
    while (!queue.empty() && running.size() < std::max<std::uint32_t>(limits.jobs, 1)) {
      const Span span = queue.front();
      queue.pop_front();
      absl::StatusOr<Worker> worker = Start(span, limits, run);
      if (!worker.ok()) {
        Abandon(running, results);
        return worker.status();
      }
      running.push_back(*std::move(worker));
    }
    std::vector<pollfd> polls;
    for (const Worker& worker : running)
      polls.push_back({.fd = worker.frames, .events = POLLIN, .revents = 0});
    if (poll(polls.data(), polls.size(), kTickMillis) <= 0) continue;
    for (std::size_t i = running.size(); i-- > 0;) {
      if (polls[i].revents == 0 || ReadSome(running[i], results)) continue;
      Finish(running[i], limits, results, queue);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (limits.on_finished) {
      limits.on_finished(static_cast<std::size_t>(
          std::count_if(results.begin(), results.end(),
                        [](const ItemResult& result) { return result.is_finished; })));
    }
  }
  Abandon(running, results);  // interrupted; else there is none left
  return results;
}

}  // namespace permafrost::sim
