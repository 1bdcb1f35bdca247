// Hash runs: what goes in comes out sorted, once, from a file or from bytes.
#include "engine/cold/hash_run.h"

#include <algorithm>
#include <array>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/cold/cold_disk.h"
#include "tests/status_matchers.h"
#include "tests/worked_example.h"
#include "vfs/base/prng.h"
#include "vfs/metered_file_system.h"

namespace permafrost::engine {
namespace {

using testing::ColdDisk;
using ::testing::ElementsAre;
using testing::SomeColdFile;
using ::testing::StrEq;

constexpr std::string_view kPath = "00000003.bin";

HashEntry Entry(std::uint8_t fill, std::uint32_t ledger) {
  HashEntry entry{.ledger = LedgerSeq{ledger}};
  entry.hash.fill(fill);
  return entry;
}

// Few different bytes at the front, so that many share 16 of them.
std::vector<HashEntry> SomeEntries(std::uint64_t seed, std::size_t count) {
  vfs::Prng prng(seed);
  std::vector<HashEntry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    HashEntry entry = Entry(static_cast<std::uint8_t>(prng.Below(2)),
                            static_cast<std::uint32_t>(prng.Below(100)));
    entry.hash[31] = static_cast<std::uint8_t>(prng.Below(256));
    entry.hash[30] = static_cast<std::uint8_t>(prng.Below(256));
    entries.push_back(entry);
  }
  return entries;
}

void WriteRun(ColdDisk& disk, const std::vector<HashEntry>& entries) {
  disk.Write(kPath, [&](vfs::File& file) { return WriteHashRun(file, SomeColdFile(), entries); });
}

absl::StatusOr<std::vector<HashEntry>> AllEntries(HashRunCursor cursor) {
  std::vector<HashEntry> all;
  while (true) {
    VFS_ASSIGN_OR_RETURN(const std::span<const HashEntry> block, cursor.NextBlock());
    if (block.empty()) return all;
    all.insert(all.end(), block.begin(), block.end());
  }
}

absl::StatusOr<std::vector<HashEntry>> AllEntries(vfs::FileSystem& fs) {
  VFS_ASSIGN_OR_RETURN(HashRunCursor cursor, HashRunCursor::Open(fs, kPath, SomeColdFile()));
  return AllEntries(std::move(cursor));
}

RC_GTEST_PROP(HashRun, ComesBackSortedAndOnce, ()) {
  std::vector<HashEntry> entries =
      SomeEntries(*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::inRange<std::size_t>(0, 3'000));
  ColdDisk disk;
  WriteRun(disk, entries);
  std::sort(entries.begin(), entries.end());
  entries.erase(std::unique(entries.begin(), entries.end()), entries.end());

  RC_ASSERT(*AllEntries(disk.fs()) == entries);
  auto bytes = HashRunCursor::OverBytes(disk.Bytes(kPath), kPath, SomeColdFile());
  RC_ASSERT(bytes->entry_count() == entries.size());
  RC_ASSERT(*AllEntries(*std::move(bytes)) == entries);
}

TEST(HashRun, IsTheBytesOfTheWorkedExample) {
  ColdDisk disk;
  WriteRun(disk, {Entry(0xbb, 7), Entry(0xaa, 8), Entry(0xaa, 7)});

  ExpectOnPage(disk.Bytes(kPath),
               std::array<std::size_t, 13>{32, 4, 32, 4, 32, 4, 4, 8, 4, 4, 20, 24, 4});
}

TEST(HashRun, EveryByteMatters) {
  for (const std::size_t entries : {0U, 1U, 115U}) {
    ColdDisk disk;
    WriteRun(disk, SomeEntries(1, entries));

    ExpectEveryByteMatters(disk, kPath, [&disk] { return AllEntries(disk.fs()).status(); });
  }
}

TEST(HashRun, IsReadInPieces) {
  ColdDisk disk;
  WriteRun(disk, SomeEntries(1, 20'000));
  vfs::CallMeter meter;
  vfs::RecordingFileSystem metered(&disk.fs(), &meter);

  ASSERT_OK_AND_ASSIGN(const std::vector<HashEntry> entries, AllEntries(metered));

  const std::uint64_t file_bytes = disk.Bytes(kPath).size();
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].bytes, file_bytes);
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].calls, 1 + (file_bytes + 65'151) / 65'152);
}

TEST(HashRun, AFeeBumpIsFoundUnderTwoHashes) {
  LedgerView ledger;
  ledger.sequence = LedgerSeq{9};
  ledger.transactions = {{.hash = Entry(1, 0).hash},
                         {.hash = Entry(2, 0).hash, .inner_hash = Entry(3, 0).hash}};
  std::vector<HashEntry> entries;

  AppendHashEntries(entries, ledger);

  EXPECT_THAT(entries, ElementsAre(Entry(1, 9), Entry(2, 9), Entry(3, 9)));
}

TEST(HashRunWriter, RefusesADescent) {
  ColdDisk disk;
  disk.Write(kPath, [](vfs::File& file) {
    HashRunWriter writer(&file, SomeColdFile());
    EXPECT_OK(writer.Add(Entry(5, 1)));
    EXPECT_OK(writer.Add(Entry(5, 1)));
    EXPECT_EQ(writer.entry_count(), 1U);
    EXPECT_ERROR(writer.Add(Entry(4, 1)), absl::StatusCode::kInvalidArgument,
                 StrEq("add entry 1 to hash run: it is below the one before"));
    EXPECT_ERROR(writer.Finish(), absl::StatusCode::kInvalidArgument,
                 StrEq("add entry 1 to hash run: it is below the one before"));
    return absl::OkStatus();
  });
}

TEST(HashRun, WellSealedNonsenseIsRefused) {
  const auto refusal = [](const std::string& block, std::uint32_t entries) {
    ColdDisk disk;
    disk.Write(kPath, [&](vfs::File& file) {
      ColdFileWriter writer(&file, SomeColdFile(), ColdFileKind::kHashRun);
      VFS_RETURN_IF_ERROR(writer.Append(0, block));
      return writer.Finish({entries});
    });
    return vfs::Message(AllEntries(disk.fs()).status());
  };
  EXPECT_EQ(refusal(std::string(36, 'a') + std::string(36, 'b'), 2), "");
  EXPECT_EQ(refusal(std::string(36, 'b') + std::string(36, 'a'), 2),
            "read 00000003.bin: block 0 at byte 0: entry 1 is not above the one before");
  EXPECT_EQ(refusal(std::string(36, 'b') + std::string(36, 'b'), 2),
            "read 00000003.bin: block 0 at byte 0: entry 1 is not above the one before");
  EXPECT_EQ(refusal(std::string(36, 'a'), ~std::uint32_t{0}),
            "read 00000003.bin: trailer at byte 40: 4294967295 entries take 154770856864 bytes, "
            "expected 40");
}

}  // namespace
}  // namespace permafrost::engine
