// The trace of a run: one stable line and one update of a running hash per disk call. Equal seeds
// give equal hashes.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "vfs/base/hash.h"
#include "vfs/call.h"

namespace permafrost::sim {

enum class KeepLines { kNo, kYes };

// Threads: one thread at a time.
class Trace {
 public:
  explicit Trace(KeepLines keep = KeepLines::kNo) : keep_(keep) {}

  // One finished disk call: kind, path, offset, length, hash of the content, result, step labels,
  // and in a run with threads who made it and the hash of the schedule so far.
  void AddCall(const vfs::Call& call, const absl::Status& result);
  // Anything else that must be equal in equal runs: an operation of the script, a cut, a restart.
  void AddNote(std::string_view text);

  vfs::Hash128 hash() const { return hasher_.Finish(); }
  std::uint64_t call_count() const { return call_count_; }
  const std::vector<std::string>& lines() const { return lines_; }
  std::vector<std::string> TakeLines() { return std::move(lines_); }

 private:
  const KeepLines keep_;
  vfs::Hasher hasher_;
  std::uint64_t call_count_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace permafrost::sim
