// The ledgers of a chunk: a pack with one stored ledger per record, and the dictionary that they
// share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/pack_reader.h"
#include "engine/cold/pack_writer.h"
#include "engine/geometry/ids.h"

namespace permafrost::engine {

// Takes stored ledgers as they are (ledger/stored_ledger.h): freezing copies. After an error every
// call repeats it.
//
// Shape:    engine/FORMATS.md "Ledger pack"
// Memory:   one ledger, 1 MiB that waits to be written, 4 bytes a ledger, the dictionary
// Durable:  never
// Threads:  one thread at a time
class LedgerPackWriter {
 public:
  // `dictionary`: that of the compressor, or empty. `file` is empty and must outlive this.
  LedgerPackWriter(vfs::File* file,
                   const ColdFileId& id,
                   LedgerSeq first,
                   std::string_view dictionary);

  // Errors: kInvalidArgument  not the next ledger
  //         kDataLoss         not a stored ledger
  absl::Status Add(LedgerSeq sequence, std::string_view stored);

  // Errors: kInvalidArgument  no ledger was added
  absl::Status Finish();

 private:
  absl::Status Check(LedgerSeq sequence, std::string_view stored) const;

  PackWriter pack_;
  const LedgerSeq first_;
  const std::string dictionary_;
  absl::Status failure_;
};

// Memory:   8 bytes a ledger, and the dictionary
// Threads:  any thread
// Errors:   of each call kDataLoss for damage: names file, unit, offset and finding
class LedgerPackReader {
 public:
  using VisitLedger = absl::FunctionRef<absl::Status(LedgerSeq sequence, std::string_view stored)>;

  static absl::StatusOr<LedgerPackReader> Open(vfs::FileSystem& fs,
                                               std::string_view path,
                                               const ColdFileId& id);

  LedgerSeq first() const { return first_; }
  LedgerSeq last() const;
  std::string_view dictionary() const;

  // One stored ledger, by one read; LedgerDecompressor knows the rest.
  //
  // Errors: kNotFound  it is not one of this pack
  absl::StatusOr<std::string> Stored(LedgerSeq sequence) const;

  // Stored ledgers first to last, in order; neighbours are read together, up to 1 MiB. Ends with
  // the first error of `visit`. Nothing if last < first.
  //
  // Errors: kNotFound  not all of them are in this pack
  absl::Status StoredRange(LedgerSeq first, LedgerSeq last, VisitLedger visit) const;

 private:
  LedgerPackReader(PackReader pack, std::string_view path, LedgerSeq first)
      : pack_(std::move(pack)), path_(path), first_(first) {}

  absl::Status CheckHolds(LedgerSeq sequence) const;

  PackReader pack_;
  std::string path_;
  LedgerSeq first_;
};

}  // namespace permafrost::engine
