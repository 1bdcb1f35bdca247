// Files whose checksums are right and whose content is not: whoever wrote them, a reader refuses
// them or reads them, and nothing else happens.
#include <limits>

#include <gmock/gmock.h>

#include "engine/cold/event_segment_reader.h"
#include "engine/cold/event_segment_writer.h"
#include "engine/cold/hash_run.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/portable_bitmap.h"
#include "engine/cold/term_postings.h"
#include "engine/ledger/event_payload.h"
#include "engine/ledger/packed_sizes.h"
#include "engine/ledger/stored_ledger.h"
#include "tests/engine/cold/cold_disk.h"
#include "tests/status_matchers.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

using testing::ColdDisk;
using testing::SomeColdFile;

constexpr int kRounds = 3'000;

// Now and then another text or number than the right one.
class Spoiler {
 public:
  explicit Spoiler(std::uint64_t seed) : prng_(seed) {}

  vfs::Prng& prng() { return prng_; }

  std::uint32_t Number(std::uint32_t right) {
    if (!prng_.Chance({1, 12})) return right;
    if (prng_.Chance({1, 2})) return right + static_cast<std::uint32_t>(prng_.Below(3)) - 1;
    return static_cast<std::uint32_t>(prng_.Next()) >> prng_.Below(32);
  }
  std::string Text(std::string right) {
    if (prng_.Chance({1, 20})) right.resize(prng_.Below(right.size() + 3));
    for (std::uint64_t changes = prng_.Below(4); changes > 0 && !right.empty(); --changes)
      if (prng_.Chance({1, 6})) right[prng_.Below(right.size())] = static_cast<char>(prng_.Next());
    return right;
  }

 private:
  vfs::Prng prng_;
};

std::uint32_t SizeOf(const std::string& text) { return static_cast<std::uint32_t>(text.size()); }

// A pack of these records, spoiled.
void WriteSpoiledPack(ColdDisk& disk,
                      std::string_view path,
                      ColdFileKind kind,
                      const std::vector<std::string>& records,
                      const std::string& app_data,
                      ColdNumbers numbers,
                      Spoiler& spoiler) {
  disk.Write(path, [&](vfs::File& file) {
    ColdFileWriter out(&file, SomeColdFile(), kind);
    std::vector<std::uint32_t> sizes;
    for (const std::string& right : records) {
      const std::string record = spoiler.Text(right);
      EXPECT_OK(out.Append(sizes.size(), record));
      sizes.push_back(SizeOf(record) + kColdCrcBytes);
    }
    std::string index;
    AppendPackedSizes(index, sizes);
    index = spoiler.Text(index);
    const std::string app = spoiler.Text(app_data);
    EXPECT_OK(out.Append(kIndexUnit, index));
    EXPECT_OK(out.Append(kAppDataUnit, app));
    numbers[kPackRecords] = static_cast<std::uint32_t>(sizes.size());
    numbers[kPackIndexBytes] = SizeOf(index);
    numbers[kPackAppDataBytes] = SizeOf(app);
    for (std::uint32_t& number : numbers) number = spoiler.Number(number);
    return out.Finish(numbers);
  });
}

// The records of a good pack.
std::vector<std::string> RecordsOf(ColdDisk& disk, std::string_view path, ColdFileKind kind) {
  const auto file = ColdFileReader::Open(disk.fs(), path, SomeColdFile(), kind);
  EXPECT_OK(file);
  const ColdNumbers& numbers = file->numbers();
  const std::uint64_t index_at = file->trailer_at() - numbers[kPackAppDataBytes] -
                                 numbers[kPackIndexBytes] - 2 * kColdCrcBytes;
  const std::string index =
      *file->Unit(kIndexUnit, index_at, numbers[kPackIndexBytes] + kColdCrcBytes);
  std::vector<std::string> records;
  std::uint64_t at = 0;
  const auto sizes = ParsePackedSizes(index, numbers[kPackRecords]);
  for (const std::uint32_t size : sizes->sizes) {
    records.push_back(*file->Unit(records.size(), at, size));
    at += size;
  }
  return records;
}

// How often a read went well, and how often it was refused, for one reason only.
struct Tally {
  int good = 0;
  int refused = 0;

  void Count(const absl::Status& status) {
    ++(status.ok() ? good : refused);
    EXPECT_TRUE(status.ok() || absl::IsDataLoss(status)) << status.ToString();
  }
};

absl::Status ReadLedgers(vfs::FileSystem& fs) {
  VFS_ASSIGN_OR_RETURN(const LedgerPackReader pack,
                       LedgerPackReader::Open(fs, "a.pack", SomeColdFile()));
  LedgerDecompressor decompressor(pack.dictionary());
  return pack.StoredRange(pack.first(), pack.last(), [&](LedgerSeq, std::string_view stored) {
    return decompressor.Decompress(stored).status();
  });
}

TEST(SealedGarbage, LedgerPacksAreReadOrRefused) {
  Tally tally;
  for (int round = 0; round < kRounds; ++round) {
    Spoiler spoiler(static_cast<std::uint64_t>(round));
    ColdDisk disk;
    std::vector<std::string> stored;
    for (const char* ledger : {"one", "two", "three"})
      stored.push_back(*LedgerCompressor("shared").Compress(ledger, false));
    WriteSpoiledPack(disk, "a.pack", ColdFileKind::kLedgers, stored,
                     std::string("\x1a\0\0\0", 4) + "shared", {0, 3, 1, 0, 0, 0}, spoiler);
    tally.Count(ReadLedgers(disk.fs()));
  }
  EXPECT_GT(tally.good, 100);
  EXPECT_GT(tally.refused, 100);
}

// A segment with a bitmap, whose payloads are payloads.
void WriteGoodSegment(ColdDisk& disk) {
  std::string payload(69, '\0');
  payload[0] = 1;
  payload.replace(57, 4, "\xff\xff\xff\xff");
  disk.Write("events", [&](vfs::File& file) {
    EventPackWriter writer(&file, SomeColdFile(), LedgerSeq{26});
    for (int i = 0; i < 300; ++i) VFS_RETURN_IF_ERROR(writer.Add(payload));
    VFS_RETURN_IF_ERROR(writer.FinishLedger(LedgerSeq{26}));
    return writer.Finish();
  });
  std::vector<std::uint32_t> many;
  for (std::uint32_t id = 0; id < 300; id += id % 7 == 0 ? 2U : 1U) many.push_back(id);
  disk.Write("bitmaps", [&](vfs::File& file) {
    TermBitmapWriter writer(&file, SomeColdFile());
    VFS_RETURN_IF_ERROR(writer.Add(EventTerm{2}, many));
    return writer.Finish();
  });
  disk.Write("directory", [&](vfs::File& file) {
    TermDirectoryWriter writer(&file, SomeColdFile());
    VFS_RETURN_IF_ERROR(writer.Add(EventTerm{1}, std::array<std::uint32_t, 2>{3, 258}));
    VFS_RETURN_IF_ERROR(writer.Add(EventTerm{2}, many));
    return writer.Finish(300);
  });
}

absl::Status ReadSegment(vfs::FileSystem& fs) {
  VFS_ASSIGN_OR_RETURN(const EventSegmentReader segment,
                       EventSegmentReader::Open(
                           fs, {.events = "events", .bitmaps = "bitmaps", .directory = "directory"},
                           SomeColdFile()));
  for (const EventTerm& term : {EventTerm{1}, EventTerm{2}, EventTerm{3}}) {
    VFS_ASSIGN_OR_RETURN(const Roaring ids, segment.IdsOf(term));
    EXPECT_TRUE(ids.isEmpty() || ids.maximum() < segment.event_count());
  }
  for (std::uint32_t i = 0; i < std::min(segment.ledger_count(), 3U); ++i)
    EXPECT_LE(segment.IdsOf(LedgerSeq{segment.first_ledger().value() + i}).end,
              segment.event_count());
  return segment.Payloads({.begin = 0, .end = segment.event_count()},
                          [&](std::uint32_t id, std::string_view payload) {
                            EXPECT_GE(segment.LedgerOf(id), segment.first_ledger());
                            return ParseEventPayload(payload).status();
                          });
}

TEST(SealedGarbage, EventPacksAndBitmapsAreReadOrRefused) {
  ColdDisk disk;
  WriteGoodSegment(disk);
  const sim::DiskState saved = disk.Saved();
  const auto events = RecordsOf(disk, "events", ColdFileKind::kEvents);
  const auto bitmaps = RecordsOf(disk, "bitmaps", ColdFileKind::kTermBitmaps);
  std::string app_data("\x1a\0\0\0\x01\0\0\0", 8);
  AppendPackedSizes(app_data, std::array<std::uint32_t, 1>{300});
  Tally tally;
  for (int round = 0; round < kRounds; ++round) {
    Spoiler spoiler(static_cast<std::uint64_t>(round));
    if (spoiler.prng().Chance({1, 2})) {
      ASSERT_OK(disk.fs().Unlink("events"));
      WriteSpoiledPack(disk, "events", ColdFileKind::kEvents, events, app_data,
                       {0, 300, 128, 1, 0, 0}, spoiler);
    } else {
      ASSERT_OK(disk.fs().Unlink("bitmaps"));
      WriteSpoiledPack(disk, "bitmaps", ColdFileKind::kTermBitmaps, bitmaps, {}, {0, 1, 1, 0, 0, 0},
                       spoiler);
    }
    tally.Count(ReadSegment(disk.fs()));
    disk.Restore(saved);
  }
  EXPECT_GT(tally.good, 100);
  EXPECT_GT(tally.refused, 100);
}

TEST(SealedGarbage, TermDirectoriesAreReadOrRefused) {
  ColdDisk disk;
  WriteGoodSegment(disk);
  const sim::DiskState saved = disk.Saved();
  const std::string block = disk.Bytes("directory").substr(0, 4'092);
  const std::string fence(reinterpret_cast<const char*>(EventTerm{1}.data()), 16);
  Tally tally;
  for (int round = 0; round < kRounds; ++round) {
    Spoiler spoiler(static_cast<std::uint64_t>(round));
    ASSERT_OK(disk.fs().Unlink("directory"));
    disk.Write("directory", [&](vfs::File& file) {
      ColdFileWriter out(&file, SomeColdFile(), ColdFileKind::kTermDirectory);
      EXPECT_OK(out.Append(0, spoiler.Text(block.substr(0, 60)) + block.substr(60)));
      EXPECT_OK(out.Append(kIndexUnit, spoiler.Text(fence)));
      return out.Finish({2, spoiler.Number(1), spoiler.Number(1), spoiler.Number(300)});
    });
    tally.Count(ReadSegment(disk.fs()));
    disk.Restore(saved);
  }
  EXPECT_GT(tally.good, 100);
  EXPECT_GT(tally.refused, 100);
}

TEST(SealedGarbage, HashRunsAreReadOrRefused) {
  Tally tally;
  for (int round = 0; round < kRounds; ++round) {
    Spoiler spoiler(static_cast<std::uint64_t>(round));
    ColdDisk disk;
    disk.Write("run", [&](vfs::File& file) {
      ColdFileWriter out(&file, SomeColdFile(), ColdFileKind::kHashRun);
      EXPECT_OK(out.Append(0, spoiler.Text(std::string(36, 'a') + std::string(36, 'b'))));
      return out.Finish({spoiler.Number(2)});
    });
    const auto read = [&disk]() -> absl::Status {
      VFS_ASSIGN_OR_RETURN(HashRunCursor run,
                           HashRunCursor::Open(disk.fs(), "run", SomeColdFile()));
      while (true) {
        VFS_ASSIGN_OR_RETURN(const std::span<const HashEntry> block, run.NextBlock());
        if (block.empty()) return absl::OkStatus();
      }
    };
    tally.Count(read());
  }
  EXPECT_GT(tally.good, 100);
  EXPECT_GT(tally.refused, 100);
}

}  // namespace
}  // namespace permafrost::engine
