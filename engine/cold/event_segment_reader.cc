// The three files fit each other, or none is believed.
#include "engine/cold/event_segment_reader.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "engine/cold/portable_bitmap.h"
#include "engine/ledger/packed_sizes.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kLedgerCountAt = 4;  // in the app data, behind the first ledger
constexpr std::size_t kCountsAt = 8;

}  // namespace

absl::StatusOr<EventSegmentReader> EventSegmentReader::Open(vfs::FileSystem& fs,
                                                            const Paths& paths,
                                                            const ColdFileId& id) {
  VFS_ASSIGN_OR_RETURN(PackReader events,
                       PackReader::Open(fs, paths.events, id, ColdFileKind::kEvents));
  VFS_ASSIGN_OR_RETURN(PackReader bitmaps,
                       PackReader::Open(fs, paths.bitmaps, id, ColdFileKind::kTermBitmaps));
  VFS_ASSIGN_OR_RETURN(TermDirectoryReader directory,
                       TermDirectoryReader::Open(fs, paths.directory, id));
  EventSegmentReader reader(std::move(events), std::move(bitmaps), std::move(directory));
  VFS_RETURN_IF_ERROR(reader.Load());
  return reader;
}

absl::Status EventSegmentReader::Load() {
  const std::string_view app_data = events_.app_data();
  if (app_data.size() < kCountsAt)
    return events_.DamagedAppData(fmt::format("{} bytes, no ledgers", app_data.size()));
  first_ = LedgerSeq{vfs::LoadLittleEndian<std::uint32_t>(app_data, 0)};
  const auto ledgers = vfs::LoadLittleEndian<std::uint32_t>(app_data, kLedgerCountAt);
  const std::optional<PackedSizes> counts = ParsePackedSizes(app_data.substr(kCountsAt), ledgers);
  const bool is_range = ledgers <= std::numeric_limits<std::uint32_t>::max() - first_.value();
  if (!is_range || !counts.has_value() || kCountsAt + counts->bytes != app_data.size())
    return events_.DamagedAppData(fmt::format("no counts of {} ledgers", ledgers));
  std::uint64_t end = 0;
  ends_.reserve(ledgers);
  for (const std::uint32_t count : counts->sizes) {
    end += count;
    if (end > event_count()) break;
    ends_.push_back(static_cast<std::uint32_t>(end));
  }
  if (end != event_count()) {
    return events_.DamagedAppData(
        fmt::format("its ledgers do not have {} events in all", event_count()));
  }
  if (directory_.event_count() != event_count()) {
    return directory_.Damaged(
        fmt::format("terms of {} events, expected {}", directory_.event_count(), event_count()));
  }
  if (directory_.bitmap_count() != bitmaps_.item_count()) {
    return directory_.Damaged(
        fmt::format("{} bitmaps, expected {}", directory_.bitmap_count(), bitmaps_.item_count()));
  }
  return absl::OkStatus();
}

absl::Status EventSegmentReader::Verify() const {
  const auto ignore = [](std::uint32_t, std::string_view) { return absl::OkStatus(); };
  VFS_RETURN_IF_ERROR(events_.Items(0, events_.item_count(), ignore));
  VFS_RETURN_IF_ERROR(bitmaps_.Items(0, bitmaps_.item_count(), ignore));
  return directory_.Verify();
}

EventSegmentReader::IdRange EventSegmentReader::IdsOf(LedgerSeq ledger) const {
  VFS_CHECK(ledger >= first_ && ledger.value() - first_.value() < ledger_count(),
            "ledger {} of {} from {}", ledger.value(), ledger_count(), first_.value());
  const std::size_t index = ledger.value() - first_.value();
  return {.begin = index == 0 ? 0 : ends_[index - 1], .end = ends_[index]};
}

LedgerSeq EventSegmentReader::LedgerOf(std::uint32_t id) const {
  VFS_CHECK(id < event_count(), "event {} of {}", id, event_count());
  const auto found = std::upper_bound(ends_.begin(), ends_.end(), id);
  return LedgerSeq{first_.value() + static_cast<std::uint32_t>(found - ends_.begin())};
}

absl::StatusOr<Roaring> EventSegmentReader::IdsOf(const EventTerm& term) const {
  VFS_ASSIGN_OR_RETURN(const TermDirectoryReader::Place place, directory_.Find(term));
  if (!place.bitmap.has_value()) return Roaring(place.ids.size(), place.ids.data());
  VFS_ASSIGN_OR_RETURN(const std::string item, bitmaps_.Item(*place.bitmap));
  const std::string_view name(reinterpret_cast<const char*>(term.data()), term.size());
  if (!item.starts_with(name)) return bitmaps_.DamagedItem(*place.bitmap, "it is another term's");
  std::optional<Roaring> ids =
      ParsePortableBitmap(std::string_view(item).substr(name.size()), event_count());
  if (ids.has_value()) return *std::move(ids);
  return bitmaps_.DamagedItem(*place.bitmap, fmt::format("no bitmap of {} events", event_count()));
}

}  // namespace permafrost::engine
