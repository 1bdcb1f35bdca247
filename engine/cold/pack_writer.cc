// Records, their index, and what their owner has to say.
#include "engine/cold/pack_writer.h"

#include <limits>
#include <span>

#include "engine/ledger/packed_sizes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t kItemsMax = std::numeric_limits<std::uint32_t>::max();

}  // namespace

PackWriter::PackWriter(vfs::File* file,
                       const ColdFileId& id,
                       ColdFileKind kind,
                       const PackOptions& options)
    : out_(file, id, kind), options_(options) {
  VFS_CHECK(options.items_per_record > 0, "a pack of no items per record");
  if (options.codec == PackCodec::kZstd) compressor_ = std::make_unique<RecordCompressor>();
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
  if (item_count_ == kItemsMax)
    return vfs::InvalidArgument("add item {} to pack: it is full", item_count_);
  items_.append(item);
  item_sizes_.push_back(static_cast<std::uint32_t>(item.size()));
  ++item_count_;
  if (item_sizes_.size() < options_.items_per_record) return absl::OkStatus();
  return FinishRecord();
}

absl::Status PackWriter::FinishRecord() {
  const auto items = static_cast<std::uint32_t>(item_sizes_.size());
  std::string record;
  const bool has_sizes = is_varying() || options_.items_per_record > 1;
  const std::span<const std::uint32_t> sizes =
      has_sizes ? std::span<const std::uint32_t>(item_sizes_) : std::span<const std::uint32_t>();
  if (compressor_ != nullptr) {
    VFS_RETURN_IF_ERROR(compressor_->Append(record, sizes, items_));
  } else {
    AppendPackedSizes(record, sizes);
    if (record.empty()) record.swap(items_);
    record += items_;
  }
  items_.clear();
  item_sizes_.clear();
  return AppendRecord(record, items);
}

absl::Status PackWriter::AppendRecord(std::string_view record, std::uint32_t items) {
  VFS_RETURN_IF_ERROR(out_.Append(record_sizes_.size(), record));
  record_sizes_.push_back(static_cast<std::uint32_t>(record.size() + kColdCrcBytes));
  if (is_varying()) record_items_.push_back(items);
  return absl::OkStatus();
}

absl::Status PackWriter::AddRecord(std::string_view record, std::uint32_t items) {
  if (failure_.ok()) failure_ = AddRecordChecked(record, items);
  return failure_;
}

absl::Status PackWriter::AddRecordChecked(std::string_view record, std::uint32_t items) {
  VFS_CHECK(is_varying() && compressor_ != nullptr && items > 0, "a record of {} items", items);
  if (record.size() > kPackRecordBytesMax || items > kItemsMax - item_count_) {
    return vfs::InvalidArgument("add record of {} items, {} bytes, to pack: {} items are in it",
                                items, record.size(), item_count_);
  }
  if (!item_sizes_.empty()) VFS_RETURN_IF_ERROR(FinishRecord());
  item_count_ += items;
  return AppendRecord(record, items);
}

absl::Status PackWriter::Finish(std::string_view app_data) {
  if (failure_.ok()) failure_ = FinishChecked(app_data);
  return failure_;
}

absl::Status PackWriter::FinishChecked(std::string_view app_data) {
  if (!item_sizes_.empty()) VFS_RETURN_IF_ERROR(FinishRecord());
  std::string index;
  AppendPackedSizes(index, record_sizes_);
  AppendPackedSizes(index, record_items_);
  VFS_RETURN_IF_ERROR(out_.Append(kIndexUnit, index));
  VFS_RETURN_IF_ERROR(out_.Append(kAppDataUnit, app_data));
  ColdNumbers numbers = {};
  numbers[kPackRecords] = static_cast<std::uint32_t>(record_sizes_.size());
  numbers[kPackItems] = item_count_;
  numbers[kPackItemsPerRecord] = is_varying() ? 0 : options_.items_per_record;
  numbers[kPackCodec] = static_cast<std::uint32_t>(options_.codec);
  numbers[kPackIndexBytes] = static_cast<std::uint32_t>(index.size());
  numbers[kPackAppDataBytes] = static_cast<std::uint32_t>(app_data.size());
  return out_.Finish(numbers);
}

}  // namespace permafrost::engine
