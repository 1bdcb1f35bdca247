// A store of ledgers: what Store keeps as rows and files, with their meaning.
//
// Store knows chunks, keys and protocols; this knows what a ledger is: it decodes, checks the
// chain and keeps the index of each hot chunk in memory.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/hot/hot_index.h"
#include "engine/hot/hot_rows.h"
#include "engine/ledger/ledger_decoder.h"
#include "engine/ledger/stored_ledger.h"
#include "engine/store/cold_readers.h"
#include "engine/store/store.h"
#include "vfs/base/mutex.h"

namespace permafrost::engine {

// The indexes of hot chunks at one moment.
using HotIndexes = std::map<ChunkId, std::shared_ptr<const HotIndex>>;

// A view, the indexes of everything that is hot in it, and what its reads share with others.
struct LedgerStoreView {
  HotIndexes indexes;
  ColdReaders* cold = nullptr;
  const SharedDecompressor* hot = nullptr;  // of what stands in hot rows
  ReadView store;
};

// Of all frozen files that are kept open.
inline constexpr std::size_t kOpenColdFilesMax = 128;

// Threads: any thread; Append from one at a time; Close and destruction exclude every other call.
class LedgerStore {
 public:
  // Opens the store, warms its hot chunks up and derives what was committed.
  //
  // `decoder` must outlive the store.
  //
  // Errors: as Store::Open and WarmUp
  static absl::StatusOr<std::unique_ptr<LedgerStore>> Open(const vfs::Env& env,
                                                           const StoreOptions& options,
                                                           const LedgerDecoder& decoder);
  ~LedgerStore();
  LedgerStore(const LedgerStore&) = delete;
  LedgerStore& operator=(const LedgerStore&) = delete;

  // The ledger that Append takes next: behind the last that is committed, which is derived from the
  // catalog and the hot rows and never stored.
  absl::StatusOr<LedgerSeq> Next();
  // Derives it anew: after chunks were frozen from elsewhere.
  absl::Status Rederive();

  // Commits the next ledger: decoded, checked, then one synced batch; makes the hot chunk when it
  // is the first of one. After an error whether it is there is for Next to say.
  //
  // Durable: yes, when it returns OK
  // Errors:  kInvalidArgument     not a ledger, not the next one, or its previous hash is not that
  //                               of the last, or the geometry has no chunk for it: names sequence
  //                               and `origin`; nothing was written
  //          kResourceExhausted   no space: nothing was acknowledged
  absl::Status Append(std::string_view bytes, std::string_view origin);

  // Forgets the indexes of chunks that are not hot any more. After a lifecycle run.
  absl::Status DropSpentIndexes();

  LedgerStoreView OpenView();
  // The hash of the last ledger of a hot or frozen chunk, or of any ledger of a frozen one; nothing
  // if it is not there: not ingested yet, or pruned.
  absl::StatusOr<std::optional<Hash>> HashOf(LedgerSeq ledger);
  // A hot chunk with all of its ledgers.
  //
  // Errors: kNotFound  it is not hot, or lacks ledgers
  absl::StatusOr<CompleteHotChunk> OpenComplete(ChunkId chunk);

  Store& store() { return *store_; }
  ColdReaders& cold_readers() { return cold_readers_; }
  const LedgerDecoder& decoder() const { return decoder_; }

  absl::Status Close();

 private:
  LedgerStore(std::unique_ptr<Store> store, const LedgerDecoder& decoder);

  // Of a ready chunk; read from its rows if nobody did.
  absl::StatusOr<std::shared_ptr<HotIndex>> IndexOf(ChunkId chunk);
  absl::StatusOr<std::shared_ptr<HotIndex>> WarmIndexOf(ChunkId chunk);
  // After a commit that failed: the index of what its chunk has.
  absl::Status ResolveDoubt();
  // Of the ledger before the next one, if nobody did: only who appends needs the pack it is in.
  absl::Status ReadLastHash();

  ColdReaders cold_readers_{kOpenColdFilesMax};
  const SharedDecompressor hot_decompressor_{""};
  const std::unique_ptr<Store> store_;
  const LedgerDecoder& decoder_;
  LedgerCompressor compressor_;
  RecordCompressor event_compressor_;

  // Of the thread that appends. Nothing: to be derived.
  std::optional<LedgerSeq> next_;
  std::optional<Hash> last_hash_;    // of the ledger before next_, if it is there
  bool is_last_hash_read_ = false;   // whether last_hash_ says so
  std::optional<ChunkId> doubtful_;  // its last commit failed

  mutable vfs::Mutex mu_;
  std::map<ChunkId, std::shared_ptr<HotIndex>> indexes_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine
