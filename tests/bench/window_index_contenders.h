// What window_index_bench compares: ours and its peers, behind one interface.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/cold/sorted_entries.h"

namespace permafrost::engine {

using EntryRuns = std::vector<std::vector<IndexEntry>>;

class Contender {
 public:
  Contender() = default;
  virtual ~Contender() = default;
  Contender(const Contender&) = delete;
  Contender& operator=(const Contender&) = delete;
  virtual std::string name() const = 0;
  // From sorted runs to a state in which probes are answered; returns its bytes, 0 if somebody else
  // built it.
  virtual std::uint64_t Build(const EntryRuns& runs) = 0;
  // Whether the hash may be in this ledger (ours, perfect hashes) or is (RocksDB); of a hash that
  // was not put in, whether anything was found.
  virtual bool Finds(const Hash& hash, LedgerSeq ledger) = 0;
};

// A run in memory.
class RunEntries final : public SortedEntries {
 public:
  explicit RunEntries(std::span<const IndexEntry> entries) : entries_(entries) {}
  absl::StatusOr<std::size_t> Next(std::span<IndexEntry> out) override {
    const std::size_t count = std::min(out.size(), entries_.size());
    std::copy_n(entries_.begin(), count, out.begin());
    entries_ = entries_.subspan(count);
    return count;
  }

 private:
  std::span<const IndexEntry> entries_;
};

// Ours in memory first; the same file with every probe read from it; BBHash and two functions of
// cmph over slots of the same four bytes; RocksDB.
std::vector<std::unique_ptr<Contender>> MakeContenders();
// The perfect hash functions.
void AddFunctions(std::vector<std::unique_ptr<Contender>>& contenders);

}  // namespace permafrost::engine
