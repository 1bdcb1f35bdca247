// Streams become one.
#include "engine/cold/merge_runs.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/cold/window_index_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using testing::MemoryEntries;
using testing::RandomEntries;
using testing::RandomHash;

using Runs = std::vector<std::vector<IndexEntry>>;

absl::StatusOr<std::vector<IndexEntry>> Merge(const Runs& runs, std::size_t batch) {
  std::vector<std::unique_ptr<SortedEntries>> streams;
  for (const std::vector<IndexEntry>& run : runs)
    streams.push_back(std::make_unique<MemoryEntries>(run));
  MergedEntries merged(std::move(streams), {.buffer_bytes = 1});
  std::vector<IndexEntry> all;
  std::vector<IndexEntry> some(batch);
  while (true) {
    VFS_ASSIGN_OR_RETURN(const std::size_t count, merged.Next(some));
    if (count == 0) return all;
    all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

RC_GTEST_PROP(MergeRuns, GivesTheSortedWhole, ()) {
  vfs::Prng prng(*rc::gen::arbitrary<std::uint64_t>());
  Runs runs(*rc::gen::inRange<std::size_t>(0, 40));
  std::vector<IndexEntry> all;
  for (std::vector<IndexEntry>& run : runs) {
    run = RandomEntries(prng.Below(100), prng);
    // Of few hashes, so that runs share them.
    for (IndexEntry& entry : run) {
      if (prng.Chance({1, 2})) entry.hash.fill(static_cast<std::uint8_t>(prng.Below(3) * 0x7f));
    }
    std::sort(run.begin(), run.end());
    all.insert(all.end(), run.begin(), run.end());
  }
  std::sort(all.begin(), all.end());

  const auto merged = Merge(runs, 1 + prng.Below(100));

  RC_ASSERT(merged.ok());
  RC_ASSERT(*merged == all);
}

TEST(MergeRuns, TheLargestHashComesBeforeTheEndOfOtherRuns) {
  IndexEntry largest;
  largest.hash.fill(0xff);
  const Runs runs = {{}, {largest}, {}, {largest}, {}};

  ASSERT_OK_AND_ASSIGN(const std::vector<IndexEntry> merged, Merge(runs, 10));

  EXPECT_THAT(merged, ::testing::ElementsAre(largest, largest));
}

class FailingEntries final : public SortedEntries {
 public:
  absl::StatusOr<std::size_t> Next(std::span<IndexEntry> out) override {
    if (was_asked_) return vfs::DataLoss("read 00000007.bin: crc32c differs");
    was_asked_ = true;
    out[0] = {};
    return 1;
  }

 private:
  bool was_asked_ = false;
};

TEST(MergeRuns, TheErrorOfARunIsTheErrorOfTheWhole) {
  vfs::Prng prng(1);
  const std::vector<IndexEntry> good = RandomEntries(100, prng);
  std::vector<std::unique_ptr<SortedEntries>> runs;
  runs.push_back(std::make_unique<MemoryEntries>(good));
  runs.push_back(std::make_unique<FailingEntries>());
  MergedEntries merged(std::move(runs));

  std::vector<IndexEntry> out(10);
  EXPECT_ERROR(merged.Next(out), absl::StatusCode::kDataLoss, HasSubstr("00000007.bin"));
}

}  // namespace
}  // namespace permafrost::engine
