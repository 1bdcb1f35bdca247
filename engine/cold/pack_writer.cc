// Records, their index, and what their owner has to say.
#include "engine/cold/pack_writer.h"

#include <zstd.h>

#include <limits>

#include "engine/cold/packed_sizes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr int kLevel = 3;

}  // namespace

struct PackWriter::Coder {
  Coder() : context(ZSTD_createCCtx()) {
    VFS_CHECK(context != nullptr, "no memory for a zstd context");
  }
  ~Coder() { ZSTD_freeCCtx(context); }
  Coder(const Coder&) = delete;
  Coder& operator=(const Coder&) = delete;

  absl::Status Append(std::string& out, std::string_view items) {
    const std::size_t begin = out.size();
    out.resize(begin + ZSTD_compressBound(items.size()));
    const std::size_t bytes = ZSTD_compressCCtx(context, out.data() + begin, out.size() - begin,
                                                items.data(), items.size(), kLevel);
    if (ZSTD_isError(bytes) != 0) {
      return vfs::ResourceExhausted("compress record of {} bytes: {}", items.size(),
                                    ZSTD_getErrorName(bytes));
    }
    out.resize(begin + bytes);
    return absl::OkStatus();
  }

  ZSTD_CCtx* const context;
};

PackWriter::PackWriter(vfs::File* file,
                       const ColdFileId& id,
                       ColdFileKind kind,
                       const PackOptions& options)
    : out_(file, id, kind), options_(options) {
  VFS_CHECK(options.items_per_record > 0, "a pack of no items per record");
  if (options.codec == PackCodec::kZstd) coder_ = std::make_unique<Coder>();
}

PackWriter::~PackWriter() = default;

absl::Status PackWriter::Add(std::string_view item) {
  if (failure_.ok()) failure_ = AddChecked(item);
  return failure_;
}

absl::Status PackWriter::AddChecked(std::string_view item) {
  if (item.size() > kPackRecordBytesMax - items_.size()) {
    return vfs::InvalidArgument("add item {} to pack: {} bytes after {} of its record, at most {}",
                                item_count_, item.size(), items_.size(), kPackRecordBytesMax);
  }
  if (item_count_ == std::numeric_limits<std::uint32_t>::max())
    return vfs::InvalidArgument("add item {} to pack: it is full", item_count_);
  items_.append(item);
  item_sizes_.push_back(static_cast<std::uint32_t>(item.size()));
  ++item_count_;
  if (item_sizes_.size() < options_.items_per_record) return absl::OkStatus();
  return FinishRecord();
}

absl::Status PackWriter::FinishRecord() {
  std::string record;
  if (options_.items_per_record > 1) AppendPackedSizes(record, item_sizes_);
  if (coder_ != nullptr) {
    VFS_RETURN_IF_ERROR(coder_->Append(record, items_));
  } else if (record.empty()) {
    record.swap(items_);
  } else {
    record += items_;
  }
  VFS_RETURN_IF_ERROR(out_.Append(record_sizes_.size(), record));
  record_sizes_.push_back(static_cast<std::uint32_t>(record.size() + kColdCrcBytes));
  items_.clear();
  item_sizes_.clear();
  return absl::OkStatus();
}

absl::Status PackWriter::Finish(std::string_view app_data) {
  if (failure_.ok()) failure_ = FinishChecked(app_data);
  return failure_;
}

absl::Status PackWriter::FinishChecked(std::string_view app_data) {
  if (!item_sizes_.empty()) VFS_RETURN_IF_ERROR(FinishRecord());
  std::string index;
  AppendPackedSizes(index, record_sizes_);
  VFS_RETURN_IF_ERROR(out_.Append(kIndexUnit, index));
  VFS_RETURN_IF_ERROR(out_.Append(kAppDataUnit, app_data));
  ColdNumbers numbers = {};
  numbers[kPackRecords] = static_cast<std::uint32_t>(record_sizes_.size());
  numbers[kPackItems] = item_count_;
  numbers[kPackItemsPerRecord] = options_.items_per_record;
  numbers[kPackCodec] = static_cast<std::uint32_t>(options_.codec);
  numbers[kPackIndexBytes] = static_cast<std::uint32_t>(index.size());
  numbers[kPackAppDataBytes] = static_cast<std::uint32_t>(app_data.size());
  return out_.Finish(numbers);
}

}  // namespace permafrost::engine
