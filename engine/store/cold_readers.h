// Frozen files that stay open between requests: a read is then one read of the disk and its check.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/event_segment_reader.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/window_index_reader.h"
#include "engine/ledger/stored_ledger.h"
#include "engine/store/read_view.h"
#include "vfs/base/mutex.h"

namespace permafrost::engine {

// The ledgers of a frozen chunk.
class ColdLedgers {
 public:
  ColdLedgers(LedgerPackReader pack, std::string path)
      : pack_(std::move(pack)), path_(std::move(path)), decompressors_(pack_.dictionary()) {}

  // As it was ingested. Errors: as LedgerPackReader::Stored
  absl::StatusOr<std::string> Ledger(LedgerSeq sequence) const;

 private:
  const LedgerPackReader pack_;
  const std::string path_;
  mutable SharedDecompressor decompressors_;
};

// Keeps the readers that were used last. Each is known by its catalog key and by what the catalog
// records of its files, and is given only to views that see exactly that. A key that was demoted is
// forgotten before anybody may destroy its files or make them anew (Catalog::OnUnread), and nobody
// puts it back, as no view is left that sees it.
//
// What was verified when a file was opened (its trailer, index and app data) is not read again;
// records, blocks and units are verified each time.
//
// Memory:  of each reader what its class says
// Threads: any thread
class ColdReaders {
 public:
  // Open files; of a reader that is being used more, until it is given back.
  explicit ColdReaders(std::size_t files_max) : files_max_(files_max) {}
  ColdReaders(const ColdReaders&) = delete;
  ColdReaders& operator=(const ColdReaders&) = delete;

  // Nothing or null: not frozen in this view. Readers must be gone before the view is.
  //
  // Errors: kDataLoss  a file is missing, or not as the catalog records it; names the file
  absl::StatusOr<std::shared_ptr<const ColdLedgers>> Ledgers(const ReadView& view, ChunkId chunk);
  absl::StatusOr<std::shared_ptr<const EventSegmentReader>> Events(const ReadView& view,
                                                                   ChunkId chunk);
  struct FoundIndex {
    Coverage coverage;
    std::shared_ptr<const WindowIndex> index;
  };
  absl::StatusOr<std::optional<FoundIndex>> Index(const ReadView& view, WindowId window);

  // The next read of the key opens its files again: after a failure, for they may have been
  // restored meanwhile.
  void Forget(const std::string& key);
  void ForgetAll();

  // Of the readers that are kept.
  std::size_t open_files() const;

 private:
  using Reader = std::variant<std::shared_ptr<const ColdLedgers>,
                              std::shared_ptr<const EventSegmentReader>,
                              std::shared_ptr<const WindowIndex>>;
  struct Entry {
    std::vector<FileDigest> files;
    Reader reader;
    std::optional<std::uint64_t> version;  // of a catalog that records these files
    std::uint64_t used = 0;                // the number of its last use
  };

  using Version = std::optional<std::uint64_t>;  // ReadView::catalog_version

  // The reader of a key, if it is known to be that of this version without asking the catalog.
  template <typename T>
  std::shared_ptr<const T> Find(const std::string& key, const Version& version);
  // The reader of a key that has these files in this version; `open` makes it if none is kept.
  template <typename T, typename Open>
  absl::StatusOr<std::shared_ptr<const T>> Find(const std::string& key,
                                                const std::vector<FileDigest>& files,
                                                const Version& version,
                                                const Open& open);
  void Keep(const std::string& key, Entry entry);

  const std::size_t files_max_;
  mutable vfs::Mutex mu_;  // never held while a file is opened or closed
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);
  std::size_t open_files_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t uses_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace permafrost::engine
