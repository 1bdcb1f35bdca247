// Root, directory, page: one row, one prefix, one slot of each.
#include "engine/cold/window_index_reader.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

__extension__ using Wide = unsigned __int128;

// Of a unit; every offset is in it by the arithmetic that made it.
template <typename T>
T At(const char* unit, std::size_t offset) {
  T value;
  std::memcpy(&value, unit + offset, sizeof(T));
  return value;
}

// Numbers for each prefix, as a fraction of 2^64.
std::uint64_t PerPrefix(std::uint64_t count, std::uint64_t prefixes) {
  if (prefixes <= count) return 0;
  return static_cast<std::uint64_t>((Wide{count} << 64) / prefixes);
}

// The last of `count` ascending numbers that is at most `key`, or the first of all. Hashes are
// spread evenly, so that the guess is off by one or two; any guess gives the same answer.
template <typename NumberAt>
std::size_t LastAtMost(const NumberAt& at,
                       std::size_t count,
                       std::uint64_t per_prefix,
                       std::uint64_t key) {
  const auto guess = static_cast<std::size_t>((Wide{key - at(0)} * per_prefix) >> 64);
  std::size_t i = std::min(guess, count - 1);
  while (i + 1 < count && at(i + 1) <= key) ++i;
  while (i > 0 && at(i) > key) --i;
  return i;
}

}  // namespace

WindowIndex::WindowIndex(std::unique_ptr<vfs::File> file,
                         std::string_view path,
                         const IndexIdentity& identity)
    : file_(std::move(file)),
      path_(path),
      identity_(identity),
      crc_seed_(SeedOf(identity)),
      offset_max_(identity.last.value() - identity.first.value()) {}

absl::StatusOr<std::unique_ptr<WindowIndex>> WindowIndex::Open(vfs::FileSystem* fs,
                                                               std::string_view path,
                                                               const IndexIdentity& identity,
                                                               const WindowIndexOptions& options) {
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::File> file, fs->Open(path, vfs::OpenMode::kRead));
  std::unique_ptr<WindowIndex> index(new WindowIndex(std::move(file), path, identity));
  VFS_RETURN_IF_ERROR(index->ReadFooter());
  index->MakeRoom(options.resident_bytes_max);
  return index;
}

absl::Status WindowIndex::ReadFooter() {
  VFS_ASSIGN_OR_RETURN(const std::uint64_t file_bytes, file_->Size());
  if (file_bytes == 0 || file_bytes % kIndexUnitBytes != 0) {
    return vfs::DataLoss("open {}: {} bytes, no multiple of {}", path_, file_bytes,
                         kIndexUnitBytes);
  }
  units_ = file_bytes / kIndexUnitBytes;
  const std::uint64_t number = units_ - 1;
  const auto footer = std::make_unique<Unit>();
  VFS_RETURN_IF_ERROR(ReadUnit(number, 0, *footer));
  const char* const bytes = footer->bytes;
  if (!footer->view().starts_with(kIndexMagic))
    return Damage(number, "no footer: its first 8 bytes are not 'PFWIDX\\r\\n'");
  const auto version = At<std::uint32_t>(bytes, kFooterVersionAt);
  if (version != kIndexVersion)
    return Damage(number, fmt::format("version {}, this program reads {}", version, kIndexVersion));
  IndexIdentity found;
  std::memcpy(found.store_id.data(), bytes + kFooterStoreIdAt, found.store_id.size());
  found.first = LedgerSeq{At<std::uint32_t>(bytes, kFooterFirstAt)};
  found.last = LedgerSeq{At<std::uint32_t>(bytes, kFooterLastAt)};
  if (found != identity_) {
    return vfs::FailedPrecondition("open {}: index of {}, expected {}", path_, ToString(found),
                                   ToString(identity_));
  }
  const auto units = At<std::uint64_t>(bytes, kFooterUnitsAt);
  if (units != units_) {
    return Damage(number, fmt::format("footer of a file of {} units, found {}", units, units_));
  }
  keys_ = At<std::uint64_t>(bytes, kFooterKeysAt);
  return ReadRoots(At<std::uint32_t>(bytes, kFooterGroupsAt));
}

absl::Status WindowIndex::ReadRoots(std::uint32_t groups) {
  const std::uint64_t root_units = (groups + std::uint64_t{kRootRowsMax} - 1) / kRootRowsMax;
  if (groups > kGroupsMax || root_units >= units_)
    return Damage(units_ - 1, fmt::format("footer of {} groups", groups));
  const std::uint64_t roots_begin = units_ - 1 - root_units;
  const auto unit = std::make_unique<Unit>();
  groups_.reserve(groups);
  for (std::uint64_t number = roots_begin; number < units_ - 1; ++number) {
    VFS_RETURN_IF_ERROR(ReadUnit(number, crc_seed_, *unit));
    for (std::size_t row = 0; row < kRootRowsMax && groups_.size() < groups; ++row) {
      const std::size_t at = row * kRootRowBytes;
      groups_.push_back({.prefix = At<std::uint64_t>(unit->bytes, at),
                         .directory = At<std::uint64_t>(unit->bytes, at + kRootRowDirectoryAt)});
    }
  }
  return CheckGroups(roots_begin);
}

absl::Status WindowIndex::CheckGroups(std::uint64_t roots_begin) {
  std::uint64_t unit = 0;
  std::uint64_t prefix = 0;
  for (Group& group : groups_) {
    group.first_unit = unit;
    const bool is_sane = group.directory > unit && group.directory < roots_begin &&
                         group.directory - unit <= kGroupPagesMax + 1 && group.prefix >= prefix;
    if (!is_sane) {
      return Damage(roots_begin, fmt::format("a group from unit {} to {}, prefix {:016x} after "
                                             "{:016x}",
                                             unit, group.directory, group.prefix, prefix));
    }
    unit = group.directory + 1;
    prefix = group.prefix;
  }
  if (unit != roots_begin)
    return Damage(roots_begin, fmt::format("roots of {} units, found {}", unit, roots_begin));
  for (std::size_t i = 0; i < groups_.size(); ++i) {
    const std::uint64_t next = i + 1 < groups_.size() ? groups_[i + 1].prefix : ~std::uint64_t{0};
    const std::uint64_t pages = groups_[i].directory - groups_[i].first_unit;
    groups_[i].pages_per_prefix = PerPrefix(pages, next - groups_[i].prefix);
  }
  if (!groups_.empty()) {
    groups_per_prefix_ =
        PerPrefix(groups_.size() - 1, groups_.back().prefix - groups_.front().prefix);
  }
  return absl::OkStatus();
}

void WindowIndex::MakeRoom(std::uint64_t resident_bytes_max) {
  if (groups_.empty()) return;
  const std::uint64_t kept = groups_.size() + groups_.back().directory + 1;
  rooms_ = std::min(resident_bytes_max / kIndexUnitBytes, kept);
  // Not initialised: a page of memory costs nothing before it is used.
  resident_ = std::make_unique_for_overwrite<Unit[]>(rooms_);
  presence_ = std::make_unique<std::atomic<Presence>[]>(rooms_);
}

absl::Status WindowIndex::Lookup(const Hash& hash, std::vector<LedgerSeq>* candidates) const {
  candidates->clear();
  const IndexKey key = KeyOf(hash);
  if (groups_.empty() || key.high < groups_.front().prefix) return absl::OkStatus();
  const auto prefix_at = [this](std::size_t i) { return groups_[i].prefix; };
  std::size_t group = LastAtMost(prefix_at, groups_.size(), groups_per_prefix_, key.high);
  VFS_RETURN_IF_ERROR(LookUpInGroup(group, hash, key, candidates));
  // Keys of one prefix may stand on both sides of a border.
  while (group > 0 && groups_[group].prefix == key.high)
    VFS_RETURN_IF_ERROR(LookUpInGroup(--group, hash, key, candidates));
  return absl::OkStatus();
}

absl::Status WindowIndex::LookUpInGroup(std::size_t number,
                                        const Hash& hash,
                                        const IndexKey& key,
                                        std::vector<LedgerSeq>* candidates) const {
  Unit scratch;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const Group& group = groups_[number];
  const char* directory = Resident(number);
  if (directory == nullptr) {
    VFS_ASSIGN_OR_RETURN(directory, Load(group.directory, number, scratch));
  }
  const std::size_t pages = At<std::uint16_t>(directory, kDirectoryPagesAt);
  const std::size_t overflow = At<std::uint16_t>(directory, kDirectoryOverflowAt);
  const std::uint64_t units = pages + (overflow > 0 ? 1 : 0);
  if (pages == 0 || pages > kGroupPagesMax || overflow > kOverflowEntriesMax ||
      units != group.directory - group.first_unit) {
    return Damage(group.directory, fmt::format("a directory of {} pages and {} entries beside them",
                                               pages, overflow));
  }
  const auto prefix_at = [directory](std::size_t i) {
    return At<std::uint64_t>(directory, kDirectoryPrefixesAt + i * sizeof(std::uint64_t));
  };
  const std::size_t last = LastAtMost(prefix_at, pages, group.pages_per_prefix, key.high);
  std::size_t first = last;
  while (first > 0 && prefix_at(first) == key.high) --first;

  const std::uint64_t mixed_key = MixedKey(key);
  for (std::size_t i = first; i <= last; ++i) {
    const std::uint64_t unit = group.first_unit + i;
    const char* page = Resident(groups_.size() + unit);
    if (page == nullptr) {
      VFS_ASSIGN_OR_RETURN(page, Load(unit, groups_.size() + unit, scratch));
    }
    const auto seed = At<std::uint16_t>(page, kPageSeedAt);
    const auto pilot = At<std::uint8_t>(page, kPagePilotsAt + BucketOf(mixed_key));
    const std::size_t place = PlaceOf(PlacesOf(mixed_key, seed), pilot / kShifts);
    const auto slot =
        At<std::uint32_t>(page, kPageSlotsAt + engine::SlotOf(place, pilot % kShifts) * kSlotBytes);
    const std::uint32_t offset = slot >> kSlotLedgerShift;
    if ((slot & 0xff) == FingerprintOf(key) && offset <= offset_max_)
      candidates->push_back(LedgerSeq{identity_.first.value() + offset});
  }
  if (overflow == 0) return absl::OkStatus();
  return LookUpInOverflow(group.first_unit + pages, overflow, hash, candidates);
}

absl::Status WindowIndex::LookUpInOverflow(std::uint64_t number,
                                           std::size_t entries,
                                           const Hash& hash,
                                           std::vector<LedgerSeq>* candidates) const {
  Unit scratch;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  VFS_ASSIGN_OR_RETURN(const char* const unit, Load(number, groups_.size() + number, scratch));
  for (std::size_t i = 0; i < entries; ++i) {
    const char* const entry = unit + i * kOverflowEntryBytes;
    if (std::memcmp(entry, hash.data(), hash.size()) == 0)
      candidates->push_back(LedgerSeq{At<std::uint32_t>(entry, kOverflowLedgerAt)});
  }
  return absl::OkStatus();
}

inline const char* WindowIndex::Resident(std::uint64_t place) const {
  const bool is_ready =
      place < rooms_ && presence_[place].load(std::memory_order_acquire) == Presence::kReady;
  return is_ready ? resident_[place].bytes : nullptr;
}

absl::StatusOr<const char*> WindowIndex::Load(std::uint64_t number,
                                              std::uint64_t place,
                                              Unit& scratch) const {
  if (const char* const unit = Resident(place); unit != nullptr) return unit;
  Presence expected = Presence::kAbsent;
  const bool is_ours =
      place < rooms_ && presence_[place].compare_exchange_strong(expected, Presence::kBeingRead,
                                                                 std::memory_order_acquire);
  if (!is_ours) {  // no room, or another thread reads it there at this moment
    VFS_RETURN_IF_ERROR(ReadUnit(number, crc_seed_, scratch));
    return scratch.bytes;
  }
  const absl::Status read = ReadUnit(number, crc_seed_, resident_[place]);
  presence_[place].store(read.ok() ? Presence::kReady : Presence::kAbsent,
                         std::memory_order_release);
  VFS_RETURN_IF_ERROR(read);
  return resident_[place].bytes;
}

absl::Status WindowIndex::ReadUnit(std::uint64_t number, std::uint32_t crc_seed, Unit& unit) const {
  VFS_ASSIGN_OR_RETURN(const std::size_t count,
                       file_->Read(number * kIndexUnitBytes, std::span<char>(unit.bytes)));
  if (count != kIndexUnitBytes) return Damage(number, fmt::format("{} bytes of it", count));
  const auto stored = At<std::uint32_t>(unit.bytes, kIndexUnitCrcAt);
  const std::uint32_t computed = UnitCrc(crc_seed, number, unit.view());
  if (stored == computed) return absl::OkStatus();
  return Damage(number, fmt::format("crc32c {:08x}, computed {:08x}", stored, computed));
}

absl::Status WindowIndex::Damage(std::uint64_t number, std::string_view finding) const {
  return vfs::DataLoss("read {}: unit {} of {} at byte {}: {}", path_, number, units_,
                       number * kIndexUnitBytes, finding);
}

}  // namespace permafrost::engine
