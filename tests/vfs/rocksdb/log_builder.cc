// The writer's side of the log format.
#include "tests/vfs/rocksdb/log_builder.h"

#include <algorithm>

#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"

namespace permafrost::vfs {
namespace {

constexpr std::size_t kBlock = 32768;

void AppendVarint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

}  // namespace

void LogBuilder::Fragment(int type, std::string_view payload, std::string_view log_number) {
  std::string covered(1, static_cast<char>(type));
  covered += log_number;
  covered += payload;
  AppendLittleEndian(bytes_, MaskCrc(Crc32c(covered)));
  AppendLittleEndian(bytes_, static_cast<std::uint16_t>(payload.size()));
  bytes_ += covered;
}

void LogBuilder::Record(std::string_view payload, std::string_view log_number) {
  const std::size_t header = 7 + log_number.size();
  const int recyclable = log_number.empty() ? 0 : 4;
  bool first = true;
  do {
    std::size_t left = kBlock - bytes_.size() % kBlock;
    if (left < header) {
      bytes_.append(left, '\0');
      left = kBlock;
    }
    if (first) offsets_.back() = bytes_.size();
    const std::string_view part = payload.substr(0, std::min(payload.size(), left - header));
    payload.remove_prefix(part.size());
    const bool last = payload.empty();
    const int type = first ? (last ? 1 : 2) : (last ? 4 : 3);
    Fragment(type + recyclable, part, log_number);
    first = false;
  } while (!payload.empty());
  offsets_.push_back(bytes_.size());
}

LogBuilder& LogBuilder::Add(std::string_view payload) {
  Record(payload, {});
  return *this;
}

LogBuilder& LogBuilder::Batch(std::uint64_t sequence, std::size_t value_bytes) {
  return Add(BatchPayload(sequence, 1, value_bytes));
}

LogBuilder& LogBuilder::Recyclable(std::uint32_t log_number, std::string_view payload) {
  std::string number;
  AppendLittleEndian(number, log_number);
  Record(payload, number);
  return *this;
}

std::string BatchPayload(std::uint64_t sequence, std::uint32_t count, std::size_t value_bytes) {
  std::string batch;
  AppendLittleEndian(batch, sequence);
  AppendLittleEndian(batch, count);
  batch.push_back(1);  // put
  AppendVarint(batch, 1);
  batch.push_back('k');
  AppendVarint(batch, value_bytes);
  batch.append(value_bytes, 'v');
  return batch;
}

EditBuilder& EditBuilder::Number(std::uint32_t tag, std::uint64_t value) {
  AppendVarint(bytes_, tag);
  AppendVarint(bytes_, value);
  return *this;
}

EditBuilder& EditBuilder::Text(std::uint32_t tag, std::string_view value) {
  Number(tag, value.size());
  bytes_ += value;
  return *this;
}

EditBuilder& EditBuilder::NewFile4(std::uint64_t number) {
  Number(103, 0);  // level
  AppendVarint(bytes_, number);
  AppendVarint(bytes_, 1000);
  for (int side = 0; side < 2; ++side) {
    AppendVarint(bytes_, 9);
    bytes_ += "k12345678";
  }
  AppendVarint(bytes_, 1);
  AppendVarint(bytes_, 2);
  Text(5, "x");
  AppendVarint(bytes_, 1);  // end of the custom fields
  return *this;
}

EditBuilder& EditBuilder::Flag(std::uint32_t tag) {
  AppendVarint(bytes_, tag);
  return *this;
}

std::string SimpleEdit(std::uint64_t log_number,
                       std::uint64_t next_file,
                       std::uint64_t last_sequence) {
  return EditBuilder().Number(2, log_number).Number(3, next_file).Number(4, last_sequence).bytes();
}

void WriteFile(FileSystem& fs, std::string_view path, std::string_view bytes) {
  fs.Unlink(path).IgnoreError();
  auto file = fs.Create(path);
  VFS_CHECK(file.ok(), "{}", file.status().ToString());
  VFS_CHECK((*file)->Append(bytes).ok(), "append {}", path);
}

std::string ReadFile(FileSystem& fs, std::string_view path) {
  auto file = fs.Open(path, OpenMode::kRead);
  VFS_CHECK(file.ok(), "{}", file.status().ToString());
  std::string bytes((*file)->Size().value(), '\0');
  const auto got = (*file)->Read(0, bytes);
  VFS_CHECK(got.ok() && *got == bytes.size(), "read {}", path);
  return bytes;
}

}  // namespace permafrost::vfs
