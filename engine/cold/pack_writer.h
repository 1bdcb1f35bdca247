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

namespace permafrost::engine {

struct PackOptions {
  std::uint32_t items_per_record = 1;  // at least 1
  PackCodec codec = PackCodec::kPlain;
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

  // The last record, the index, the app data, the trailer. Nothing may follow.
  absl::Status Finish(std::string_view app_data);

  std::uint32_t item_count() const { return item_count_; }

 private:
  struct Coder;

  absl::Status AddChecked(std::string_view item);
  absl::Status FinishRecord();
  absl::Status FinishChecked(std::string_view app_data);

  ColdFileWriter out_;
  const PackOptions options_;
  std::unique_ptr<Coder> coder_;  // null: plain
  std::string items_;             // of the record that is being filled
  std::vector<std::uint32_t> item_sizes_;
  std::vector<std::uint32_t> record_sizes_;
  std::uint32_t item_count_ = 0;
  absl::Status failure_;
};

}  // namespace permafrost::engine
