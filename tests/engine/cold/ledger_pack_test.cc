// Ledger packs: what was stored comes back as it was stored, by its sequence.
#include "engine/cold/ledger_pack.h"

#include <array>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/ledger/stored_ledger.h"
#include "tests/engine/cold/cold_disk.h"
#include "tests/status_matchers.h"
#include "tests/worked_example.h"

namespace permafrost::engine {
namespace {

using testing::ColdDisk;
using ::testing::ElementsAre;
using testing::SomeColdFile;
using ::testing::StrEq;

constexpr std::string_view kPath = "00000003.pack";
constexpr std::string_view kDictionary = "what ledgers share";

std::string Stored(std::string_view ledger) {
  return *LedgerCompressor(kDictionary).Compress(ledger, false);
}

void WriteLedgers(ColdDisk& disk, LedgerSeq first, const std::vector<std::string>& ledgers) {
  disk.Write(kPath, [&](vfs::File& file) {
    LedgerPackWriter writer(&file, SomeColdFile(), first, kDictionary);
    for (std::uint32_t i = 0; i < ledgers.size(); ++i)
      VFS_RETURN_IF_ERROR(writer.Add(LedgerSeq{first.value() + i}, Stored(ledgers[i])));
    return writer.Finish();
  });
}

absl::StatusOr<LedgerPackReader> OpenLedgers(ColdDisk& disk) {
  return LedgerPackReader::Open(disk.fs(), kPath, SomeColdFile());
}

RC_GTEST_PROP(LedgerPack, ComesBackAsItWas, ()) {
  const auto ledgers = *rc::gen::nonEmpty<std::vector<std::string>>();
  const LedgerSeq first{*rc::gen::inRange(0U, 1U << 31)};
  ColdDisk disk;
  WriteLedgers(disk, first, ledgers);

  const auto pack = OpenLedgers(disk);

  RC_ASSERT(pack.ok());
  RC_ASSERT(pack->first() == first);
  RC_ASSERT(pack->last().value() - first.value() + 1 == ledgers.size());
  RC_ASSERT(pack->dictionary() == kDictionary);
  LedgerDecompressor decompressor(pack->dictionary());
  for (std::uint32_t i = 0; i < ledgers.size(); ++i) {
    const auto stored = pack->Stored(LedgerSeq{first.value() + i});
    RC_ASSERT(*stored == Stored(ledgers[i]));
    RC_ASSERT(*decompressor.Decompress(*stored) == ledgers[i]);
  }
  RC_ASSERT(pack->Stored(LedgerSeq{pack->last().value() + 1}).status().code() ==
            absl::StatusCode::kNotFound);
}

TEST(LedgerPack, ARangeIsReadInOrder) {
  ColdDisk disk;
  WriteLedgers(disk, LedgerSeq{100}, {"a", "b", "c", "d"});
  ASSERT_OK_AND_ASSIGN(const LedgerPackReader pack, OpenLedgers(disk));
  std::vector<std::uint32_t> seen;
  const auto see = [&seen](LedgerSeq sequence, std::string_view stored) {
    EXPECT_EQ(stored, Stored(std::string(1, static_cast<char>('a' + sequence.value() - 100))));
    seen.push_back(sequence.value());
    return absl::OkStatus();
  };

  EXPECT_OK(pack.StoredRange(LedgerSeq{101}, LedgerSeq{103}, see));
  EXPECT_OK(pack.StoredRange(LedgerSeq{103}, LedgerSeq{102}, see));

  EXPECT_THAT(seen, ElementsAre(101, 102, 103));
  EXPECT_ERROR(pack.StoredRange(LedgerSeq{99}, LedgerSeq{101}, see), absl::StatusCode::kNotFound,
               StrEq("read 00000003.pack: ledger 99 is not in it, 100 to 103 are"));
  EXPECT_ERROR(pack.StoredRange(LedgerSeq{101}, LedgerSeq{104}, see), absl::StatusCode::kNotFound,
               StrEq("read 00000003.pack: ledger 104 is not in it, 100 to 103 are"));
}

TEST(LedgerPack, EveryByteMatters) {
  ColdDisk disk;
  WriteLedgers(disk, LedgerSeq{2}, {"one", "two", "three"});

  ExpectEveryByteMatters(disk, kPath, [&disk]() -> absl::Status {
    VFS_ASSIGN_OR_RETURN(const LedgerPackReader pack, OpenLedgers(disk));
    return pack.StoredRange(pack.first(), pack.last(),
                            [](LedgerSeq, std::string_view) { return absl::OkStatus(); });
  });
}

TEST(LedgerPack, IsTheBytesOfTheWorkedExample) {
  ColdDisk disk;
  disk.Write(kPath, [](vfs::File& file) {
    LedgerPackWriter writer(&file, SomeColdFile(), LedgerSeq{26}, "dictionary");
    VFS_RETURN_IF_ERROR(writer.Add(LedgerSeq{26}, *LedgerCompressor({}).Compress("ledger", true)));
    return writer.Finish();
  });

  const std::string bytes = disk.Bytes(kPath);

  ExpectOnPage(bytes.substr(0, bytes.size() - kColdTrailerBytes),
               std::array<std::size_t, 7>{20, 4, 5, 4, 4, 10, 4});
}

TEST(LedgerPackWriter, RefusesWhatWouldNotBeAPack) {
  ColdDisk disk;
  disk.Write("other", [](vfs::File& file) {
    LedgerPackWriter gap(&file, SomeColdFile(), LedgerSeq{5}, {});
    EXPECT_OK(gap.Add(LedgerSeq{5}, Stored("five")));
    EXPECT_ERROR(gap.Add(LedgerSeq{7}, Stored("seven")), absl::StatusCode::kInvalidArgument,
                 StrEq("add ledger 7 to pack: expected 6"));
    EXPECT_ERROR(gap.Add(LedgerSeq{6}, Stored("six")), absl::StatusCode::kInvalidArgument,
                 StrEq("add ledger 7 to pack: expected 6"));
    LedgerPackWriter raw(&file, SomeColdFile(), LedgerSeq{5}, {});
    EXPECT_ERROR(raw.Add(LedgerSeq{5}, "raw"), absl::StatusCode::kDataLoss,
                 StrEq("stored ledger of 3 bytes: it has no zstd frame"));
    LedgerPackWriter empty(&file, SomeColdFile(), LedgerSeq{5}, {});
    EXPECT_ERROR(empty.Finish(), absl::StatusCode::kInvalidArgument,
                 StrEq("finish ledger pack: no ledger was added"));
    return absl::OkStatus();
  });
}

TEST(LedgerPack, AppDataThatCannotBeIsRefused) {
  const auto refusal = [](std::string_view app_data, const PackOptions& options) {
    ColdDisk disk;
    disk.Write(kPath, [&](vfs::File& file) {
      PackWriter writer(&file, SomeColdFile(), ColdFileKind::kLedgers, options);
      VFS_RETURN_IF_ERROR(writer.Add("one"));
      VFS_RETURN_IF_ERROR(writer.Add("two"));
      return writer.Finish(app_data);
    });
    return vfs::Message(OpenLedgers(disk).status());
  };
  EXPECT_EQ(refusal("abc", {}),
            "read 00000003.pack: app data at byte 23: 3 bytes, no first ledger");
  EXPECT_EQ(refusal("\xff\xff\xff\xff", {}),
            "read 00000003.pack: app data at byte 23: 2 items from 4294967295, 1 per record, are "
            "not ledgers");
  EXPECT_EQ(refusal(std::string(4, '\1'), {.items_per_record = 2}),
            "read 00000003.pack: app data at byte 24: 2 items from 16843009, 2 per record, are "
            "not ledgers");
}

}  // namespace
}  // namespace permafrost::engine
