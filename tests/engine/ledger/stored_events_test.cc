// Stored events: they come back, in records that a pack can take, and every damaged byte is found.
#include "engine/ledger/stored_events.h"

#include <array>
#include <string>

#include <gmock/gmock.h>

#include "engine/ledger/event_payload.h"
#include "tests/engine/ledger/event_makers.h"
#include "tests/status_matchers.h"
#include "tests/worked_example.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"

namespace permafrost::engine {
namespace {

using testing::MadeLedger;

// A made ledger with as many events.
LedgerView LedgerOf(const MadeLedger& made, std::size_t events) {
  LedgerView ledger = made.view();
  ledger.events.resize(events);
  return ledger;
}

std::string PayloadOf(const LedgerView& ledger, std::size_t event) {
  std::string payload;
  AppendEventPayload(payload, ledger, ledger.events[event]);
  return payload;
}

// With the checksum that belongs to it.
std::string Sealed(LedgerSeq sequence, std::string bytes) {
  std::string checked;
  vfs::AppendLittleEndian(checked, sequence.value());
  vfs::AppendLittleEndian(bytes, vfs::Crc32c(checked + bytes));
  return bytes;
}

TEST(StoredEvents, ComeBackInRecordsOfAHundredTwentyEight) {
  std::uint64_t seed = 1;
  while (MadeLedger(seed, LedgerSeq{7}, 600).view().events.size() < 300) ++seed;
  const MadeLedger made(seed, LedgerSeq{7}, 600);
  RecordCompressor compressor;
  RecordDecompressor decompressor;
  for (const std::size_t count : {0U, 1U, 127U, 128U, 129U, 256U, 300U}) {
    const LedgerView ledger = LedgerOf(made, count);
    ASSERT_OK_AND_ASSIGN(const StoredEvents stored, StoredEvents::Of(ledger, compressor));
    ASSERT_OK_AND_ASSIGN(const StoredEvents events,
                         StoredEvents::Parse(LedgerSeq{7}, stored.bytes()));

    ASSERT_EQ(events.event_count(), count);
    EXPECT_EQ(events.record_count(), (count + 127) / 128);
    std::size_t next = 0;
    for (std::size_t i = 0; i < events.record_count(); ++i) {
      EXPECT_EQ(events.record(i), stored.record(i));
      ASSERT_OK_AND_ASSIGN(
          const RecordItems items,
          decompressor.Decompress(events.record(i), events.events_of(i), kEventRecordBytesMax));
      ASSERT_EQ(items.sizes.size(), events.events_of(i));
      for (std::size_t item = 0; item < items.sizes.size(); ++item)
        EXPECT_EQ(items.item(item), PayloadOf(ledger, next++));
    }
    EXPECT_EQ(next, count);
  }
}

TEST(StoredEvents, EveryByteMatters) {
  const MadeLedger made(3, LedgerSeq{7}, 100);
  RecordCompressor compressor;
  ASSERT_OK_AND_ASSIGN(const StoredEvents stored, StoredEvents::Of(made.view(), compressor));
  for (std::size_t at = 0; at < stored.bytes().size(); ++at) {
    std::string damaged = stored.bytes();
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    EXPECT_ERROR(
        StoredEvents::Parse(LedgerSeq{7}, damaged), absl::StatusCode::kDataLoss,
        fmt::format("its events of {} bytes: their checksum does not match", damaged.size()));
  }
  EXPECT_ERROR(StoredEvents::Parse(LedgerSeq{8}, stored.bytes()), absl::StatusCode::kDataLoss,
               ::testing::HasSubstr("their checksum does not match"));
}

TEST(StoredEvents, WhatDoesNotFitIsNamedBeforeMemoryIsTaken) {
  const auto refusal = [](const std::string& bytes) {
    return vfs::Message(StoredEvents::Parse(LedgerSeq{7}, Sealed(LedgerSeq{7}, bytes)).status());
  };
  const std::string head("\1\2\0\0\0", 5);
  const std::string record("\3\0\0\0abc", 7);
  EXPECT_EQ(refusal(head + record), "");
  EXPECT_EQ(refusal("\1"), "its events of 5 bytes: there is no count of them");
  EXPECT_EQ(refusal("\2" + head.substr(1) + record),
            "its events of 16 bytes: version 2; a newer release wrote it");
  EXPECT_EQ(refusal(head), "its events of 9 bytes: record 0 does not fit");
  EXPECT_EQ(refusal(head + record.substr(0, 6)), "its events of 15 bytes: record 0 does not fit");
  EXPECT_EQ(refusal(head + record + "d"), "its events of 17 bytes: bytes are left over");
  EXPECT_EQ(refusal("\1\xff\xff\xff\xff" + record),
            "its events of 16 bytes: record 1 does not fit");
}

TEST(RecordDecompressor, WhatIsNoRecordIsNamed) {
  RecordCompressor compressor;
  RecordDecompressor decompressor;
  std::string record;
  ASSERT_OK(compressor.Append(record, std::array<std::uint32_t, 2>{3, 3}, "onetwo"));
  const auto refusal = [&](std::string_view bytes, std::size_t items, std::uint64_t bytes_max) {
    return vfs::Message(decompressor.Decompress(bytes, items, bytes_max).status());
  };
  EXPECT_EQ(refusal(record, 2, 6), "");
  EXPECT_EQ(refusal(record, 2, 5), "no frame of 6 bytes");
  EXPECT_EQ(refusal(record, 3, 6), "no frame of 9 bytes");
  EXPECT_EQ(refusal(record, 129, 1'000), "it has not the sizes of 129 items");
  EXPECT_EQ(refusal(record.substr(0, record.size() - 1), 2, 6).substr(0, 17), "a damaged frame: ");
}

TEST(StoredEvents, AreTheBytesOfTheWorkedExample) {
  RecordCompressor compressor;
  std::string record;
  ASSERT_OK(compressor.Append(record, std::array<std::uint32_t, 2>{3, 3}, "onetwo"));
  std::string bytes("\1\2\0\0\0", 5);
  vfs::AppendLittleEndian(bytes, static_cast<std::uint32_t>(record.size()));
  bytes = Sealed(LedgerSeq{7}, bytes + record);

  EXPECT_OK(StoredEvents::Parse(LedgerSeq{7}, bytes));
  ExpectOnPage(bytes, std::array<std::size_t, 6>{1, 4, 4, 5, 15, 4});
}

}  // namespace
}  // namespace permafrost::engine
