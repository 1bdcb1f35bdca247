// The index at the end, then records by place.
#include "engine/cold/pack_reader.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "engine/ledger/packed_sizes.h"
#include "vfs/base/check.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::uint64_t kReadBytesMax = std::uint64_t{1} << 20;
constexpr std::uint32_t kRangeItemsMax = 1U << 16;  // of a range, listed at once

}  // namespace

// The items of a record.
struct PackReader::Record {
  std::string decoded;     // what `items` lies in, if it was coded
  std::string_view items;  // one after another
  std::vector<std::uint32_t> sizes;
};

absl::StatusOr<PackReader> PackReader::Open(vfs::FileSystem& fs,
                                            std::string_view path,
                                            const ColdFileId& id,
                                            ColdFileKind kind) {
  VFS_ASSIGN_OR_RETURN(ColdFileReader file, ColdFileReader::Open(fs, path, id, kind));
  PackReader reader(std::move(file));
  VFS_RETURN_IF_ERROR(reader.Load());
  return reader;
}

absl::Status PackReader::Load() {
  const ColdNumbers& numbers = file_.numbers();
  if (numbers[kPackCodec] > static_cast<std::uint32_t>(PackCodec::kZstd)) {
    return file_.DamagedTrailer(
        fmt::format("codec {}; a newer release wrote it", numbers[kPackCodec]));
  }
  if (!is_varying()) {
    const std::uint64_t records =
        (std::uint64_t{item_count()} + items_per_record() - 1) / items_per_record();
    if (record_count() != records) {
      return file_.DamagedTrailer(fmt::format("{} records, expected {} of {} items", record_count(),
                                              records, item_count()));
    }
  }
  const std::uint64_t index_bytes = std::uint64_t{numbers[kPackIndexBytes]} + kColdCrcBytes;
  const std::uint64_t app_bytes = std::uint64_t{numbers[kPackAppDataBytes]} + kColdCrcBytes;
  if (index_bytes + app_bytes > file_.trailer_at()) {
    return file_.DamagedTrailer(
        fmt::format("an index of {} and app data of {} bytes do not fit", index_bytes, app_bytes));
  }
  const std::uint64_t app_at = file_.trailer_at() - app_bytes;
  const std::uint64_t index_at = app_at - index_bytes;
  VFS_ASSIGN_OR_RETURN(const std::string index, file_.Unit(kIndexUnit, index_at, index_bytes));
  VFS_ASSIGN_OR_RETURN(app_data_, file_.Unit(kAppDataUnit, app_at, app_bytes));
  file_.DropTail();

  return LoadIndex(index, index_at);
}

absl::Status PackReader::LoadIndex(std::string_view index, std::uint64_t index_at) {
  const std::uint64_t records = record_count();
  const auto damaged = [&, bytes = index.size()](std::string_view what) {
    return file_.Damaged(
        kIndexUnit, index_at,
        fmt::format("{} bytes are not the {} of {} records", bytes, what, records));
  };
  const std::optional<PackedSizes> sizes = ParsePackedSizes(index, records);
  if (!sizes.has_value()) return damaged("sizes");
  index.remove_prefix(sizes->bytes);
  if (is_varying()) {
    const std::optional<PackedSizes> counts = ParsePackedSizes(index, records);
    if (!counts.has_value()) return damaged("numbers of items");
    index.remove_prefix(counts->bytes);
    std::uint64_t items = 0;
    first_items_.reserve(records + 1);
    for (const std::uint32_t count : counts->sizes) {
      if (count == 0 || count > item_count() - items) return damaged("numbers of items");
      first_items_.push_back(static_cast<std::uint32_t>(items));
      items += count;
    }
    if (items != item_count()) return damaged("numbers of items");
    first_items_.push_back(item_count());
  }
  if (!index.empty()) return damaged("sizes");
  offsets_.reserve(records + 1);
  offsets_.push_back(0);
  for (const std::uint32_t size : sizes->sizes) offsets_.push_back(offsets_.back() + size);
  if (offsets_.back() != index_at) {
    return file_.Damaged(
        kIndexUnit, index_at,
        fmt::format("records of {} bytes in all, expected {}", offsets_.back(), index_at));
  }
  return absl::OkStatus();
}

absl::Status PackReader::DamagedAppData(std::string_view finding) const {
  return file_.Damaged(kAppDataUnit, file_.trailer_at() - app_data_.size() - kColdCrcBytes,
                       finding);
}

absl::Status PackReader::DamagedItem(std::uint32_t item, std::string_view finding) const {
  const std::uint32_t record = RecordOf(item);
  return file_.Damaged(record, offsets_[record], finding);
}

std::uint32_t PackReader::RecordOf(std::uint32_t item) const {
  if (!is_varying()) return item / items_per_record();
  const auto behind = std::upper_bound(first_items_.begin(), first_items_.end(), item);
  return static_cast<std::uint32_t>(behind - first_items_.begin() - 1);
}

std::uint64_t PackReader::FirstItemOf(std::uint64_t record) const {
  return is_varying() ? first_items_[record] : record * items_per_record();
}

std::uint32_t PackReader::ItemsOf(std::uint64_t record) const {
  const std::uint64_t end = std::min<std::uint64_t>(item_count(), FirstItemOf(record + 1));
  return static_cast<std::uint32_t>(end - FirstItemOf(record));
}

absl::StatusOr<PackReader::Record> PackReader::Parse(std::uint64_t record,
                                                     std::string_view bytes,
                                                     RecordDecompressor& decompressor) const {
  const std::uint64_t at = offsets_[record];
  VFS_ASSIGN_OR_RETURN(std::string_view coded, file_.Verified(record, at, bytes));
  const bool has_sizes = items_per_record() != 1;
  if (codec() == PackCodec::kZstd) {
    absl::StatusOr<RecordItems> items =
        has_sizes ? decompressor.Decompress(coded, ItemsOf(record), kPackRecordBytesMax)
                  : decompressor.DecompressItem(coded, kPackRecordBytesMax);
    if (!items.ok()) return file_.Damaged(record, at, vfs::Message(items.status()));
    return Record{
        .decoded = std::move(items->bytes), .items = {}, .sizes = std::move(items->sizes)};
  }
  Record parsed;
  if (has_sizes) {
    std::optional<PackedSizes> sizes = ParsePackedSizes(coded, ItemsOf(record));
    if (!sizes.has_value()) {
      return file_.Damaged(record, at,
                           fmt::format("it has not the sizes of {} items", ItemsOf(record)));
    }
    coded.remove_prefix(sizes->bytes);
    parsed.sizes = std::move(sizes->sizes);
  } else {
    parsed.sizes = {static_cast<std::uint32_t>(coded.size())};
  }
  const std::uint64_t total =
      std::accumulate(parsed.sizes.begin(), parsed.sizes.end(), std::uint64_t{0});
  if (coded.size() != total) {
    return file_.Damaged(record, at,
                         fmt::format("items of {} bytes, expected {}", coded.size(), total));
  }
  parsed.items = coded;
  return parsed;
}

absl::StatusOr<std::string> PackReader::Item(std::uint32_t item) const {
  if (items_per_record() == 1 && codec() == PackCodec::kPlain) {
    VFS_CHECK(item < item_count(), "item {} of {}", item, item_count());
    return file_.Unit(item, offsets_[item], offsets_[item + std::size_t{1}] - offsets_[item]);
  }
  std::string found;
  VFS_RETURN_IF_ERROR(Items(item, 1, [&found](std::uint32_t, std::string_view bytes) {
    found = bytes;
    return absl::OkStatus();
  }));
  return found;
}

absl::Status PackReader::Items(std::uint32_t first, std::uint32_t count, VisitItem visit) const {
  std::vector<std::uint32_t> items;
  for (; count > 0; count -= static_cast<std::uint32_t>(items.size())) {
    items.resize(std::min(count, kRangeItemsMax));
    std::iota(items.begin(), items.end(), first);
    VFS_RETURN_IF_ERROR(Items(items, visit));
    first += static_cast<std::uint32_t>(items.size());
  }
  return absl::OkStatus();
}

std::size_t PackReader::ReadTogether(std::span<const std::uint32_t> records) const {
  std::size_t count = 1;
  while (count < records.size() && records[count] == records[count - 1] + 1 &&
         offsets_[records[count] + std::size_t{1}] - offsets_[records[0]] <= kReadBytesMax) {
    ++count;
  }
  return count;
}

absl::Status PackReader::Items(std::span<const std::uint32_t> items, VisitItem visit) const {
  std::vector<std::uint32_t> records;
  for (const std::uint32_t item : items) {
    VFS_CHECK(item < item_count(), "item {} of {}", item, item_count());
    if (records.empty() || item >= FirstItemOf(records.back() + std::uint64_t{1}))
      records.push_back(RecordOf(item));
  }
  std::string buffer;
  RecordDecompressor decompressor;
  for (std::span<const std::uint32_t> left = records; !left.empty();) {
    const std::span<const std::uint32_t> together = left.first(ReadTogether(left));
    left = left.subspan(together.size());
    const std::uint64_t begin = offsets_[together.front()];
    buffer.resize(offsets_[together.back() + std::size_t{1}] - begin);
    VFS_RETURN_IF_ERROR(file_.Bytes(begin, std::span<char>(buffer)));
    for (const std::uint32_t record : together) {
      const std::uint64_t at = offsets_[record];
      VFS_ASSIGN_OR_RETURN(
          const Record parsed,
          Parse(record,
                std::string_view(buffer).substr(at - begin, offsets_[record + std::size_t{1}] - at),
                decompressor));
      std::string_view bytes = parsed.decoded.empty() ? parsed.items : parsed.decoded;
      std::uint64_t next = FirstItemOf(record);
      for (const std::uint32_t size : parsed.sizes) {
        const std::string_view item = bytes.substr(0, size);
        bytes.remove_prefix(size);
        if (!items.empty() && items.front() == next) {
          VFS_RETURN_IF_ERROR(visit(items.front(), item));
          items = items.subspan(1);
        }
        ++next;
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace permafrost::engine
