// Window indexes on a simulated disk for tests.
#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/cold/window_index_builder.h"
#include "engine/cold/window_index_reader.h"
#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"
#include "vfs/base/prng.h"

namespace permafrost::engine::testing {

inline constexpr char kIndexPath[] = "window.idx";

// Ledgers 1000 to 2000 of a store.
inline IndexIdentity TestIdentity() {
  IndexIdentity identity{.first = LedgerSeq{1000}, .last = LedgerSeq{2000}};
  identity.store_id.fill(0x5a);
  return identity;
}

// Entries in memory, given out as many at once as is asked for.
class MemoryEntries final : public SortedEntries {
 public:
  explicit MemoryEntries(std::span<const IndexEntry> entries) : entries_(entries) {}
  absl::StatusOr<std::size_t> Next(std::span<IndexEntry> out) override {
    const std::size_t count = std::min(out.size(), entries_.size());
    std::copy_n(entries_.begin(), count, out.begin());
    entries_ = entries_.subspan(count);
    return count;
  }

 private:
  std::span<const IndexEntry> entries_;
};

inline Hash RandomHash(vfs::Prng& prng) {
  Hash hash;
  for (std::uint8_t& byte : hash) byte = static_cast<std::uint8_t>(prng.Below(256));
  return hash;
}

inline std::vector<IndexEntry> RandomEntries(std::size_t count, vfs::Prng& prng) {
  std::vector<IndexEntry> entries(count);
  for (IndexEntry& entry : entries) {
    entry = {RandomHash(prng), LedgerSeq{static_cast<std::uint32_t>(prng.Between(1000, 2000))}};
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

class IndexWorld {
 public:
  sim::SimFileSystem& disk() { return disk_; }

  // Writes the index of sorted entries, in place of an earlier one.
  absl::StatusOr<WindowIndexSummary> Build(std::span<const IndexEntry> entries) {
    MemoryEntries stream(entries);
    return Build({.identity = TestIdentity(), .entries = entries.size()}, stream);
  }
  absl::StatusOr<WindowIndexSummary> Build(const WindowIndexInput& input, SortedEntries& entries) {
    if (disk_.Stat(kIndexPath).ok()) VFS_RETURN_IF_ERROR(disk_.Unlink(kIndexPath));
    VFS_ASSIGN_OR_RETURN(const auto file, disk_.Create(kIndexPath));
    return BuildWindowIndex(input, entries, *file);
  }

  absl::StatusOr<std::unique_ptr<WindowIndex>> Open(const WindowIndexOptions& options = {}) {
    return WindowIndex::Open(&disk_, kIndexPath, TestIdentity(), options);
  }

  std::string Bytes() {
    auto file = disk_.Open(kIndexPath, vfs::OpenMode::kRead);
    VFS_CHECK(file.ok(), "{}", vfs::Message(file.status()));
    std::string bytes((*file)->Size().value_or(0), '\0');
    VFS_CHECK((*file)->Read(0, bytes).value_or(0) == bytes.size(), "read of the index");
    return bytes;
  }

 private:
  sim::SimFileSystem disk_;
};

inline absl::StatusOr<std::vector<LedgerSeq>> CandidatesOf(const WindowIndex& index,
                                                           const Hash& hash) {
  std::vector<LedgerSeq> candidates;
  VFS_RETURN_IF_ERROR(index.Lookup(hash, &candidates));
  return candidates;
}

// Whether each entry's ledger is among the candidates of its hash.
inline void ExpectAllFound(const WindowIndex& index, std::span<const IndexEntry> entries) {
  std::vector<LedgerSeq> candidates;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    ASSERT_OK(index.Lookup(entries[i].hash, &candidates)) << "entry " << i;
    ASSERT_THAT(candidates, ::testing::Contains(entries[i].ledger)) << "entry " << i;
  }
}

}  // namespace permafrost::engine::testing
