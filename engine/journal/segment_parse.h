// Reads segment headers and records: no byte is believed before its checksum held, no length before
// it was compared with the file and the maximum.
//
// Source: engine/FORMATS.md "Journal"
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/journal/journal_types.h"
#include "vfs/file_system.h"

namespace permafrost::engine::journal {

// A record where it stands. `body` points into the reader's buffer, good until its next call.
struct RecordView {
  std::uint8_t type = 0;
  std::uint32_t batch_index = 0;
  Lsn lsn = 0;
  std::int64_t unix_micros = 0;
  std::uint64_t offset = 0;  // global
  ContentAddress hash;
  std::string_view body;

  bool is_own() const { return type >= kFirstOwnType; }
  // The highest LSN that this record proves durable: at most one batch is in flight.
  Lsn proved() const;
  std::uint64_t end() const { return offset + RecordBytes(body.size()); }
};

// Errors: kDataLoss  what is wrong with the bytes, without a name: the caller knows the file
absl::StatusOr<SegmentHeader> ParseHeader(std::string_view bytes);

enum class HashCheck { kNo, kYes };

// One segment file, read at given places through a buffer of its own.
//
// Threads: one thread at a time.
class SegmentReader {
 public:
  // `file` must outlive the reader.
  SegmentReader(const vfs::File* file, const SegmentHeader& header, std::uint64_t file_bytes);

  const SegmentHeader& header() const { return header_; }
  // Global offset of the file's end.
  std::uint64_t end() const { return header_.base + file_bytes_; }

  struct Answer {
    bool is_valid = false;
    RecordView record;  // if valid
    std::string why;    // else: what was expected and what was found
  };
  // The record at a global offset. That a record begins at `offset` is the caller's guess.
  //
  // Errors: of Read; bytes that are no record are an answer, not an error
  absl::StatusOr<Answer> At(std::uint64_t offset, HashCheck hash);
  // The same into an answer that is used again and again; what is not valid has no record.
  absl::Status ReadAt(std::uint64_t offset, HashCheck hash, Answer* answer);

  // The same where it is not known that a record begins: only what could be one with an LSN in
  // [lsn_min, lsn_max] is looked at closely.
  absl::StatusOr<Answer> Probe(std::uint64_t offset, Lsn lsn_min, Lsn lsn_max);

  // The first aligned offset from `offset` on whose 8 bytes are not all zero, or the end of the
  // file.
  absl::StatusOr<std::uint64_t> SkipZeros(std::uint64_t offset);

  // As of now; for a file that grows.
  void set_file_bytes(std::uint64_t bytes);

 private:
  // At least `bytes` from `position` on, if the file has them.
  absl::StatusOr<std::string_view> Load(std::uint64_t position, std::size_t bytes);
  // What the buffer has from `position` on, maybe nothing.
  std::string_view Buffered(std::uint64_t position) const {
    const bool is_there = position >= buffer_at_ && position - buffer_at_ <= buffer_.size();
    return is_there ? std::string_view(buffer_).substr(position - buffer_at_) : std::string_view();
  }

  const vfs::File* file_;
  SegmentHeader header_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t buffer_at_ = 0;  // position of its first byte
  std::string buffer_;
};

}  // namespace permafrost::engine::journal
