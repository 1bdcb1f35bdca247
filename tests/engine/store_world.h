// A store on a simulated disk for tests: the world below it, a deterministic source, and one-line
// helpers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store/store.h"
#include "sim/disk/sim_file_system.h"
#include "vfs/env.h"
#include "vfs/queued_executor.h"

namespace permafrost::engine::testing {

// Time that stands still until somebody sleeps.
class StillClock final : public vfs::Clock {
 public:
  std::uint64_t NowNanos() override { return now_; }
  std::uint64_t MonotonicNanos() override { return now_; }
  void SleepNanos(std::uint64_t nanos) override { now_ += nanos; }

 private:
  std::uint64_t now_ = 1'000'000'000;
};

// What a chunk's file holds: a few thousand bytes that name chunk, kind and file.
std::string ExpectedFile(const ChunkArtifact& artifact, std::size_t file);
// What an index holds: the checksums of its inputs, in order.
std::string ExpectedIndex(const Coverage& coverage);

// Delivers the chunks put into `complete`.
class TestSource final : public ArtifactSource {
 public:
  std::vector<ChunkId> CompleteChunks() override { return {complete.begin(), complete.end()}; }
  absl::StatusOr<ArtifactWriter> ChunkWriter(const ChunkArtifact& artifact,
                                             std::size_t file) override;
  absl::StatusOr<ArtifactWriter> IndexWriter(const Coverage& coverage,
                                             HashRunFinder inputs) override;

  std::set<ChunkId> complete;
};

// The disk and everything else that a store needs.
class StoreWorld {
 public:
  explicit StoreWorld(sim::DiskState state = {});

  // 8 ledgers a chunk, 3 chunks a window, 2 chunks a bucket.
  static StoreOptions SmallOptions();

  // Env over another file system (a decorator of disk()), or over the disk itself.
  vfs::Env Env(vfs::FileSystem* fs = nullptr);
  sim::SimFileSystem& disk() { return disk_; }
  vfs::QueuedExecutor& queue() { return queue_; }

  absl::StatusOr<std::unique_ptr<Store>> Open(const StoreOptions& options = SmallOptions());

 private:
  sim::SimFileSystem disk_;
  StillClock clock_;
  vfs::QueuedExecutor queue_;
  vfs::Prng prng_{7};
};

// Every regular file outside database directories and lock files, with its owner's key text.
std::map<std::string, std::string> ArtifactFilesOn(const vfs::FileSystem& fs, const Layout& layout);

// What is wrong between disk and catalog of an open store; empty when each file has its key, each
// frozen key its files, with the right bytes, and each ready chunk opens. Reads through the store.
std::string Disagreement(Store& store, const vfs::FileSystem& fs);

}  // namespace permafrost::engine::testing
