// A forked process that works on the real disk until kill -9 ends it, and what it had written down
// by then.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "sim/oracle/history.h"
#include "sim/world/trace.h"
#include "vfs/call.h"

namespace permafrost::sim {

// When SIGKILL comes. Mutating calls count from 0.
struct Blow {
  enum class Way {
    kNone,     // not at all
    kBefore,   // the process ends itself where `call` would begin
    kAfter,    // and where it has just returned
    kInside,   // sent `delay_nanos` after `call` began: inside it, or a few calls later
    kAnyTime,  // sent `delay_nanos` after the process began
  };
  Way way = Way::kNone;
  std::uint64_t call = 0;
  std::uint64_t delay_nanos = 0;  // real time
};

// What a victim says in shared memory, where a kill between two instructions loses nothing of it:
// no system call stands between what was done and the word about it.
//
// Threads: one thread at a time.
class Witness final : public vfs::CallObserver {
 public:
  struct Board;
  // Borrows the board.
  Witness(Board* board, const Blow& blow) : board_(board), blow_(blow) {}

  void See(const Event& event);
  void OnBegin(const vfs::Call& call) override;
  void OnEnd(const vfs::Call& call, const absl::Status& result) override;
  // Ends the process: the machine, not the code under test, is in the way.
  [[noreturn]] void GiveUp(const absl::Status& why);

 private:
  void Write(char kind, std::string_view text);

  Board* const board_;
  const Blow blow_;
  Trace trace_{KeepLines::kYes};
  std::uint64_t begun_ = 0;  // mutating calls
};

struct Testimony {
  enum class End { kFinished, kKilled, kDied };
  End end = End::kDied;
  std::string last_words;  // how it ended, unless it finished
  std::vector<Event> events;
  std::vector<std::string> calls;  // that returned, as lines of a trace
  std::uint64_t finished = 0;      // mutating calls that returned
  std::string in_flight;           // the mutating call that did not; empty: there was none
};

// Forks, lets `work` run in the child, strikes, waits for the end.
//
// Errors: kResourceExhausted  no process or memory for it, or no space on its disk
absl::StatusOr<Testimony> RunVictim(const Blow& blow, absl::FunctionRef<void(Witness&)> work);

}  // namespace permafrost::sim
