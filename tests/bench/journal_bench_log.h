// A log that makes payloads durable, as journal_bench sees every contender.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

namespace permafrost::bench {

// Ends the process with the message of an error: a bench that cannot write measures nothing.
void Must(const absl::Status& status);
// The same for a system call that gives a negative number; `what` names it. Returns the number.
std::int64_t Must(std::int64_t result, std::string_view what);

// Threads: any thread, Rest alone.
class DurableLog {
 public:
  DurableLog() = default;
  virtual ~DurableLog() = default;
  DurableLog(const DurableLog&) = delete;
  DurableLog& operator=(const DurableLog&) = delete;

  // Returns when the payload is durable.
  virtual void Commit(std::string_view payload) = 0;
  // Between two rounds: what a log does when its reader has caught up.
  virtual void Rest() {}
  // Of every sync so far, where the log is a bare loop.
  virtual std::vector<double> SyncMicros() { return {}; }
};

struct Contender {
  std::string name;
  // A directory that is there and empty, and how many bytes will come at most.
  std::function<std::unique_ptr<DurableLog>(const std::string& root, std::uint64_t bytes)> open;
  // A loop that one thread runs whatever the row says: it syncs each payload by itself, so more
  // threads would only queue.
  bool is_one_thread = false;
  std::size_t payload_bytes = 0;  // that it always takes; 0: the row's
};

// The journal, and the bare loops "append" and "overwrite" of write and fdatasync, and "device",
// which writes large blocks past the page cache. journal_bench_own.cc
std::vector<Contender> OwnContenders();
// rocksdb, leveldb, lmdb, sqlite: each as its documentation says for durable writes, with a write
// buffer that is never full. journal_bench_peers.cc
std::vector<Contender> PeerContenders();

}  // namespace permafrost::bench
