// Many sorted streams as one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/cold/sorted_entries.h"

namespace permafrost::engine {

struct MergeOptions {
  // Shared by the runs, each of which gets room for at least 16 entries.
  std::size_t buffer_bytes = std::size_t{4} << 20;
};

// A tournament of the runs' first entries; equal entries come in the order of their runs. That each
// run is sorted is the caller's word: if one is not, neither is the result.
//
// Memory: the buffers, and 32 bytes a run.
// Threads: one thread at a time.
class MergedEntries final : public SortedEntries {
 public:
  explicit MergedEntries(std::vector<std::unique_ptr<SortedEntries>> runs,
                         const MergeOptions& options = {});

  // Errors: as the runs
  absl::StatusOr<std::size_t> Next(std::span<IndexEntry> out) override;

 private:
  // A run's first entry that was not given out yet; its hash begins with `prefix`.
  struct Head {
    std::uint64_t prefix = 0;
    std::uint32_t run = 0;
    std::uint32_t is_live = 0;  // 0 at the end of the run
  };
  struct Run {
    std::unique_ptr<SortedEntries> source;
    std::size_t at = 0;  // in buffer_
    std::size_t end = 0;
  };

  absl::Status Start();
  // The head of a run whose room in the buffer is used up.
  absl::StatusOr<Head> ReadHead(std::uint32_t run);
  void Play(Head& loser, Head& winner) const;
  // Of equal prefixes.
  bool IsBeforeByEntry(const Head& left, const Head& right) const;

  const std::size_t entries_per_run_;
  std::vector<Run> runs_;
  std::vector<IndexEntry> buffer_;
  std::vector<Head> losers_;  // of the match at each inner node; node 1 is the final
  Head winner_;
  bool is_started_ = false;
};

}  // namespace permafrost::engine
