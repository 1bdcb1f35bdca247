// permafrost serve following a FIFO, with a slow writer at the other end and an observer of its
// metrics.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/engine/permafrost_process.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/system_clock.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::engine {

// A port of this machine that nobody listens on.
int FreePort();
// A connection on which nothing is said.
vfs::UniqueFd ConnectTo(int port);

// Threads: one thread at a time, which writes, watches and signals in turn.
class ServedFifo {
 public:
  // Starts it on an existing data directory; the writer will begin with this ledger of
  // ChainedLedger and wait so long between two. More arguments go to the command.
  ServedFifo(const TempDir& scratch,
             const std::string& data,
             std::uint32_t first,
             std::uint64_t pause_nanos,
             const std::vector<std::string>& more = {});

  RunningBinary& process() { return *process_; }
  int port() const { return port_; }

  // Opens the FIFO, writes a ledger from time to time and watches, for so long or until the ledger
  // is reported durable.
  void RunFor(std::uint64_t nanos, std::uint32_t until = 0xffff'ffff);
  // The same without a writer.
  void WatchFor(std::uint64_t nanos);
  // Opens the FIFO and writes the first bytes of the next ledger, or none; then nothing more.
  void StallAfter(std::size_t bytes);
  // Until /healthz says "serving". Whether it did within so long.
  bool WaitUntilServing(std::uint64_t nanos);

  // The last ledger that /metrics called durable.
  std::uint32_t durable() const { return durable_; }
  std::uint64_t Metric(const std::string& name) const;

 private:
  std::optional<std::string> Get(const std::string& path) const;
  bool OpenFifo();
  void Watch();
  void WriteNext();

  vfs::SystemClock clock_;
  const std::string fifo_;
  const int port_;
  const std::uint64_t pause_nanos_;
  std::uint32_t next_;
  std::string pending_;  // of the ledger under way
  std::uint64_t write_at_ = 0;
  std::uint32_t durable_ = 0;
  vfs::UniqueFd writer_;
  std::unique_ptr<RunningBinary> process_;
};

}  // namespace permafrost::engine
