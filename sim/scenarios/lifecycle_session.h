// One process life of the engine under scenario catalog/lifecycle: a store, the source it freezes
// from, and the promises that each operation makes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/store/store.h"
#include "sim/oracle/history.h"
#include "sim/world/world.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::sim {

// The configuration of a start, what the source holds and what the operator wrote down:
// "retention=2 lake=6 id=5f...".
struct LifecycleConfig {
  std::uint32_t retention_chunks = 0;  // 0 keeps everything
  std::uint32_t lake_chunks = 0;       // chunks [0, lake_chunks) can be had from the lake
  std::string store_id;                // what a start has answered; empty: none was started yet
  bool has_rot = false;                // data may have been damaged without a word

  friend bool operator==(const LifecycleConfig&, const LifecycleConfig&) = default;
};
std::string ToString(const LifecycleConfig& config);
LifecycleConfig ParseLifecycleConfig(std::string_view text);

engine::StoreOptions LifecycleStoreOptions(const LifecycleConfig& config,
                                           const vfs::RocksOptions& rocks);

// How the databases of a world's store run: with its threads, or queued.
vfs::RocksOptions RocksIn(const World& world, vfs::RocksOptions rocks);

// Chunks that scripts and checks look at.
inline constexpr std::uint32_t kLifecycleChunksMax = 9;

// Domains: "ledgers/N", "events/N", "lookup/N" for each chunk N. Values: "absent", "1 of 3", "2 of
// 3", "full".
//
// Threads: one thread at a time; while others work on store(), they may use source() and config().
class LifecycleSession {
 public:
  LifecycleSession(World& world, History& history, const vfs::RocksOptions& rocks);
  ~LifecycleSession();
  LifecycleSession(const LifecycleSession&) = delete;
  LifecycleSession& operator=(const LifecycleSession&) = delete;

  // Opens the store as a restart does and serves every domain. False: it cannot be used; reported
  // unless a fault did it.
  bool Start();
  // Carries out one line of a script; see catalog_lifecycle.cc for the verbs. False: nothing more
  // can be done.
  bool Execute(const std::string& op);
  // One lifecycle run: attempts what must be there when settled, runs, acknowledges, serves, checks
  // that a second plan is empty.
  absl::Status RunLifecycle();
  // Settles and then makes a few acknowledged changes.
  bool SettleAndContinue();
  void Stop();
  void Die();

  std::int64_t floor() const { return floor_; }

  // For threads between two operations; the store is there after Start.
  engine::Store* store() { return store_.get(); }
  engine::ArtifactSource& source();
  const LifecycleConfig& config() const { return config_; }
  // Domains and what reading them gives now, through the engine.
  //
  // Errors: kFailedPrecondition  injected faults failed a read
  using Answers = std::map<std::string, std::string>;
  absl::StatusOr<Answers> ReadEverything();
  // Opens the store, reads every domain and its identity, closes it: what is there, good or bad,
  // without a promise.
  Answers Look();
  // Serves every domain as it is once all threads have ended; a store that faults have poisoned is
  // opened again first. False: nothing more can be done.
  bool ServeAfterThreads();

 private:
  class Source;

  absl::Status ExecuteOnce(const std::vector<std::string>& words);
  absl::Status Freeze(std::uint32_t chunk, bool is_failing);
  absl::Status Index(std::uint32_t first, std::uint32_t last);
  absl::Status Hot(std::uint32_t chunk);
  absl::Status Ingest(std::uint32_t chunk, std::uint32_t count);
  absl::Status RemakeHot(std::uint32_t chunk);
  absl::Status Retain(std::uint32_t chunks);
  absl::Status Lake(std::uint32_t chunks);

  // A failure that an injected fault caused passes, or the volume is read-only: it must not be of
  // the class that sends for an operator.
  void CheckClass(std::string_view what, const absl::Status& status);
  absl::Status Open();
  void ServeAll();
  // A ledger is in all families of rows or in none.
  void CheckFamilies(std::uint32_t chunk);
  // Without the domains whose reads injected faults failed.
  Answers ReadAll();
  // Ledgers of a ready hot chunk, none of any other.
  absl::StatusOr<std::uint32_t> CountHot(std::uint32_t chunk);
  // The same where a failed look is as good as none.
  std::uint32_t HotCount(std::uint32_t chunk);
  absl::Status AllowHiding(std::int64_t last_complete);
  void RaiseFloor(const engine::CatalogView& view);
  // The same for chunks that can be frozen now; returns them.
  std::set<std::uint32_t> RaiseFloorToComplete();
  absl::Status AttemptSettled(const engine::CatalogView& view);
  // The chunks of a window that its index covers once a run has settled.
  std::set<std::uint32_t> CoveredOnceSettled(std::uint32_t window,
                                             const engine::CatalogView& view,
                                             const std::set<std::uint32_t>& complete) const;
  void AcknowledgeAll();

  World& world_;
  History& history_;
  const vfs::RocksOptions rocks_;
  LifecycleConfig config_;
  std::unique_ptr<engine::Store> store_;
  std::unique_ptr<Source> source_;
  std::int64_t floor_ = 0;           // by the oracle's own arithmetic
  std::set<std::string> unsettled_;  // domains that a settled run leaves open: hidden, not gone
};

}  // namespace permafrost::sim
