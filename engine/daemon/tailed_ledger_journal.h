// A journal whose ledgers are taken beside its writers, which come and go.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "engine/daemon/journal_parts.h"
#include "engine/ingest/journal_source.h"
#include "engine/journal/tailer.h"

namespace permafrost::engine {

// Reads through a tailer. To set its cursor it is the writer for a moment, in which a client that
// starts is refused.
class TailedLedgerJournal final : public LedgerJournal {
 public:
  // Makes the journal if there is none. `env` must outlive it.
  //
  // Errors: kUnavailable  somebody else makes it just now
  static absl::StatusOr<std::unique_ptr<TailedLedgerJournal>> Open(
      const vfs::Env& env, const JournalPlaceOptions& options);

  absl::StatusOr<journal::Lsn> First() override;
  absl::StatusOr<std::vector<JournalRecord>> Read(journal::Lsn from, std::size_t limit) override;
  absl::StatusOr<std::optional<journal::Lsn>> Cursor() override;
  absl::Status SetCursor(journal::Lsn next) override;

 private:
  TailedLedgerJournal(const vfs::Env& env,
                      JournalPlaceOptions options,
                      const journal::StoreId& store_id)
      : env_(env), options_(std::move(options)), store_id_(store_id) {}

  const vfs::Env env_;
  const JournalPlaceOptions options_;
  const journal::StoreId store_id_;
  std::unique_ptr<journal::Tailer> tailer_;  // null: nothing was read yet
};

}  // namespace permafrost::engine
