// Threads on one open store between two joins: freezes, index builds, ingestion, lifecycle runs,
// readers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "engine/store/store.h"
#include "sim/explore/scenario.h"
#include "sim/oracle/history.h"
#include "sim/scenarios/lifecycle_session.h"
#include "sim/world/world.h"
#include "vfs/base/mutex.h"

namespace permafrost::sim {

// Whether a line of a script is a thread of a phase.
bool IsThreadOp(std::string_view op);

// One thread for each operation:
//
//   freeze C   every kind of chunk C, if it can be had
//   index A B  the index of chunks A to B
//   ingest N   the next N ledgers behind the newest hot chunk, over chunk boundaries
//   run N      the lifecycle, N times
//   read N     a view, N times, each read twice
//
// What an injected fault made fail ends its thread; both outcomes are allowed then.
//
// Threads: made and joined by one; its own threads are inside.
class ConcurrentPhase {
 public:
  ConcurrentPhase(World& world, History& history, LifecycleSession& session);
  ~ConcurrentPhase();
  ConcurrentPhase(const ConcurrentPhase&) = delete;
  ConcurrentPhase& operator=(const ConcurrentPhase&) = delete;

  // Allows what the operations may bring about, starts them all and waits for them. Nothing is done
  // if injected faults hide what there is.
  void Run(const Script& ops);

 private:
  // False: injected faults are in the way of knowing what there is; then nothing may be promised.
  bool AllowOutcomes(const Script& ops);
  // Whether the engine did what was asked; what it may not answer is a violation.
  bool Went(const absl::Status& status, std::string_view what);
  void Acknowledge(std::string_view what, std::uint32_t chunk, std::uint32_t ledgers);

  // Whether a chunk is whole, in the lake or hot, and not about to be pruned.
  bool IsAtHand(std::uint32_t chunk);
  void Freeze(std::uint32_t chunk);
  void Index(std::uint32_t first, std::uint32_t last);
  void Ingest(std::uint32_t count);
  void RunLifecycle(std::uint32_t times);
  void Read(std::uint32_t times);
  void ReadChunk(const engine::ReadView& view,
                 std::uint32_t chunk,
                 const std::map<std::string, std::uint32_t>& promised);

  World& world_;
  History& history_;
  LifecycleSession& session_;
  engine::Store& store_;
  std::uint32_t floor_max_ = 0;  // no chunk below it is worked on: this phase may prune it
  std::uint32_t tip_ = 0;        // the hot chunk that ingestion begins with
  bool has_tip_ = false;

  vfs::Mutex mu_;
  // By domain: how many ledgers of it were acknowledged.
  std::map<std::string, std::uint32_t> acknowledged_ ABSL_GUARDED_BY(mu_);
  std::uint32_t committed_ ABSL_GUARDED_BY(mu_) = 0;  // the last ledger that was acknowledged
  std::vector<std::thread> threads_;
};

}  // namespace permafrost::sim
