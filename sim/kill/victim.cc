// Fork, a log in shared memory, SIGKILL, wait.
#include "sim/kill/victim.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "sim/explore/worker_end.h"
#include "sim/sched/sched.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

constexpr std::size_t kBoardBytes = std::size_t{64} << 20;  // touched as far as it is written
constexpr std::size_t kHeadBytes = 9;                       // of a frame: kind, length
constexpr int kGaveUp = 5;                                  // exit status

// Kinds of frames.
constexpr char kBegun = 'b';     // a mutating call
constexpr char kReturned = 'r';  // any call, and
constexpr char kChanged = 'c';   // a mutating one: its trace line
constexpr char kGivenUp = 'x';   // why
constexpr char kEvent = '0';     // plus the kind of the event: domain, NUL, text

}  // namespace

struct Witness::Board {
  std::atomic<std::uint64_t> bytes;  // of whole frames
  std::atomic<std::uint64_t> begun;  // mutating calls
  char frames[1];
};

namespace {

constexpr std::size_t kFramesMax = kBoardBytes - offsetof(Witness::Board, frames);

class SharedBoard {
 public:
  static absl::StatusOr<SharedBoard> Make() {
    void* const memory =
        mmap(nullptr, kBoardBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return vfs::ErrnoToStatus(errno, "make shared memory for", "victim");
    return SharedBoard(static_cast<Witness::Board*>(memory));
  }
  SharedBoard(SharedBoard&& other) noexcept : board_(std::exchange(other.board_, nullptr)) {}
  ~SharedBoard() {
    if (board_ != nullptr) munmap(board_, kBoardBytes);
  }
  Witness::Board* get() const { return board_; }

 private:
  explicit SharedBoard(Witness::Board* board) : board_(board) {}
  Witness::Board* board_;
};

// Why the victim gave up, or OK.
absl::Status Read(const Witness::Board& board, Testimony& testimony) {
  std::string_view rest(board.frames, board.bytes.load());
  while (!rest.empty()) {
    const char kind = rest.front();
    const auto size = vfs::LoadLittleEndian<std::uint64_t>(rest, 1);
    std::string text(rest.substr(kHeadBytes, size));
    rest.remove_prefix(kHeadBytes + size);
    if (kind == kBegun) {
      testimony.in_flight = std::move(text);
    } else if (kind == kGivenUp) {
      return vfs::ResourceExhausted("{}", text);
    } else if (kind == kReturned || kind == kChanged) {
      testimony.calls.push_back(std::move(text));
      if (kind == kReturned) continue;
      testimony.in_flight.clear();
      ++testimony.finished;
    } else {
      const std::size_t nul = text.find('\0');
      testimony.events.push_back(
          {static_cast<EventKind>(kind - kEvent), text.substr(0, nul), text.substr(nul + 1)});
    }
  }
  return absl::OkStatus();
}

bool HasEnded(pid_t pid, int* wait_status) { return waitpid(pid, wait_status, WNOHANG) != 0; }

void WaitUntil(std::uint64_t nanos) {
  while (RealNanos() < nanos) {
  }
}

// Waits for the moment of the blow, strikes, and reaps.
int StrikeAndReap(pid_t pid, const Blow& blow, const Witness::Board& board) {
  const std::uint64_t start = RealNanos();
  int wait_status = 0;
  if (blow.way == Blow::Way::kInside) {
    while (board.begun.load() <= blow.call) {
      if (HasEnded(pid, &wait_status)) return wait_status;
      sched_yield();
    }
    WaitUntil(RealNanos() + blow.delay_nanos);
    kill(pid, SIGKILL);
  } else if (blow.way == Blow::Way::kAnyTime) {
    while (RealNanos() < start + blow.delay_nanos) {
      if (HasEnded(pid, &wait_status)) return wait_status;
      const timespec tick = {.tv_sec = 0, .tv_nsec = 20'000};
      ppoll(nullptr, 0, &tick, nullptr);
    }
    kill(pid, SIGKILL);
  }
  while (waitpid(pid, &wait_status, 0) < 0 && errno == EINTR) {
  }
  return wait_status;
}

}  // namespace

void Witness::Write(char kind, std::string_view text) {
  const std::uint64_t at = board_->bytes.load();
  VFS_CHECK(text.size() < kFramesMax - kHeadBytes - at, "a victim that says too much");
  char* const frame = board_->frames + at;
  const std::uint64_t size = text.size();
  frame[0] = kind;
  std::memcpy(frame + 1, &size, sizeof(size));
  std::memcpy(frame + kHeadBytes, text.data(), size);
  board_->bytes.store(at + kHeadBytes + size);
}

void Witness::See(const Event& event) {
  Write(static_cast<char>(kEvent + static_cast<int>(event.kind)), event.domain + '\0' + event.text);
}

void Witness::OnBegin(const vfs::Call& call) {
  if (!vfs::IsMutating(call.kind)) return;
  if (blow_.way == Blow::Way::kBefore && begun_ == blow_.call) raise(SIGKILL);
  Write(kBegun, fmt::format("{} {}", vfs::ToString(call.kind), call.path));
  board_->begun.store(++begun_);
}

void Witness::OnEnd(const vfs::Call& call, const absl::Status& result) {
  // On the simulated disk there is always room; here that is the machine's business.
  if (absl::IsResourceExhausted(result) && !vfs::IsInjected(result)) GiveUp(result);
  trace_.AddCall(call, result);
  const bool is_mutating = vfs::IsMutating(call.kind);
  Write(is_mutating ? kChanged : kReturned, trace_.TakeLines().back());
  if (is_mutating && blow_.way == Blow::Way::kAfter && begun_ == blow_.call + 1) raise(SIGKILL);
}

void Witness::GiveUp(const absl::Status& why) {
  Write(kGivenUp, vfs::Message(why));
  _exit(kGaveUp);
}

absl::StatusOr<Testimony> RunVictim(const Blow& blow, absl::FunctionRef<void(Witness&)> work) {
  VFS_ASSIGN_OR_RETURN(const SharedBoard board, SharedBoard::Make());
  const int errors = memfd_create("victim-stderr", MFD_CLOEXEC);
  if (errors < 0) return vfs::ErrnoToStatus(errno, "make shared memory for", "victim");
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) {
    close(errors);
    return vfs::ErrnoToStatus(EMFILE, "fork", "victim");
  }
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no victim outlives who watches it, however that ends
    if (getppid() != parent) _exit(kGaveUp);
    dup2(errors, STDERR_FILENO);
    Witness witness(board.get(), blow);
    work(witness);
    _exit(0);
  }
  const int wait_status = StrikeAndReap(pid, blow, *board.get());
  Testimony testimony;
  const std::string tail = TailOf(errors);
  close(errors);
  VFS_RETURN_IF_ERROR(Read(*board.get(), testimony));
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) {
    testimony.end = Testimony::End::kFinished;
    return testimony;
  }
  const bool is_killed = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
  testimony.end = is_killed ? Testimony::End::kKilled : Testimony::End::kDied;
  testimony.last_words = HowItEnded(wait_status, 0) + (tail.empty() ? std::string() : ": " + tail);
  return testimony;
}

}  // namespace permafrost::sim
