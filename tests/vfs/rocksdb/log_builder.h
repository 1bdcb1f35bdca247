// Logs and version edits made by hand, independent of the code that reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vfs/file_system.h"

namespace permafrost::vfs {

// Writes records as RocksDB does: 32 KiB blocks, 7-byte headers (11 with a log number).
class LogBuilder {
 public:
  LogBuilder& Add(std::string_view payload);
  // A batch with this sequence number that holds one put of `value_bytes`.
  LogBuilder& Batch(std::uint64_t sequence, std::size_t value_bytes = 20);
  LogBuilder& Recyclable(std::uint32_t log_number, std::string_view payload);

  const std::string& bytes() const { return bytes_; }
  // Where each record begins, and the end of the last.
  const std::vector<std::uint64_t>& offsets() const { return offsets_; }

 private:
  void Fragment(int type, std::string_view payload, std::string_view log_number);
  void Record(std::string_view payload, std::string_view log_number);

  std::string bytes_;
  std::vector<std::uint64_t> offsets_ = {0};
};

std::string BatchPayload(std::uint64_t sequence, std::uint32_t count, std::size_t value_bytes);

// A version edit, field by field.
class EditBuilder {
 public:
  EditBuilder& Number(std::uint32_t tag, std::uint64_t value);
  EditBuilder& Text(std::uint32_t tag, std::string_view value);
  EditBuilder& NewFile4(std::uint64_t number);
  EditBuilder& Flag(std::uint32_t tag);
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// A MANIFEST of a database with one family: log number, next file, last sequence.
std::string SimpleEdit(std::uint64_t log_number,
                       std::uint64_t next_file,
                       std::uint64_t last_sequence);

// A file with these bytes, replacing what was there.
void WriteFile(FileSystem& fs, std::string_view path, std::string_view bytes);
std::string ReadFile(FileSystem& fs, std::string_view path);

}  // namespace permafrost::vfs
