// SIGINT and SIGTERM as something to wait for, between two pieces of work.
#pragma once

#include <cstdint>

#include "vfs/posix/unique_fd.h"

namespace permafrost::vfs {

// The first of each is remembered, whichever thread it reaches; the second of a kind ends the
// process at once.
//
// Threads: one thread at a time, one object in a process, made at start-up.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  // Sleeps for so long, or until a signal came. Whether one came, now or before.
  bool Wait(std::uint64_t nanos);

  // Sleeps until a descriptor can be read or has ended, or until a signal came. Whether one came.
  bool WaitForInput(int fd);

 private:
  UniqueFd came_;  // readable once a signal came
};

}  // namespace permafrost::vfs
