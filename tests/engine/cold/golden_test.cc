// Cold files that were written once, when the formats were new, are read for ever.
#include <algorithm>
#include <map>
#include <vector>

#include <gmock/gmock.h>

#include "engine/cold/event_segment_reader.h"
#include "engine/cold/hash_run.h"
#include "engine/cold/ledger_pack.h"
#include "engine/ledger/event_payload.h"
#include "engine/ledger/stored_ledger.h"
#include "tests/engine/cold/cold_disk.h"
#include "tests/engine/cold/golden_chunk.h"
#include "tests/engine/ledger/event_makers.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

using testing::ColdDisk;
using testing::GoldenLedger;
using testing::kGoldenCount;
using testing::kGoldenFirst;
using testing::MadeLedger;
using testing::SomeColdFile;

constexpr std::string_view kGolden = "corpus/formats/v1/cold/";
// The event pack alone was made anew, of varying records.
constexpr std::string_view kVaryingEvents = "corpus/formats/v2/cold/00000003-events.pack";

std::string GoldenBytes(std::string_view name) {
  return ReadText(fmt::format("{}{}", kGolden, name));
}

void Load(ColdDisk& disk) {
  for (const std::string_view name :
       {testing::kGoldenLedgers, testing::kGoldenEvents, testing::kGoldenBitmaps,
        testing::kGoldenDirectory, testing::kGoldenHashes}) {
    disk.Write(name, [name](vfs::File& file) { return file.Append(GoldenBytes(name)); });
  }
}

TEST(GoldenCold, EveryLedgerComesBack) {
  ColdDisk disk;
  Load(disk);

  ASSERT_OK_AND_ASSIGN(const LedgerPackReader pack,
                       LedgerPackReader::Open(disk.fs(), testing::kGoldenLedgers, SomeColdFile()));

  EXPECT_EQ(pack.first(), LedgerSeq{kGoldenFirst});
  EXPECT_EQ(pack.last(), LedgerSeq{kGoldenFirst + kGoldenCount - 1});
  EXPECT_EQ(pack.dictionary(), testing::kGoldenDictionary);
  LedgerDecompressor decompressor(pack.dictionary());
  for (std::uint32_t i = kGoldenFirst; i < kGoldenFirst + kGoldenCount; ++i) {
    ASSERT_OK_AND_ASSIGN(const std::string stored, pack.Stored(LedgerSeq{i}));
    EXPECT_EQ(*decompressor.Decompress(stored), GoldenLedger(i));
    EXPECT_EQ(*IsUndecoded(stored), i == kGoldenFirst + 1);
  }
}

TEST(GoldenCold, EveryHashComesBack) {
  ColdDisk disk;
  Load(disk);
  std::vector<HashEntry> expected;
  for (std::uint32_t i = kGoldenFirst; i < kGoldenFirst + kGoldenCount; ++i) {
    AppendHashEntries(expected, MadeLedger(i, LedgerSeq{i}, testing::kGoldenEventsMax).view());
  }
  std::sort(expected.begin(), expected.end());

  ASSERT_OK_AND_ASSIGN(HashRunCursor run,
                       HashRunCursor::Open(disk.fs(), testing::kGoldenHashes, SomeColdFile()));
  ASSERT_OK_AND_ASSIGN(const std::span<const HashEntry> block, run.NextBlock());

  EXPECT_EQ(std::vector<HashEntry>(block.begin(), block.end()), expected);
  EXPECT_TRUE(run.NextBlock()->empty());
}

absl::StatusOr<std::uint32_t> ItemCount(vfs::FileSystem& fs, std::string_view path) {
  VFS_ASSIGN_OR_RETURN(const PackReader pack,
                       PackReader::Open(fs, path, SomeColdFile(), ColdFileKind::kTermBitmaps));
  return pack.item_count();
}

void ExpectEveryEvent(ColdDisk& disk) {
  ASSERT_OK_AND_ASSIGN(
      const EventSegmentReader segment,
      EventSegmentReader::Open(disk.fs(),
                               {.events = std::string(testing::kGoldenEvents),
                                .bitmaps = std::string(testing::kGoldenBitmaps),
                                .directory = std::string(testing::kGoldenDirectory)},
                               SomeColdFile()));
  std::map<EventTerm, Roaring> terms;
  std::uint32_t id = 0;
  for (std::uint32_t i = kGoldenFirst; i < kGoldenFirst + kGoldenCount; ++i) {
    const MadeLedger ledger(i, LedgerSeq{i}, testing::kGoldenEventsMax);
    for (const EventView& event : ledger.view().events) {
      std::string payload;
      AppendEventPayload(payload, ledger.view(), event);
      EXPECT_EQ(*segment.Payload(id), payload);
      EXPECT_EQ(segment.LedgerOf(id), LedgerSeq{i});
      ForEachTerm(ledger.view(), event, [&](const EventTerm& term) { terms[term].add(id); });
      ++id;
    }
  }
  EXPECT_EQ(segment.event_count(), id);
  EXPECT_EQ(segment.ledger_count(), kGoldenCount);
  for (const auto& [term, ids] : terms) EXPECT_EQ(*segment.IdsOf(term), ids);
  EXPECT_GT(*ItemCount(disk.fs(), testing::kGoldenBitmaps), 0U);
}

TEST(GoldenCold, EveryEventComesBack) {
  ColdDisk disk;
  Load(disk);
  ExpectEveryEvent(disk);
}

TEST(GoldenCold, EveryEventOfVaryingRecordsComesBack) {
  ColdDisk disk;
  Load(disk);
  const std::string varying = ReadText(std::string(kVaryingEvents));
  ASSERT_NE(varying, GoldenBytes(testing::kGoldenEvents));
  disk.Replace(testing::kGoldenEvents, varying);
  ExpectEveryEvent(disk);
}

// What zstd compresses is its release's business; everything else is ours.
TEST(GoldenCold, TheWritersMakeTheSameBytes) {
  ColdDisk disk;
  ASSERT_OK(testing::WriteGoldenChunk(disk.fs()));

  for (const std::string_view name :
       {testing::kGoldenBitmaps, testing::kGoldenDirectory, testing::kGoldenHashes}) {
    EXPECT_EQ(disk.Bytes(name), GoldenBytes(name)) << name;
  }
}

}  // namespace
}  // namespace permafrost::engine
