// Real ledgers behind record marks, read once.
#include "engine/ledger/stream_source.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/disk/sim_file_system.h"
#include "tests/engine/ledger/lake_writer.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/text_stream.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

std::string Pipe(const std::vector<std::uint32_t>& sequences) {
  std::string text;
  for (const std::uint32_t sequence : sequences) {
    const std::string ledger = LedgerWithSequence(sequence);
    AppendBigEndian(text, 0x80000000U | static_cast<std::uint32_t>(ledger.size()));
    text += ledger;
  }
  return text;
}

StreamSource SourceOf(const std::vector<std::uint32_t>& sequences) {
  return {std::make_unique<TextStream>(Pipe(sequences), 1'000), "-"};
}

TEST(StreamSource, RealLedgersOfAFileComeInSequence) {
  sim::SimFileSystem fs;
  PutFile(fs, "pipe.xdr", ReadUncompressed("tests/data/stellar/pubnet-p26.xdr.zst"));
  ASSERT_OK_AND_ASSIGN(auto bytes, FileByteStream::Open(fs, "pipe.xdr"));
  StreamSource source(std::move(bytes), "pipe.xdr");
  ASSERT_OK_AND_ASSIGN(const auto stream, source.Open(std::nullopt));

  for (std::size_t i = 0; i < PubnetLedgers().size(); ++i) {
    ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());
    ASSERT_TRUE(ledger.has_value());
    EXPECT_EQ(ledger->sequence.value(), 63'092'982 + i);
    EXPECT_EQ(ledger->bytes, PubnetLedgers()[i]);
    if (i != 1) continue;
    EXPECT_EQ(ledger->origin, "stream:pipe.xdr at offset 1343028");
  }
  ASSERT_OK_AND_ASSIGN(const auto end, stream->Next());
  EXPECT_FALSE(end.has_value());
}

TEST(StreamSource, WhatIsBeforeTheFirstIsDropped) {
  StreamSource source = SourceOf({5, 6, 7, 8});
  ASSERT_OK_AND_ASSIGN(const auto stream, source.Open(LedgerSeq{7}));

  ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());

  EXPECT_EQ(ledger->sequence, LedgerSeq{7});
  EXPECT_FALSE(source.is_bulk());
  EXPECT_ERROR(source.Available(), absl::StatusCode::kUnimplemented,
               "stream:- does not say which ledgers it has");
  EXPECT_ERROR(source.Open(LedgerSeq{8}), absl::StatusCode::kFailedPrecondition,
               "stream:- can be read once, and is");
}

TEST(StreamSource, AStreamThatBeginsLaterIsRefused) {
  StreamSource source = SourceOf({5, 6});

  EXPECT_ERROR(source.Open(LedgerSeq{4}), absl::StatusCode::kOutOfRange,
               "stream:- begins with ledger 5, not 4");
}

TEST(StreamSource, AStreamThatEndsEarlierIsEmpty) {
  StreamSource source = SourceOf({5, 6});
  ASSERT_OK_AND_ASSIGN(const auto stream, source.Open(LedgerSeq{9}));

  ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());

  EXPECT_FALSE(ledger.has_value());
}

TEST(StreamSource, ALedgerThatIsNotTheNextIsRefused) {
  StreamSource source = SourceOf({5, 7});
  ASSERT_OK_AND_ASSIGN(const auto stream, source.Open(std::nullopt));
  ASSERT_OK(stream->Next());

  EXPECT_ERROR(stream->Next(), absl::StatusCode::kDataLoss,
               "stream:- at offset 6516: ledger 7 follows ledger 5");
}

TEST(StreamSource, ARecordThatIsNoLedgerIsRefused) {
  std::string bytes = Pipe({5});
  AppendBigEndian(bytes, 0x80000004U);
  StreamSource source(std::make_unique<TextStream>(bytes + "abcd", 100), "f");
  ASSERT_OK_AND_ASSIGN(const auto stream, source.Open(std::nullopt));
  ASSERT_OK(stream->Next());

  EXPECT_ERROR(stream->Next(), absl::StatusCode::kDataLoss,
               "stream:f at offset 6516: not a ledger that this program knows: LedgerCloseMeta has "
               "no value 1633837924 (byte 0)");
}

}  // namespace
}  // namespace permafrost::engine
