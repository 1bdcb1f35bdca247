// Compressed and plain bytes, in pieces of every size, whole and damaged.
#include "engine/ledger/unpacked_byte_stream.h"

#include <memory>
#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ledger/stream_source.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/text_stream.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;

constexpr const char* kEndsInside = "it ends inside a zstd frame";
constexpr const char* kRealFile = "tests/data/stellar/pubnet-p26.xdr.zst";

std::unique_ptr<UnpackedByteStream> Unpacked(std::string packed,
                                             std::size_t piece,
                                             std::size_t error_at = TextStream::kNever) {
  return std::make_unique<UnpackedByteStream>(
      std::make_unique<TextStream>(std::move(packed), piece, error_at));
}

// All that comes until the end or an error.
absl::StatusOr<std::string> ReadAll(ByteStream& stream, std::size_t buffer_bytes) {
  std::string all;
  std::string buffer(buffer_bytes, '\0');
  for (;;) {
    const auto count = stream.Read(buffer);
    if (!count.ok()) return count.status();
    if (*count == 0) return all;
    all.append(buffer, 0, *count);
  }
}

std::string Text() {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "line " + std::to_string(i * i) + "\n";
  return text;
}

TEST(UnpackedByteStream, WhatIsNotCompressedComesAsItIs) {
  for (const std::string& text : {std::string(), std::string("a"), std::string("\x28\xb5\x2f"),
                                  std::string("\x28\xb5\x2f\xfe"), Text()}) {
    for (const std::size_t piece : {1U, 3U, 5U, 4'096U}) {
      ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll(*Unpacked(text, piece), 7));
      EXPECT_EQ(all, text) << piece;
    }
  }
}

TEST(UnpackedByteStream, FramesComeUnpackedWhateverThePieces) {
  const std::string text = Text();
  const std::string frames = ZstdOf(text) + ZstdOf("") + ZstdOf("tail");
  for (const std::size_t piece : {1U, 2U, 13U, 1'000U, 100'000U}) {
    for (const std::size_t buffer : {1U, 100U, 100'000U}) {
      ASSERT_OK_AND_ASSIGN(const std::string all, ReadAll(*Unpacked(frames, piece), buffer));
      EXPECT_EQ(all, text + "tail") << piece << " " << buffer;
    }
  }
}

TEST(UnpackedByteStream, AfterAFailedReadItGoesOn) {
  const std::string frame = ZstdOf(Text());
  for (std::size_t at = 0; at < frame.size(); ++at) {
    const auto stream = Unpacked(frame, 50, at);
    std::string all;
    std::string buffer(1'000, '\0');
    int failures = 0;
    for (;;) {
      const auto count = stream->Read(buffer);
      failures += count.ok() ? 0 : 1;
      if (!count.ok()) continue;
      if (*count == 0) break;
      all.append(buffer, 0, *count);
    }
    EXPECT_EQ(failures, 1) << at;
    EXPECT_EQ(all, Text()) << at;
  }
}

TEST(UnpackedByteStream, AFrameThatEndsTooEarlyIsSaid) {
  const std::string frame = ZstdOf(Text());
  for (std::size_t bytes = 4; bytes < frame.size(); ++bytes) {
    const auto stream = Unpacked(frame.substr(0, bytes), 64);
    char byte = 0;
    EXPECT_ERROR(ReadAll(*stream, 4'096), absl::StatusCode::kInvalidArgument, kEndsInside);
    EXPECT_ERROR(stream->Read({&byte, 1}), absl::StatusCode::kInvalidArgument, kEndsInside);
  }
}

TEST(UnpackedByteStream, AStreamOfLedgersSaysWhereItsFrameIsDamaged) {
  std::string packed = ReadText(kRealFile);
  packed[packed.size() / 2] ^= 0x55;
  StreamSource source(Unpacked(packed, 10'000), "a.zst");
  ASSERT_OK_AND_ASSIGN(const auto ledgers, source.Open(std::nullopt));
  absl::Status end;
  for (;;) {
    const auto ledger = ledgers->Next();
    end = ledger.status();
    if (!ledger.ok() || !ledger->has_value()) break;
  }
  EXPECT_ERROR(end, absl::StatusCode::kDataLoss, HasSubstr("stream:a.zst at offset "));
}

TEST(UnpackedByteStream, RealLedgersComeOutOfTheirFile) {
  ASSERT_OK_AND_ASSIGN(const std::string all,
                       ReadAll(*Unpacked(ReadText(kRealFile), 10'000), 100'000));
  EXPECT_EQ(all, ReadUncompressed(kRealFile));
}

}  // namespace
}  // namespace permafrost::engine
