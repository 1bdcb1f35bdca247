// Writes a pack: items in order, some to a record.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "engine/cold/cold_file_writer.h"
#include "engine/cold/pack_format.h"
#include "engine/ledger/stored_events.h"

namespace permafrost::engine {

struct PackOptions {
  std::uint32_t items_per_record = 1;  // at least 1
  PackCodec codec = PackCodec::kPlain;
  // Whether a record may hold fewer: the index then says how many each has.
  enum class Records { kFull, kVarying } records = Records::kFull;
};

// Deterministic: the same items give the same bytes. After an error every call repeats it.
//
// Memory:   one record, twice if it is coded; 1 MiB that waits to be written; 4 bytes a record
// Durable:  never
// Threads:  one thread at a time
class PackWriter {
 public:
  // `file` is empty and must outlive this.
  PackWriter(vfs::File* file, const ColdFileId& id, ColdFileKind kind, const PackOptions& options);
  ~PackWriter();
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;

  // Errors: kInvalidArgument  the record would be larger than kPackRecordBytesMax
  absl::Status Add(std::string_view item);

  // A record of so many items, at least one, as PackReader::Parse would take it; what was added
  // before becomes a record of its own. Of a pack of varying records with the codec kZstd.
  absl::Status AddRecord(std::string_view record, std::uint32_t items);

  // The last record, the index, the app data, the trailer. Nothing may follow.
  absl::Status Finish(std::string_view app_data);

  std::uint32_t item_count() const { return item_count_; }

 private:
  bool is_varying() const { return options_.records == PackOptions::Records::kVarying; }
  absl::Status AddChecked(std::string_view item);
  absl::Status AddRecordChecked(std::string_view record, std::uint32_t items);
  absl::Status FinishRecord();
  absl::Status AppendRecord(std::string_view record, std::uint32_t items);
  absl::Status FinishChecked(std::string_view app_data);

  ColdFileWriter out_;
  const PackOptions options_;
  std::unique_ptr<RecordCompressor> compressor_;  // null: plain
  std::string items_;                             // of the record that is being filled
  std::vector<std::uint32_t> item_sizes_;
  std::vector<std::uint32_t> record_sizes_;
  std::vector<std::uint32_t> record_items_;  // if they vary
  std::uint32_t item_count_ = 0;
  absl::Status failure_;
};

}  // namespace permafrost::engine
