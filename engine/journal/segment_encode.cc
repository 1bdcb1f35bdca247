// Headers and records, field by field.
#include "engine/journal/segment_encode.h"

#include <bit>
#include <cstring>

#include "engine/journal/journal_format.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"

namespace permafrost::engine::journal {
namespace {

// What a record's checksum begins with: nonce, offset, length.
constexpr std::size_t kCrcSeedBytes = 20;

}  // namespace

std::string EncodeHeader(const SegmentHeader& header) {
  std::string out(kSegmentMagic);
  vfs::AppendLittleEndian(out, kSegmentVersion);
  vfs::AppendLittleEndian(out, std::uint32_t{0});
  out.append(reinterpret_cast<const char*>(header.store_id.data()), header.store_id.size());
  vfs::AppendLittleEndian(out, header.nonce);
  vfs::AppendLittleEndian(out, header.base);
  vfs::AppendLittleEndian(out, header.first_lsn);
  vfs::AppendLittleEndian(out, std::uint32_t{0});
  vfs::AppendLittleEndian(out, vfs::Crc32c(out));
  return out;
}

void AppendRecord(std::string& out,
                  const RecordContent& record,
                  std::uint64_t nonce,
                  std::uint64_t offset) {
  VFS_CHECK(offset % kAlignment == 0, "record at offset {}", offset);
  const auto length = static_cast<std::uint32_t>(kHeadBytes + record.body.size());
  const std::size_t padding =
      RecordBytes(record.body.size()) - kRecordBytesMin - record.body.size();
  char head[kRecordBytesMin] = {};
  const auto put = [&head](std::size_t at, auto value) {
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(head + at, &value, sizeof(value));
  };
  put(0, length);
  std::memcpy(head + kFrameHashAt, record.hash.bytes.data(), kHashBytes);
  put(kFrameBytes, record.type);
  put(kFrameBytes + kHeadBatchIndexAt, record.batch_index);
  put(kFrameBytes + kHeadLsnAt, record.lsn);
  put(kFrameBytes + kHeadMicrosAt, record.unix_micros);
  const std::size_t begin = out.size();
  out.append(head, sizeof(head));
  out.append(record.body);
  out.append(padding, '\0');

  // Few calls: for small records they are what a checksum costs.
  char seed[kCrcSeedBytes];
  std::memcpy(seed, &nonce, sizeof(nonce));
  std::memcpy(seed + sizeof(nonce), &offset, sizeof(offset));
  std::memcpy(seed + sizeof(nonce) + sizeof(offset), &length, sizeof(length));
  const std::uint32_t crc = vfs::Crc32cExtend(vfs::Crc32c({seed, sizeof(seed)}),
                                              std::string_view(out).substr(begin + kFrameHashAt));
  std::memcpy(out.data() + begin + kFrameCrcAt, &crc, sizeof(crc));
}

}  // namespace permafrost::engine::journal
