// How much memory an index takes to be built and to be read, whatever its keys.
#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "engine/cold/merge_runs.h"
#include "engine/cold/window_index_builder.h"
#include "tests/status_matchers.h"
#include "vfs/base/check.h"
#include "vfs/base/hash.h"

namespace {

std::atomic<std::size_t> live_bytes{
    0};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<std::size_t> peak_bytes{
    0};  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace

void* operator new(std::size_t bytes) {
  void* const block = std::malloc(bytes);
  if (block == nullptr) std::abort();
  const std::size_t live = live_bytes += ::malloc_usable_size(block);
  peak_bytes = std::max<std::size_t>(peak_bytes, live);
  return block;
}
void operator delete(void* block) noexcept {
  if (block != nullptr) live_bytes -= ::malloc_usable_size(block);
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept { operator delete(block); }

namespace permafrost::engine {
namespace {

// Evenly spread keys, made when they are asked for: every `stride`-th of `total`, from `first`.
class MadeEntries final : public SortedEntries {
 public:
  MadeEntries(std::uint64_t first, std::uint64_t stride, std::uint64_t total)
      : at_(first), stride_(stride), total_(total) {}
  absl::StatusOr<std::size_t> Next(std::span<IndexEntry> out) override {
    std::size_t count = 0;
    for (; count < out.size() && at_ < total_; at_ += stride_) {
      IndexEntry& entry = out[count++];
      const std::uint64_t step = ~std::uint64_t{0} / total_;
      const std::uint64_t high = __builtin_bswap64(at_ * step + vfs::Mix64(at_) % step);
      const std::uint64_t low = vfs::Mix64(at_ ^ 0x5555);
      std::memcpy(entry.hash.data(), &high, sizeof(high));
      std::memcpy(entry.hash.data() + sizeof(high), &low, sizeof(low));
      entry.ledger = LedgerSeq{2};
    }
    return count;
  }

 private:
  std::uint64_t at_;
  const std::uint64_t stride_;
  const std::uint64_t total_;
};

class CountingFile final : public vfs::File {
 public:
  absl::Status Append(std::string_view bytes) override {
    bytes_ += bytes.size();
    return absl::OkStatus();
  }
  absl::Status Write(std::uint64_t, std::string_view) override { return Refuse(); }
  absl::StatusOr<std::size_t> Read(std::uint64_t, std::span<char>) const override {
    return Refuse();
  }
  absl::Status Truncate(std::uint64_t) override { return Refuse(); }
  absl::Status Preallocate(std::uint64_t, std::uint64_t) override { return Refuse(); }
  absl::Status SyncData() override { return Refuse(); }
  absl::Status Sync() override { return Refuse(); }
  absl::Status HintWriteOut(std::uint64_t, std::uint64_t) override { return Refuse(); }
  absl::StatusOr<std::uint64_t> Size() const override { return bytes_; }
  absl::Status Close() override { return Refuse(); }

 private:
  static absl::Status Refuse() { return vfs::Unimplemented("an index is appended"); }

  std::uint64_t bytes_ = 0;
};

// The most that was allocated at once while an index of so many keys was built, of so many runs.
std::size_t PeakOf(std::uint64_t keys, std::uint64_t runs) {
  const std::size_t before = live_bytes;
  peak_bytes = before;
  CountingFile file;
  std::vector<std::unique_ptr<SortedEntries>> streams;
  for (std::uint64_t i = 0; i < runs; ++i)
    streams.push_back(std::make_unique<MadeEntries>(i, runs, keys));
  MergedEntries merged(std::move(streams), {.buffer_bytes = std::size_t{1} << 20});
  const auto built = BuildWindowIndex(
      {.identity = {.first = LedgerSeq{2}, .last = LedgerSeq{3}}, .entries = keys}, merged, file);
  VFS_CHECK(built.ok(), "{}", vfs::Message(built.status()));
  EXPECT_EQ(built->keys, keys);
  return peak_bytes - before;
}

TEST(WindowIndexMemory, OfTheBuildDoesNotGrowWithTheKeys) {
  constexpr std::size_t kMergeBytes = std::size_t{1} << 20;

  const std::size_t small = PeakOf(100'000, 100);
  const std::size_t large = PeakOf(1'000'000, 100);

  EXPECT_LE(small, kMergeBytes + 256'000);
  EXPECT_LE(large, small + 1000);
}

}  // namespace
}  // namespace permafrost::engine
