// What a store of ledgers must answer, found by looking at every ledger; and a store on a simulated
// disk to be compared with it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/ledger/ledger_view.h"
#include "engine/ledger/synthetic_source.h"
#include "engine/query/event_query.h"
#include "engine/query/ledger_reader.h"
#include "engine/store/ledger_store.h"
#include "tests/engine/store_world.h"

namespace permafrost::engine::testing {

// Consecutive ledgers, as they are ingested.
class LedgerModel {
 public:
  explicit LedgerModel(std::vector<std::string> ledgers);
  // Those of SyntheticSource.
  static LedgerModel Synthetic(std::uint64_t seed,
                               std::uint32_t count,
                               const SyntheticShape& shape = kSmallShape);

  LedgerSeq first() const { return views_.front().sequence; }
  LedgerSeq last() const { return views_.back().sequence; }
  const std::string& bytes(LedgerSeq sequence) const {
    return bytes_[sequence.value() - first().value()];
  }
  const std::vector<LedgerView>& views() const { return views_; }

  struct Place {
    LedgerSeq ledger;
    std::uint32_t apply_index = 0;
    TransactionView transaction;
  };
  // By hash and by inner hash.
  const std::map<Hash, Place>& transactions() const { return transactions_; }

  // Stored events that match, in the order of the query; neither its limit nor its cursor counts.
  std::vector<std::string> Events(const EventQuery& query) const;

  // What a reader answers wrongly: the bytes of each ledger that it can read, each transaction, all
  // events. "": nothing.
  //
  // `rule`: whether a transaction that is there may be refused because its chunk waits for an
  // index, as a cut between a freeze and its index leaves it.
  enum class IndexMayWait { kNo, kYes };
  std::string Wrong(const LedgerReader& reader, IndexMayWait rule = IndexMayWait::kNo) const;

 private:
  std::vector<std::string> bytes_;
  std::vector<LedgerView> views_;
  std::map<Hash, Place> transactions_;
};

// Page after page, each cursor through its text.
absl::StatusOr<std::vector<std::string>> AllEvents(const LedgerReader& reader, EventQuery query);

// Of 8 ledgers a chunk and 3 chunks a window, with a fixed id.
StoreOptions LedgerStoreOptions();

// A store of ledgers on a simulated disk.
class LedgerWorld {
 public:
  explicit LedgerWorld(sim::DiskState state = {}) : world_(std::move(state)) {}

  // From the next Open on, through a decorator of disk().
  void Through(vfs::FileSystem* fs) { fs_ = fs; }

  absl::Status Open(const StoreOptions& options = LedgerStoreOptions());
  // Everything that is not durable yet stays pending: a process that is killed.
  void Kill();
  absl::Status Close();
  // Closes and opens again.
  absl::Status Reopen(const StoreOptions& options = LedgerStoreOptions());

  LedgerStore& store() { return *store_; }
  LedgerReader Reader() { return {store_->OpenView(), store_->decoder()}; }
  StoreWorld& world() { return world_; }
  sim::SimFileSystem& disk() { return world_.disk(); }

  // The BLAKE3 of every file of a frozen artifact, by its path.
  std::map<std::string, std::string> ColdFiles();

 private:
  StoreWorld world_;
  vfs::FileSystem* fs_ = nullptr;
  std::unique_ptr<LedgerStore> store_;
};

}  // namespace permafrost::engine::testing
