// Names, headers, spares, and the one way in which a segment appears.
#include "engine/journal/segment_file.h"

#include <algorithm>
#include <span>

#include "engine/journal/journal_format.h"
#include "engine/journal/segment_encode.h"
#include "vfs/base/bytes.h"
#include "vfs/base/hash.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine::journal {
namespace {

constexpr std::size_t kZerosBytes = std::size_t{1} << 20;  // of one write

}  // namespace

std::string SegmentName(std::uint64_t base) {
  return fmt::format("{:020}{}", base, kSegmentSuffix);
}

std::optional<std::uint64_t> BaseOfName(std::string_view name) {
  const auto base = vfs::ParseNumber<std::uint64_t>(name.substr(0, name.find('.')));
  return base.has_value() && SegmentName(*base) == name ? base : std::nullopt;
}

std::string SpareName(std::uint64_t number) {
  return fmt::format("{}{:020}", kSparePrefix, number);
}

void Segment::Note(Lsn lsn, std::uint64_t offset) {
  if (index.empty() || offset - index.back().offset >= kIndexStepBytes)
    index.push_back({lsn, offset});
}

IndexEntry Segment::Find(Lsn lsn) const {
  const auto after =
      std::upper_bound(index.begin(), index.end(), lsn,
                       [](Lsn value, const IndexEntry& at) { return value < at.lsn; });
  if (after == index.begin()) return {header.first_lsn, header.base + kHeaderBytes};
  return *std::prev(after);
}

Segment Segment::ForReading(Lsn from) const {
  return {.path = path,
          .header = header,
          .file = file,
          .file_bytes = file_bytes,
          .end = end,
          .last_lsn = last_lsn,
          .index = {Find(from)}};
}

absl::StatusOr<std::string> ReadHeader(const vfs::File& file) {
  std::string bytes(kHeaderBytes, '\0');
  VFS_ASSIGN_OR_RETURN(const std::size_t read, file.Read(0, std::span<char>(bytes)));
  bytes.resize(read);
  return bytes;
}

absl::StatusOr<Segment> OpenSegment(vfs::FileSystem* fs,
                                    const std::string& directory,
                                    std::uint64_t base,
                                    const StoreId& store_id) {
  Segment segment;
  segment.path = vfs::JoinPath(directory, SegmentName(base));
  VFS_ASSIGN_OR_RETURN(segment.file, fs->Open(segment.path, vfs::OpenMode::kRead));
  VFS_ASSIGN_OR_RETURN(segment.file_bytes, segment.file->Size());
  VFS_ASSIGN_OR_RETURN(const std::string bytes, ReadHeader(*segment.file));
  const auto header = ParseHeader(bytes);
  if (!header.ok()) {
    return vfs::DataLoss("open journal segment {}: {}; see permafrost journal verify", segment.path,
                         vfs::Message(header.status()));
  }
  if (header->base != base) {
    return vfs::DataLoss(
        "open journal segment {}: its header says base {}; see permafrost journal "
        "verify",
        segment.path, header->base);
  }
  if (header->store_id != store_id) {
    return vfs::FailedPrecondition(
        "open journal segment {}: it belongs to another store; give this journal its own directory",
        segment.path);
  }
  segment.header = *header;
  segment.end = base + kHeaderBytes;
  segment.last_lsn = header->first_lsn - 1;
  return segment;
}

absl::Status MakeSpare(vfs::FileSystem* fs, const std::string& path, std::uint64_t bytes) {
  const vfs::Step step("journal.spare");
  const auto write = [&]() -> absl::Status {
    VFS_ASSIGN_OR_RETURN(const std::unique_ptr<vfs::File> file, fs->Create(path));
    const std::string zeros(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, kZerosBytes)),
                            '\0');
    for (std::uint64_t at = 0; at < bytes; at += zeros.size()) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), bytes - at));
      VFS_RETURN_IF_ERROR(file->Append(std::string_view(zeros).substr(0, count)));
    }
    VFS_RETURN_IF_ERROR(file->Sync());
    return file->Close();
  };
  absl::Status made = write();
  // Space is what it lacked, so the half of it goes; that this may fail too changes nothing.
  if (!made.ok()) vfs::UnlinkIfExists(fs, path).IgnoreError();
  return made;
}

absl::StatusOr<std::uint64_t> NonceFor(vfs::FileSystem* fs,
                                       const std::string& spare,
                                       std::uint64_t drawn) {
  VFS_ASSIGN_OR_RETURN(const auto file, fs->Open(spare, vfs::OpenMode::kRead));
  VFS_ASSIGN_OR_RETURN(const std::string header, ReadHeader(*file));
  if (header.size() < kHeaderBytes) return drawn;
  // Odd steps are no fixed points: the last nonce plus one of them is another.
  const auto last = vfs::LoadLittleEndian<std::uint64_t>(header, kHeaderNonceAt);
  return last + (vfs::Mix64(drawn) | 1);
}

absl::StatusOr<Segment> PublishSegment(vfs::FileSystem* fs,
                                       const std::string& directory,
                                       const std::string& spare,
                                       const SegmentHeader& header,
                                       std::string_view records) {
  Segment segment;
  segment.path = vfs::JoinPath(directory, SegmentName(header.base));
  segment.header = header;
  {
    const vfs::Step step("journal.header");
    VFS_ASSIGN_OR_RETURN(segment.file, fs->Open(spare, vfs::OpenMode::kReadWrite));
    VFS_RETURN_IF_ERROR(segment.file->Write(0, EncodeHeader(header) + std::string(records)));
  }
  {
    const vfs::Step step("journal.sync.header");
    VFS_RETURN_IF_ERROR(segment.file->Sync());
  }
  {
    const vfs::Step step("journal.rename");
    VFS_RETURN_IF_ERROR(fs->Rename(spare, segment.path));
  }
  VFS_RETURN_IF_ERROR(vfs::SettleDir(fs, directory, "journal.sync.dir"));
  VFS_ASSIGN_OR_RETURN(segment.file_bytes, segment.file->Size());
  segment.end = header.base + kHeaderBytes;
  segment.last_lsn = header.first_lsn - 1;
  return segment;
}

}  // namespace permafrost::engine::journal
