// Records of a byte stream, each behind its marks (RFC 5531, 11): the format of a metadata pipe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/ledger/byte_stream.h"

namespace permafrost::engine {

// Threads: one thread at a time.
class RecordReader {
 public:
  static constexpr std::uint32_t kRecordBytesMax = std::uint32_t{256} << 20;

  // `name` is for errors.
  RecordReader(std::unique_ptr<ByteStream> bytes,
               std::string name,
               std::uint32_t record_bytes_max = kRecordBytesMax)
      : bytes_(std::move(bytes)), name_(std::move(name)), record_bytes_max_(record_bytes_max) {}

  struct Record {
    std::uint64_t offset = 0;  // of its first mark
    std::string bytes;
  };

  // The next record; nothing at the end. Memory grows with the bytes that arrive, whatever a mark
  // says.
  //
  // Errors: kUnavailable  the stream could not be read this time: the next call goes on from there
  //         kDataLoss     it ends within a record, a mark is no sane one, or what it is unpacked
  //                       from is damaged; every later call says so too
  absl::StatusOr<std::optional<Record>> Next();

 private:
  // Appends bytes until there are `wanted`; fewer at the end of the stream only.
  absl::Status Fill(std::string& bytes, std::size_t wanted);
  absl::Status Lost(std::string finding);

  std::unique_ptr<ByteStream> bytes_;
  std::string name_;
  std::uint32_t record_bytes_max_;
  absl::Status lost_;
  // Of the record that is being read, kept over an error of the stream.
  std::uint64_t offset_ = 0;       // of the next byte
  std::uint64_t start_ = 0;        // of the record
  std::string mark_;               // of the fragment: up to 4 bytes
  std::string record_;             // the fragments so far
  std::size_t fragments_end_ = 0;  // where in it the whole fragments end
};

}  // namespace permafrost::engine
