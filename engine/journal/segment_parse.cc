// Checks from the outside in: room, length, checksum, head, hash.
#include "engine/journal/segment_parse.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "engine/journal/journal_format.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine::journal {
namespace {

// Of the first read, which is the only one of most who look for one record; and of all others.
constexpr std::size_t kFirstReadBytes = std::size_t{64} << 10;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

// The checksum of what a record's begins with: nonce, offset, length. One call for all three.
std::uint32_t SeedOf(std::uint64_t nonce, std::uint64_t offset, std::uint32_t length) {
  char seed[sizeof(nonce) + sizeof(offset) + sizeof(length)];
  std::memcpy(seed, &nonce, sizeof(nonce));
  std::memcpy(seed + sizeof(nonce), &offset, sizeof(offset));
  std::memcpy(seed + sizeof(nonce) + sizeof(offset), &length, sizeof(length));
  return vfs::Crc32c({seed, sizeof(seed)});
}

ContentAddress LoadAddress(std::string_view bytes, std::size_t at) {
  ContentAddress address;
  std::memcpy(address.bytes.data(), bytes.data() + at, kHashBytes);
  return address;
}

// How many bytes are zero before the first that is not. What follows a log is mostly zeros.
std::size_t LeadingZeros(std::string_view bytes) {
  constexpr std::size_t kStrideBytes = 256;
  std::size_t at = 0;
  for (; bytes.size() - at >= kStrideBytes; at += kStrideBytes) {
    std::array<std::uint64_t, kStrideBytes / sizeof(std::uint64_t)> words;
    std::memcpy(words.data(), bytes.data() + at, kStrideBytes);
    std::uint64_t any = 0;
    for (const std::uint64_t word : words) any |= word;
    if (any != 0) break;
  }
  while (at < bytes.size() && bytes[at] == '\0') ++at;
  return at;
}

bool IsZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

}  // namespace

ContentAddress ContentAddressOf(std::uint8_t type, std::string_view body) {
  // The type goes in together with the first of the body, as many chunks as are hashed beside each
  // other: after a byte alone, none of what follows would lie aligned (Blake3Hasher).
  constexpr std::size_t kTogetherBytes = std::size_t{16} << 10;
  std::array<char, kTogetherBytes> together;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const std::string_view first = body.substr(0, kTogetherBytes - 1);
  together[0] = static_cast<char>(type);
  std::memcpy(together.data() + 1, first.data(), first.size());
  vfs::Blake3Hasher hasher;
  hasher.Update({together.data(), 1 + first.size()});
  if (first.size() < body.size()) hasher.Update(body.substr(first.size()));
  return hasher.Finish();
}

Lsn RecordView::proved() const {
  if (is_own()) return lsn;
  return lsn - batch_index - 1;
}

absl::StatusOr<SegmentHeader> ParseHeader(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes)
    return vfs::DataLoss("header of {} bytes, {} expected", bytes.size(), kHeaderBytes);
  bytes = bytes.substr(0, kHeaderBytes);
  if (bytes.substr(0, kSegmentMagic.size()) != kSegmentMagic)
    return vfs::DataLoss("no segment: the first 8 bytes are not '{}'", "PFJRNL\\r\\n");
  const auto stored = vfs::LoadLittleEndian<std::uint32_t>(bytes, kHeaderCrcAt);
  const std::uint32_t computed = vfs::Crc32c(bytes.substr(0, kHeaderCrcAt));
  if (stored != computed)
    return vfs::DataLoss("header crc32c {:08x}, computed {:08x}", stored, computed);
  const auto version = vfs::LoadLittleEndian<std::uint32_t>(bytes, kHeaderVersionAt);
  if (version != kSegmentVersion)
    return vfs::DataLoss("segment version {}, this program reads {}", version, kSegmentVersion);
  SegmentHeader header;
  std::memcpy(header.store_id.data(), bytes.data() + kHeaderStoreIdAt, kStoreIdBytes);
  header.nonce = vfs::LoadLittleEndian<std::uint64_t>(bytes, kHeaderNonceAt);
  header.base = vfs::LoadLittleEndian<std::uint64_t>(bytes, kHeaderBaseAt);
  header.first_lsn = vfs::LoadLittleEndian<std::uint64_t>(bytes, kHeaderFirstLsnAt);
  if (header.base % kAlignment != 0 || header.base > vfs::kFileBytesMax * kAlignment ||
      header.first_lsn == 0)
    return vfs::DataLoss("header with base {} and first LSN {}", header.base, header.first_lsn);
  return header;
}

SegmentReader::SegmentReader(const vfs::File* file,
                             const SegmentHeader& header,
                             std::uint64_t file_bytes)
    : file_(file), header_(header), file_bytes_(file_bytes) {}

void SegmentReader::set_file_bytes(std::uint64_t bytes) {
  file_bytes_ = bytes;
  buffer_.clear();
}

absl::StatusOr<std::string_view> SegmentReader::Load(std::uint64_t position, std::size_t bytes) {
  const std::string_view buffered = Buffered(position);
  if (buffered.size() >= bytes && !buffered.empty()) return buffered;
  const std::uint64_t left = position < file_bytes_ ? file_bytes_ - position : 0;
  const std::size_t wanted = std::max(bytes, buffer_.empty() ? kFirstReadBytes : kReadBytes);
  buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(left, wanted)));
  buffer_at_ = position;
  const auto read = file_->Read(position, std::span<char>(buffer_));
  if (!read.ok()) {
    buffer_.clear();
    return read.status();
  }
  buffer_.resize(*read);
  return std::string_view(buffer_);
}

absl::StatusOr<SegmentReader::Answer> SegmentReader::At(std::uint64_t offset, HashCheck hash) {
  Answer answer;
  VFS_RETURN_IF_ERROR(ReadAt(offset, hash, &answer));
  return answer;
}

absl::Status SegmentReader::ReadAt(std::uint64_t offset, HashCheck hash, Answer* answer) {
  const auto no = [answer](std::string why) {
    *answer = {.why = std::move(why)};
    return absl::OkStatus();
  };
  const std::uint64_t position = offset - header_.base;
  if (offset % kAlignment != 0 || position < kHeaderBytes)
    return no(fmt::format("offset {} is no place for a record", offset));
  if (position > file_bytes_ || file_bytes_ - position < kRecordBytesMin)
    return no(fmt::format("a record, found the end of the file after {} bytes",
                          file_bytes_ - std::min(position, file_bytes_)));
  std::string_view bytes = Buffered(position);
  if (bytes.size() < kRecordBytesMin) {
    VFS_ASSIGN_OR_RETURN(bytes, Load(position, kRecordBytesMin));
    if (bytes.size() < kRecordBytesMin) return no("a record, found the end of the file");
  }
  const auto payload = vfs::LoadLittleEndian<std::uint32_t>(bytes, 0);
  if (payload < kHeadBytes || payload > kPayloadBytesMax) {
    return no(fmt::format("a length of {} to {}, found {}", kHeadBytes, kPayloadBytesMax, payload));
  }
  const std::uint64_t whole = RecordBytes(payload - kHeadBytes);
  if (bytes.size() < whole) {
    if (whole > file_bytes_ - position) {
      return no(fmt::format("{} bytes, found the end of the file after {}", whole,
                            file_bytes_ - position));
    }
    VFS_ASSIGN_OR_RETURN(bytes, Load(position, whole));
    if (bytes.size() < whole) return no("a whole record, found the end of the file");
  }
  bytes = bytes.substr(0, whole);
  const auto stored = vfs::LoadLittleEndian<std::uint32_t>(bytes, kFrameCrcAt);
  const std::uint32_t computed =
      vfs::Crc32cExtend(SeedOf(header_.nonce, offset, payload), bytes.substr(kFrameHashAt));
  if (stored != computed)
    return no(fmt::format("crc32c {:08x}, computed {:08x}", stored, computed));

  const std::string_view head = bytes.substr(kFrameBytes);
  RecordView& record = answer->record;
  record.type = static_cast<std::uint8_t>(head[0]);
  record.batch_index = vfs::LoadLittleEndian<std::uint32_t>(head, kHeadBatchIndexAt);
  record.lsn = vfs::LoadLittleEndian<std::uint64_t>(head, kHeadLsnAt);
  record.unix_micros =
      static_cast<std::int64_t>(vfs::LoadLittleEndian<std::uint64_t>(head, kHeadMicrosAt));
  record.offset = offset;
  record.hash = LoadAddress(bytes, kFrameHashAt);
  record.body = head.substr(kHeadBytes, payload - kHeadBytes);
  const bool is_sane =
      record.type != 0 && head[kHeadFlagsAt] == 0 && IsZero(head.substr(kHeadZeroAt, 2)) &&
      IsZero(bytes.substr(kFrameBytes + payload)) &&
      (record.is_own() ? record.batch_index == 0 : record.lsn > record.batch_index);
  if (!is_sane) return no("a record, found one of a form that nobody writes");
  if (hash == HashCheck::kYes) {
    const ContentAddress content = ContentAddressOf(record.type, record.body);
    if (content != record.hash)
      return no(fmt::format("blake3 {}, computed {}", record.hash.Hex(), content.Hex()));
  }
  answer->is_valid = true;
  answer->why.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> SegmentReader::SkipZeros(std::uint64_t offset) {
  while (offset < end()) {
    VFS_ASSIGN_OR_RETURN(std::string_view bytes, Load(offset - header_.base, kAlignment));
    if (bytes.size() < kAlignment) return end();
    bytes = bytes.substr(0, bytes.size() / kAlignment * kAlignment);
    const std::size_t zeros = LeadingZeros(bytes) / kAlignment * kAlignment;
    offset += zeros;
    if (zeros < bytes.size()) return offset;
  }
  return end();
}

absl::StatusOr<SegmentReader::Answer> SegmentReader::Probe(std::uint64_t offset,
                                                           Lsn lsn_min,
                                                           Lsn lsn_max) {
  const std::uint64_t position = offset - header_.base;
  if (position > file_bytes_ || file_bytes_ - position < kRecordBytesMin) return Answer{};
  VFS_ASSIGN_OR_RETURN(const std::string_view bytes, Load(position, kRecordBytesMin));
  if (bytes.size() < kRecordBytesMin) return Answer{};
  const auto payload = vfs::LoadLittleEndian<std::uint32_t>(bytes, 0);
  if (payload < kHeadBytes || payload > kPayloadBytesMax) return Answer{};
  const auto lsn = vfs::LoadLittleEndian<std::uint64_t>(bytes, kFrameBytes + kHeadLsnAt);
  if (lsn < lsn_min || lsn > lsn_max) return Answer{};
  return At(offset, HashCheck::kYes);
}

}  // namespace permafrost::engine::journal
