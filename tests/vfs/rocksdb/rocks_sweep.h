// A small power-cut sweep for adapter tests: every image at every call of a script must open and
// hold what was acknowledged.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/crash_images.h"
#include "sim/disk/sim_file_system.h"
#include "tests/vfs/rocksdb/rocks_world.h"
#include "vfs/call.h"
#include "vfs/recording_file_system.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::vfs {

// Runs a script on a simulated disk and keeps a snapshot before each call that changes something.
class RocksSweep final : public CallObserver {
 public:
  explicit RocksSweep(RocksDbOptions options, sim::DiskState start = {});

  // The disk as the script sees it.
  const Env& env() const { return world_.env; }
  const RocksDbOptions& options() const { return options_; }
  RocksWorld& world() { return world_; }

  std::unique_ptr<RocksDb> Open();
  // A synced put; acknowledged once it returned OK.
  void Put(RocksDb& db, std::string_view key);
  // Whatever happens, this key was served and must stay.
  void Acknowledge(std::string_view key) { acknowledged_.emplace_back(key); }
  // The process dies.
  void Kill() { sim_.KillProcess(); }
  // Snapshots from here on only.
  void ForgetSnapshots() { snapshots_.clear(); }
  const sim::DiskState& state() const { return sim_.state(); }

  // Opens every image of every snapshot and returns what is wrong, each kind once: "does not open:
  // ..." or "lost ...". Empty: nothing is.
  std::vector<std::string> Judge(std::string_view personality);

  std::size_t images() const { return images_; }

  void OnBegin(const Call& call) override;
  void OnEnd(const Call&, const absl::Status&) override {}

 private:
  struct Snapshot {
    sim::DiskState state;
    std::size_t acknowledged = 0;
  };
  std::string JudgeImage(const sim::DiskState& image, std::size_t acknowledged) const;

  const RocksDbOptions options_;
  sim::SimFileSystem sim_;
  RecordingFileSystem recording_{&sim_, this};
  RocksWorld world_{recording_};
  std::vector<std::string> acknowledged_;
  std::vector<Snapshot> snapshots_;
  std::size_t images_ = 0;
};

inline constexpr char kSweepPath[] = "a/db";

}  // namespace permafrost::vfs
