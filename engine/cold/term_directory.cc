// Blocks of 4 KiB, found by their first terms.
#include "engine/cold/term_directory.h"

#include <algorithm>
#include <cstring>

#include "engine/cold/term_postings.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// Places in ColdNumbers.
constexpr std::size_t kTerms = 0;
constexpr std::size_t kBlocks = 1;
constexpr std::size_t kBitmaps = 2;
constexpr std::size_t kEvents = 3;

constexpr std::size_t kTermBytes = std::tuple_size_v<EventTerm>;
constexpr std::size_t kIdsBytesMax = 128;
constexpr std::uint8_t kBitmapForm = 0;  // otherwise: so many bytes of ids
constexpr std::size_t kBitmapBytes = 4;
constexpr std::size_t kBlockBytes = 4'096;
constexpr std::size_t kCountBytes = 2;
constexpr std::size_t kEntriesBytesMax = kBlockBytes - kColdCrcBytes - kCountBytes;

std::string_view BytesOf(const EventTerm& term) {
  return {reinterpret_cast<const char*>(term.data()), term.size()};
}

EventTerm TermAt(std::string_view bytes, std::size_t at) {
  EventTerm term;
  std::memcpy(term.data(), bytes.data() + at, kTermBytes);
  return term;
}

// One entry of a block.
struct Entry {
  EventTerm term;
  std::uint8_t form = kBitmapForm;
  std::string_view rest;
};

// Takes an entry off the front; nothing if none is there.
std::optional<Entry> TakeEntry(std::string_view& bytes) {
  if (bytes.size() < kTermBytes + 1) return std::nullopt;
  Entry entry{.term = TermAt(bytes, 0), .form = static_cast<std::uint8_t>(bytes[kTermBytes])};
  const std::size_t rest = entry.form == kBitmapForm ? kBitmapBytes : entry.form;
  bytes.remove_prefix(kTermBytes + 1);
  if (bytes.size() < rest) return std::nullopt;
  entry.rest = bytes.substr(0, rest);
  bytes.remove_prefix(rest);
  return entry;
}

}  // namespace

bool NeedsBitmap(std::span<const std::uint32_t> ids) {
  if (ids.size() > kIdsBytesMax) return true;
  std::string bytes;
  AppendIds(bytes, ids);
  return bytes.size() > kIdsBytesMax;
}

TermDirectoryWriter::TermDirectoryWriter(vfs::File* file, const ColdFileId& id)
    : out_(file, id, ColdFileKind::kTermDirectory) {}

absl::Status TermDirectoryWriter::Add(const EventTerm& term, std::span<const std::uint32_t> ids) {
  if (failure_.ok()) failure_ = AddChecked(term, ids);
  return failure_;
}

absl::Status TermDirectoryWriter::AddChecked(const EventTerm& term,
                                             std::span<const std::uint32_t> ids) {
  VFS_CHECK(!ids.empty(), "a term without events");
  if (last_.has_value() && term <= *last_) {
    return vfs::InvalidArgument("add term {} to directory: it is not above the one before",
                                term_count_);
  }
  std::string entry(BytesOf(term));
  if (NeedsBitmap(ids)) {
    entry.push_back(static_cast<char>(kBitmapForm));
    vfs::AppendLittleEndian(entry, bitmap_count_++);
  } else {
    entry.push_back('\0');
    AppendIds(entry, ids);
    entry[kTermBytes] = static_cast<char>(entry.size() - kTermBytes - 1);
  }
  if (entries_.size() + entry.size() > kEntriesBytesMax) VFS_RETURN_IF_ERROR(FinishBlock());
  if (entries_.empty()) fence_ += BytesOf(term);
  entries_ += entry;
  ++block_terms_;
  ++term_count_;
  last_ = term;
  return absl::OkStatus();
}

absl::Status TermDirectoryWriter::FinishBlock() {
  std::string block;
  vfs::AppendLittleEndian(block, block_terms_);
  block += entries_;
  block.resize(kBlockBytes - kColdCrcBytes, '\0');
  VFS_RETURN_IF_ERROR(out_.Append(fence_.size() / kTermBytes - 1, block));
  entries_.clear();
  block_terms_ = 0;
  return absl::OkStatus();
}

absl::Status TermDirectoryWriter::Finish(std::uint32_t event_count) {
  if (failure_.ok() && block_terms_ > 0) failure_ = FinishBlock();
  if (failure_.ok()) failure_ = out_.Append(kIndexUnit, fence_);
  VFS_RETURN_IF_ERROR(failure_);
  ColdNumbers numbers = {};
  numbers[kTerms] = term_count_;
  numbers[kBlocks] = static_cast<std::uint32_t>(fence_.size() / kTermBytes);
  numbers[kBitmaps] = bitmap_count_;
  numbers[kEvents] = event_count;
  return out_.Finish(numbers);
}

absl::StatusOr<TermDirectoryReader> TermDirectoryReader::Open(vfs::FileSystem& fs,
                                                              std::string_view path,
                                                              const ColdFileId& id) {
  VFS_ASSIGN_OR_RETURN(ColdFileReader file,
                       ColdFileReader::Open(fs, path, id, ColdFileKind::kTermDirectory));
  TermDirectoryReader reader(std::move(file));
  VFS_RETURN_IF_ERROR(reader.Load());
  return reader;
}

absl::Status TermDirectoryReader::Load() {
  const std::uint64_t blocks = file_.numbers()[kBlocks];
  const std::uint64_t fence_at = blocks * kBlockBytes;
  const std::uint64_t fence_bytes = blocks * kTermBytes + kColdCrcBytes;
  if (fence_at + fence_bytes != file_.trailer_at()) {
    return file_.DamagedTrailer(fmt::format("{} blocks and their index take {} bytes, expected {}",
                                            blocks, fence_at + fence_bytes, file_.trailer_at()));
  }
  VFS_ASSIGN_OR_RETURN(const std::string fence, file_.Unit(kIndexUnit, fence_at, fence_bytes));
  file_.DropTail();
  fence_.reserve(blocks);
  for (std::size_t at = 0; at < fence.size(); at += kTermBytes) fence_.push_back(TermAt(fence, at));
  if (!std::is_sorted(fence_.begin(), fence_.end()))
    return file_.Damaged(kIndexUnit, fence_at, "its terms do not ascend");
  return absl::OkStatus();
}

absl::StatusOr<TermDirectoryReader::Place> TermDirectoryReader::Find(const EventTerm& term) const {
  const auto behind = std::upper_bound(fence_.begin(), fence_.end(), term);
  if (behind == fence_.begin()) return Place{};
  const auto block = static_cast<std::uint64_t>(behind - fence_.begin() - 1);
  const std::uint64_t at = block * kBlockBytes;
  VFS_ASSIGN_OR_RETURN(const std::string bytes, file_.Unit(block, at, kBlockBytes));
  std::string_view entries = std::string_view(bytes).substr(kCountBytes);
  for (auto left = vfs::LoadLittleEndian<std::uint16_t>(bytes, 0); left > 0; --left) {
    const std::optional<Entry> entry = TakeEntry(entries);
    if (!entry.has_value()) return file_.Damaged(block, at, "an entry that does not end in it");
    if (entry->term != term) continue;
    if (entry->form == kBitmapForm) {
      const auto bitmap = vfs::LoadLittleEndian<std::uint32_t>(entry->rest, 0);
      if (bitmap < bitmap_count()) return Place{.ids = {}, .bitmap = bitmap};
      return file_.Damaged(block, at, fmt::format("bitmap {} of {}", bitmap, bitmap_count()));
    }
    std::optional<std::vector<std::uint32_t>> ids = ParseIds(entry->rest);
    if (!ids.has_value() || ids->back() >= event_count())
      return file_.Damaged(block, at, fmt::format("no ids of {} events", event_count()));
    return Place{.ids = *std::move(ids), .bitmap = std::nullopt};
  }
  return Place{};
}

absl::Status TermDirectoryReader::Verify() const {
  for (std::uint64_t block = 0; block < fence_.size(); ++block)
    VFS_RETURN_IF_ERROR(file_.Unit(block, block * kBlockBytes, kBlockBytes).status());
  return absl::OkStatus();
}

std::uint32_t TermDirectoryReader::term_count() const { return file_.numbers()[kTerms]; }
std::uint32_t TermDirectoryReader::bitmap_count() const { return file_.numbers()[kBitmaps]; }
std::uint32_t TermDirectoryReader::event_count() const { return file_.numbers()[kEvents]; }

}  // namespace permafrost::engine
