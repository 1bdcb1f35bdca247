// Records that arrive in pieces, end too early, or lie about their length.
#include "engine/ledger/record_reader.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ledger/byte_stream.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/text_stream.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Marked(std::string_view bytes, bool is_last = true) {
  std::string out;
  AppendBigEndian(out, static_cast<std::uint32_t>(bytes.size()) | (is_last ? 0x80000000U : 0));
  return out.append(bytes);
}

RecordReader ReaderOf(std::string text, std::size_t piece, std::uint32_t limit = 100) {
  return {std::make_unique<TextStream>(std::move(text), piece), "stream:x", limit};
}

// The records, and how they end.
std::pair<std::vector<std::string>, absl::Status> ReadAll(RecordReader reader) {
  std::vector<std::string> records;
  for (;;) {
    auto record = reader.Next();
    if (!record.ok()) return {records, record.status()};
    if (!record->has_value()) return {records, absl::OkStatus()};
    records.push_back((*record)->bytes);
  }
}

TEST(RecordReader, RecordsAreTheSameHoweverTheirBytesArrive) {
  const std::string bytes = Marked("one") + Marked("tw", false) + Marked("o") + Marked("three");
  for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
    const auto [records, end] = ReadAll(ReaderOf(bytes, piece));
    EXPECT_OK(end);
    EXPECT_THAT(records, ElementsAre("one", "two", "three"));
  }
  EXPECT_THAT(ReadAll(ReaderOf("", 1)).first, IsEmpty());
}

TEST(RecordReader, OffsetsAreThoseOfTheFirstMark) {
  RecordReader reader = ReaderOf(Marked("a", false) + Marked("b") + Marked("c"), 3);

  ASSERT_OK_AND_ASSIGN(const auto first, reader.Next());
  ASSERT_OK_AND_ASSIGN(const auto second, reader.Next());

  EXPECT_EQ(first->offset, 0U);
  EXPECT_EQ(second->offset, 10U);
}

TEST(RecordReader, AStreamThatEndsAnywhereInARecordIsFoundOut) {
  const std::string text = Marked("first") + Marked("se", false) + Marked("cond");
  const std::size_t whole = Marked("first").size();
  for (std::size_t length = whole + 1; length < text.size(); ++length) {
    const auto [records, end] = ReadAll(ReaderOf(text.substr(0, length), 4));
    EXPECT_THAT(records, ElementsAre("first"));
    EXPECT_EQ(end.code(), absl::StatusCode::kDataLoss) << length;
  }
  EXPECT_ERROR(ReadAll(ReaderOf(text.substr(0, whole + 2), 9)).second, absl::StatusCode::kDataLoss,
               "stream:x at offset 9: the stream ends 2 bytes into a record, in a mark");
  EXPECT_ERROR(ReadAll(ReaderOf(text.substr(0, whole + 6), 9)).second, absl::StatusCode::kDataLoss,
               "stream:x at offset 9: the stream ends 6 bytes into a record, in a mark");
  EXPECT_ERROR(ReadAll(ReaderOf(text.substr(0, whole + 13), 9)).second, absl::StatusCode::kDataLoss,
               "stream:x at offset 9: the stream ends after 3 of 4 bytes of a record");
}

TEST(RecordReader, MarksThatAreNotSaneAreRefused) {
  EXPECT_ERROR(ReadAll(ReaderOf(Marked(std::string(101, 'x')), 9)).second,
               absl::StatusCode::kDataLoss,
               "stream:x at offset 0: a mark of 101 bytes behind 0, at most 100 in a record");
  EXPECT_ERROR(
      ReadAll(ReaderOf(Marked(std::string(60, 'x'), false) + Marked(std::string(60, 'x')), 9))
          .second,
      absl::StatusCode::kDataLoss,
      "stream:x at offset 0: a mark of 60 bytes behind 60, at most 100 in a record");
  EXPECT_ERROR(ReadAll(ReaderOf(Marked("a") + Marked(""), 9)).second, absl::StatusCode::kDataLoss,
               "stream:x at offset 5: a mark of no bytes");
}

TEST(RecordReader, WhatIsLostStaysLost) {
  RecordReader reader = ReaderOf(Marked("") + Marked("good"), 9);

  const auto first = reader.Next();

  EXPECT_ERROR(reader.Next(), absl::StatusCode::kDataLoss, vfs::Message(first.status()));
}

// A mark may claim all that is allowed: memory is taken for what arrives.
TEST(RecordReader, AMarkAloneTakesNoMemory) {
  std::string text;
  AppendBigEndian(text, 0x80000000U | RecordReader::kRecordBytesMax);
  auto stream = std::make_unique<TextStream>(text + "abc", 9);
  const TextStream* const seen = stream.get();
  RecordReader reader(std::move(stream), "stream:x");

  EXPECT_ERROR(reader.Next(), absl::StatusCode::kDataLoss,
               "stream:x at offset 0: the stream ends after 3 of 268435456 bytes of a record");
  EXPECT_LE(seen->largest_buffer(), std::size_t{256} << 10);
}

TEST(RecordReader, AnErrorOfTheStreamTakesNothing) {
  const std::string text = Marked("on", false) + Marked("e") + Marked("two");
  for (std::size_t at = 0; at <= text.size(); ++at) {
    RecordReader reader(std::make_unique<TextStream>(text, 2, at), "stream:x", 100);
    std::vector<std::string> records;
    int errors = 0;
    for (;;) {
      const auto record = reader.Next();
      if (!record.ok()) {
        EXPECT_ERROR(record, absl::StatusCode::kUnavailable,
                     "stream:x at offset " + std::to_string(at) + ": not now");
        ++errors;
        continue;
      }
      if (!record->has_value()) break;
      records.push_back((*record)->bytes);
    }
    EXPECT_EQ(errors, 1);
    EXPECT_THAT(records, ElementsAre("one", "two"));
  }
}

}  // namespace
}  // namespace permafrost::engine
