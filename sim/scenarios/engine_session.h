// One process life of a program that keeps a store of ledgers, for the engine/ scenarios: what it
// promises, and what it answers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "engine/ingest/ingest.h"
#include "engine/query/ledger_reader.h"
#include "engine/store/ledger_store.h"
#include "sim/oracle/history.h"
#include "sim/scenarios/engine_model.h"
#include "sim/scenarios/engine_source.h"
#include "sim/world/world.h"

namespace permafrost::sim {

// The configuration of a start, what the bulk source holds and what the operator wrote down:
// "retention=2 bulk=18 id=5f...".
struct EngineConfig {
  std::uint32_t retention_chunks = 0;  // 0 keeps everything
  std::uint32_t bulk_ledgers = 0;      // the first of the model's, which the bulk source has
  std::string store_id;                // what a start has answered; empty: none was started yet
};
std::string ToString(const EngineConfig& config);
EngineConfig ParseEngineConfig(std::string_view text);

engine::StoreOptions EngineStoreOptions(const EngineConfig& config,
                                        const EngineModel& model,
                                        const vfs::RocksOptions& rocks);

// Domains: "ledgers/N", "lookups/N", "events/N" for each chunk N of the model, with the values of
// engine_answers.h.
//
// Threads: one thread at a time.
class EngineSession {
 public:
  EngineSession(World& world,
                History& history,
                const vfs::RocksOptions& rocks,
                std::shared_ptr<const EngineModel> model);
  virtual ~EngineSession();
  EngineSession(const EngineSession&) = delete;
  EngineSession& operator=(const EngineSession&) = delete;

  // Opens the store as a restart does and serves every domain. False: it cannot be used; reported
  // unless a fault did it.
  bool Start();
  // Carries out one line of a script; see engine_lifecycle.h for the verbs. False: nothing more can
  // be done.
  bool Execute(const std::string& op);
  void Stop();

  // By the oracle's own arithmetic, as far as the store has raised it.
  std::int64_t floor() const { return floor_; }
  const EngineConfig& config() const { return config_; }

 protected:
  // Opens what the program keeps, the store among it; and lets go of what it keeps beside it.
  virtual absl::Status Open();
  virtual absl::Status CloseOthers() { return absl::OkStatus(); }
  virtual void DropOthers() {}
  virtual bool NeedsReopen() const { return store_->store().needs_reopen(); }
  virtual absl::Status ExecuteOnce(const std::vector<std::string>& words);

  absl::Status IngestFrom(engine::LedgerSource& source);
  void AttemptLedger(engine::LedgerSeq ledger);
  // What a settled store has; and once it is settled.
  void AttemptSettled(bool with_bulk);
  // In the middle of an operation: the last ledger that was acknowledged.
  void ReadLatest();

  World& world() { return world_; }
  History& history() { return history_; }
  const EngineModel& model() const { return *model_; }
  engine::LedgerStore& store() { return *store_; }

 private:
  using Answers = std::map<std::string, std::string>;
  // A reader from one operation to a later one, and what it answered at first.
  struct Held {
    engine::LedgerReader reader;
    Answers answers;
    std::size_t faults = 0;  // before it
  };

  absl::Status Append(std::uint32_t count);
  absl::Status IngestStream(std::uint32_t count);
  // `fails_at`: the ledger at which its streams end early; none: never.
  absl::Status Backfill(std::optional<std::uint32_t> fails_at);
  absl::Status SettleNow();
  absl::Status Retain(std::uint32_t chunks);
  void Hold();
  void Release();

  void Die();
  void CheckClass(std::string_view what, const absl::Status& status);

  void Attempt(const std::string& domain, const std::string& value);
  void AcknowledgeLedger(engine::LedgerSeq ledger);
  // From now on a run may hide and remove what is below this floor.
  void AllowHiding(std::int64_t floor);
  void AcknowledgeSettled(const engine::LifecycleReport& report);
  // The last complete chunk that anything proves, and the floor that retention then asks for.
  engine::ChunkId LastComplete(bool with_bulk) const;
  std::int64_t FloorAt(engine::ChunkId last_complete) const;
  // The last ledger of the bulk source; none without one.
  std::optional<engine::LedgerSeq> BulkLast() const;
  void ForEachChunk(absl::FunctionRef<void(engine::ChunkId)> visit) const;

  // Takes the store's floor over: not above what retention allows, never falling.
  void CheckFloor();
  void Serve();
  // Without the domains whose reads injected faults failed.
  Answers ReadAll(const engine::LedgerReader& reader);
  // What is there has no gap at its end, and questions for what is not there are answered so.
  void CheckRange(const engine::LedgerReader& reader, const Answers& answers);

  std::unique_ptr<EngineSource> BulkSource(std::optional<std::uint32_t> fails_at);
  std::size_t faults() const { return world_.faulty().Injected().size(); }

  World& world_;
  History& history_;
  const vfs::RocksOptions rocks_;
  const std::shared_ptr<const EngineModel> model_;
  const engine::Geometry geometry_;
  EngineConfig config_;
  std::unique_ptr<engine::LedgerStore> store_;
  std::unique_ptr<Held> held_;                     // gone before the store
  std::map<std::string, std::string> current_;     // the newest value of each domain in this life
  std::optional<engine::LedgerSeq> acknowledged_;  // the last in this life
  std::int64_t floor_ = 0;
};

}  // namespace permafrost::sim
