// One stored ledger: the same bytes in the hot tier and in a cold pack, so that freezing copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/base/mutex.h"

namespace permafrost::engine {

// The largest ledger: nothing is allocated for one that claims to be larger.
inline constexpr std::size_t kLedgerBytesMax = std::size_t{256} << 20;

// Compresses ledgers, each to a frame of its own.
//
// Memory:  as much again as the largest ledger so far
// Threads: one thread at a time.
class LedgerCompressor {
 public:
  // `dictionary`: shared content, trained or any bytes, or empty. Copied.
  explicit LedgerCompressor(std::string_view dictionary);
  ~LedgerCompressor();
  LedgerCompressor(const LedgerCompressor&) = delete;
  LedgerCompressor& operator=(const LedgerCompressor&) = delete;

  // A stored ledger: a byte of flags, then a zstd frame with its content size and checksum. The
  // same bytes at every call, whatever was compressed before.
  //
  // Shape:   engine/FORMATS.md "Stored ledger"
  // Errors:  kInvalidArgument  more than kLedgerBytesMax, or a dictionary that is none
  absl::StatusOr<std::string> Compress(std::string_view ledger, bool is_undecoded);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Threads: one thread at a time.
class LedgerDecompressor {
 public:
  explicit LedgerDecompressor(std::string_view dictionary);
  ~LedgerDecompressor();
  LedgerDecompressor(const LedgerDecompressor&) = delete;
  LedgerDecompressor& operator=(const LedgerDecompressor&) = delete;

  // Errors: kDataLoss  not a stored ledger, or its frame is damaged: names what is wrong
  absl::StatusOr<std::string> Decompress(std::string_view stored);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Decompressors of one dictionary for everybody: a call takes one that is idle, or makes one.
//
// Memory:  the dictionary, and of each that waits, two at most, 200 KiB
// Threads: any thread
class SharedDecompressor {
 public:
  explicit SharedDecompressor(std::string_view dictionary);
  ~SharedDecompressor();
  SharedDecompressor(const SharedDecompressor&) = delete;
  SharedDecompressor& operator=(const SharedDecompressor&) = delete;

  // Errors: as LedgerDecompressor::Decompress
  absl::StatusOr<std::string> Decompress(std::string_view stored) const;

 private:
  const std::string dictionary_;
  mutable vfs::Mutex mu_;
  mutable std::vector<std::unique_ptr<LedgerDecompressor>> idle_ ABSL_GUARDED_BY(mu_);
};

// Whether a stored ledger waits for a decoder that understands it. The frame's blocks are not
// looked at.
//
// Errors: kDataLoss  not a stored ledger
absl::StatusOr<bool> IsUndecoded(std::string_view stored);

// A dictionary of what these ledgers share, for others like them. The same for the same ledgers.
//
// Shape:   a few hundred ledgers; bytes_max at least 256, 112,640 is a good size
// Errors:  kInvalidArgument  too few or too small ledgers, or nothing that they share
absl::StatusOr<std::string> TrainLedgerDictionary(std::span<const std::string> ledgers,
                                                  std::size_t bytes_max);

}  // namespace permafrost::engine
