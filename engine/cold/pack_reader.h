// Reads a pack: any item with one positional read, many items with few.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/cold_file_reader.h"
#include "engine/cold/pack_format.h"
#include "engine/ledger/stored_events.h"

namespace permafrost::engine {

// Memory:   8 bytes a record, 12 if their items vary, and the app data
// Threads:  any thread
// Errors:   of each call kDataLoss for damage: names file, unit, offset and finding
class PackReader {
 public:
  // The bytes of an item are valid within the call.
  using VisitItem = absl::FunctionRef<absl::Status(std::uint32_t item, std::string_view bytes)>;

  // One read of the end of the file, and a second if the index and the app data are larger.
  static absl::StatusOr<PackReader> Open(vfs::FileSystem& fs,
                                         std::string_view path,
                                         const ColdFileId& id,
                                         ColdFileKind kind);

  std::uint32_t item_count() const { return file_.numbers()[kPackItems]; }
  // 0: they vary.
  std::uint32_t items_per_record() const { return file_.numbers()[kPackItemsPerRecord]; }
  PackCodec codec() const { return static_cast<PackCodec>(file_.numbers()[kPackCodec]); }
  std::string_view app_data() const { return app_data_; }

  // Requires item < item_count().
  absl::StatusOr<std::string> Item(std::uint32_t item) const;

  // Items first to first + count - 1, in order; neighbours are read together, up to 1 MiB. Ends
  // with the first error of `visit`. Requires that they are there.
  absl::Status Items(std::uint32_t first, std::uint32_t count, VisitItem visit) const;
  // The same of some items, strictly ascending; each record is read once.
  absl::Status Items(std::span<const std::uint32_t> items, VisitItem visit) const;

  // kDataLoss about the app data, for whoever understands it.
  absl::Status DamagedAppData(std::string_view finding) const;
  // The same about an item, which names its record. Requires item < item_count().
  absl::Status DamagedItem(std::uint32_t item, std::string_view finding) const;

 private:
  struct Record;

  explicit PackReader(ColdFileReader file) : file_(std::move(file)) {}

  absl::Status Load();
  absl::Status LoadIndex(std::string_view index, std::uint64_t index_at);
  std::uint32_t record_count() const { return file_.numbers()[kPackRecords]; }
  bool is_varying() const { return items_per_record() == 0; }
  // The record that has an item, and the first item of a record, which may be the one behind the
  // last.
  std::uint32_t RecordOf(std::uint32_t item) const;
  std::uint64_t FirstItemOf(std::uint64_t record) const;
  std::uint32_t ItemsOf(std::uint64_t record) const;
  // `bytes`: the record as it stands in the file.
  absl::StatusOr<Record> Parse(std::uint64_t record,
                               std::string_view bytes,
                               RecordDecompressor& decompressor) const;
  // How many of these records, the first at least, stand one after another within 1 MiB.
  std::size_t ReadTogether(std::span<const std::uint32_t> records) const;

  ColdFileReader file_;
  std::vector<std::uint64_t> offsets_;      // of the records, and of the end of the last
  std::vector<std::uint32_t> first_items_;  // the same of their items, if they vary
  std::string app_data_;
};

}  // namespace permafrost::engine
