// Headers and records, field by field.
#include "engine/journal/segment_encode.h"

#include "engine/journal/journal_format.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"

namespace permafrost::engine::journal {

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
  std::string place;
  vfs::AppendLittleEndian(place, nonce);
  vfs::AppendLittleEndian(place, offset);
  const std::size_t begin = out.size();
  vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(kHeadBytes + record.body.size()));
  const std::size_t crc_at = out.size();
  vfs::AppendLittleEndian(out, std::uint32_t{0});
  out.append(reinterpret_cast<const char*>(record.hash.bytes.data()), kHashBytes);
  out.push_back(static_cast<char>(record.type));
  out.append(3, '\0');
  vfs::AppendLittleEndian(out, record.batch_index);
  vfs::AppendLittleEndian(out, record.lsn);
  vfs::AppendLittleEndian(out, static_cast<std::uint64_t>(record.unix_micros));
  out.append(record.body);
  out.append(RecordBytes(record.body.size()) - (out.size() - begin), '\0');
  const std::string_view bytes = out;
  std::uint32_t crc = vfs::Crc32c(place);
  crc = vfs::Crc32cExtend(crc, bytes.substr(begin, sizeof(std::uint32_t)));
  crc = vfs::Crc32cExtend(crc, bytes.substr(begin + kFrameHashAt));
  for (std::size_t i = 0; i < sizeof(crc); ++i) out[crc_at + i] = static_cast<char>(crc >> (8 * i));
}

}  // namespace permafrost::engine::journal
