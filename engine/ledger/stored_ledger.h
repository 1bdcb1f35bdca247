// One stored ledger: the same bytes in the hot tier and in a cold pack, so that freezing copies.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace permafrost::engine {

// Compresses ledgers, each to a frame of its own.
//
// Threads: one thread at a time.
class LedgerCompressor {
 public:
  // `dictionary`: shared content, or empty.
  explicit LedgerCompressor(std::string_view dictionary);
  ~LedgerCompressor();
  LedgerCompressor(const LedgerCompressor&) = delete;
  LedgerCompressor& operator=(const LedgerCompressor&) = delete;

  // A stored ledger: a byte of flags, then a zstd frame with its content size and checksum. The
  // same bytes at every call, whatever was compressed before.
  //
  // Shape:  engine/FORMATS.md "Stored ledger"
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

// Whether a stored ledger waits for a decoder that understands it.
//
// Errors: kDataLoss  not a stored ledger
absl::StatusOr<bool> IsUndecoded(std::string_view stored);

}  // namespace permafrost::engine
