// The transaction hashes of a chunk, sorted: what window indexes are built from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/cold_file_reader.h"
#include "engine/cold/cold_file_writer.h"
#include "engine/cold/sorted_entries.h"
#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// The whole hash, so that two that share the bytes of an index can be told apart.
using HashEntry = IndexEntry;

// Every hash under which a transaction of the ledger is found: two of a fee bump.
void AppendHashEntries(std::vector<HashEntry>& out, const LedgerView& ledger);

// After an error every call repeats it.
//
// Shape:    engine/FORMATS.md "Hash run"
// Memory:   1 MiB that waits to be written
// Durable:  never
// Threads:  one thread at a time
class HashRunWriter {
 public:
  // `file` is empty and must outlive this.
  HashRunWriter(vfs::File* file, const ColdFileId& id);

  // Ascending; an entry equal to the last one is left out.
  //
  // Errors: kInvalidArgument  it is below the last one
  absl::Status Add(const HashEntry& entry);

  absl::Status Finish();

  std::uint32_t entry_count() const { return entry_count_; }

 private:
  absl::Status AddChecked(const HashEntry& entry);
  absl::Status FinishBlock();

  ColdFileWriter out_;
  std::string block_;
  std::uint64_t block_count_ = 0;
  std::uint32_t entry_count_ = 0;
  std::optional<HashEntry> last_;
  absl::Status failure_;
};

// A whole run of entries in any order.
//
// Memory: the entries
absl::Status WriteHashRun(vfs::File& file, const ColdFileId& id, std::vector<HashEntry> entries);

// Reads a run from its first entry to its last.
//
// Memory:   64 KiB
// Threads:  one thread at a time
// Errors:   of each call kDataLoss for damage: names file, unit, offset and finding
class HashRunCursor {
 public:
  static absl::StatusOr<HashRunCursor> Open(vfs::FileSystem& fs,
                                            std::string_view path,
                                            const ColdFileId& id);
  // Of a run that was read as a whole; `path` is what errors call it.
  static absl::StatusOr<HashRunCursor> OverBytes(std::string bytes,
                                                 std::string_view path,
                                                 const ColdFileId& id);

  std::uint32_t entry_count() const;

  // The next entries, ascending and above all before; none at the end. Valid until the next call.
  absl::StatusOr<std::span<const HashEntry>> NextBlock();

 private:
  explicit HashRunCursor(ColdFileReader file) : file_(std::move(file)) {}

  static absl::StatusOr<HashRunCursor> Checked(ColdFileReader file);
  absl::Status Fill();

  ColdFileReader file_;
  std::string buffer_;            // whole blocks
  std::size_t taken_ = 0;         // bytes of the buffer
  std::uint64_t buffer_end_ = 0;  // its place in the file
  std::uint64_t block_ = 0;       // the next
  std::vector<HashEntry> entries_;
  std::optional<HashEntry> last_;
};

}  // namespace permafrost::engine
