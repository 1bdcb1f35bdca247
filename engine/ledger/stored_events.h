// The events of one ledger as they are stored: records of neighbouring payloads, the same bytes in
// the hot tier and in a cold pack, so that freezing copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// Of a record; the last one of a ledger has the rest.
inline constexpr std::uint32_t kEventsPerRecord = 128;

// Makes records of items: their packed sizes, and one zstd frame of all of them.
//
// Threads: one thread at a time
class RecordCompressor {
 public:
  RecordCompressor();
  ~RecordCompressor();
  RecordCompressor(const RecordCompressor&) = delete;
  RecordCompressor& operator=(const RecordCompressor&) = delete;

  // The same bytes at every call, whatever was compressed before.
  //
  // Shape:   engine/FORMATS.md "Pack": `items` one after another, of `sizes`
  // Errors:  kResourceExhausted
  absl::Status Append(std::string& out,
                      std::span<const std::uint32_t> sizes,
                      std::string_view items);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

struct RecordItems {
  std::string bytes;  // one after another
  std::vector<std::uint32_t> sizes;

  std::string_view item(std::size_t i) const;
};

// Threads: one thread at a time
class RecordDecompressor {
 public:
  RecordDecompressor();
  ~RecordDecompressor();
  RecordDecompressor(const RecordDecompressor&) = delete;
  RecordDecompressor& operator=(const RecordDecompressor&) = delete;

  // A record, and one that is the frame of a single item.
  //
  // Errors: kDataLoss  not a record of so many items of at most `bytes_max` bytes: names what is
  //                    wrong. No memory is taken for a count or a size that it cannot hold.
  absl::StatusOr<RecordItems> Decompress(std::string_view record,
                                         std::size_t items,
                                         std::uint64_t bytes_max);
  absl::StatusOr<RecordItems> DecompressItem(std::string_view frame, std::uint64_t bytes_max);

 private:
  struct State;

  absl::StatusOr<std::string> Content(std::string_view frame,
                                      std::uint64_t bytes,
                                      std::uint64_t bytes_max);

  std::unique_ptr<State> state_;
};

// Threads: a plain value.
class StoredEvents {
 public:
  // Errors: kInvalidArgument    an event or a ledger's events are too large to be stored
  //         kResourceExhausted  as RecordCompressor::Append
  static absl::StatusOr<StoredEvents> Of(const LedgerView& ledger, RecordCompressor& compressor);
  // Errors: kDataLoss  no events of this ledger: names what is wrong
  static absl::StatusOr<StoredEvents> Parse(LedgerSeq sequence, std::string bytes);

  // Shape: engine/FORMATS.md "Stored events"
  const std::string& bytes() const { return bytes_; }

  std::uint32_t event_count() const { return event_count_; }
  // Events 128 i to 128 i + events_of(i) - 1 of the ledger are in record i.
  std::size_t record_count() const { return places_.size(); }
  std::uint32_t events_of(std::size_t i) const;
  std::string_view record(std::size_t i) const;

 private:
  struct Place {
    std::size_t begin = 0;
    std::size_t bytes = 0;
  };
  std::string bytes_;
  std::uint32_t event_count_ = 0;
  std::vector<Place> places_;
};

// Of the events of one record.
inline constexpr std::uint64_t kEventRecordBytesMax = std::uint64_t{256} << 20;

}  // namespace permafrost::engine
