// Lakes of every layout, growing ones, and each of the ways in which one can be wrong.
#include "engine/ledger/lake_source.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ledger/lake_object.h"
#include "sim/disk/sim_file_system.h"
#include "tests/engine/ledger/lake_writer.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr LakeLayout kSingles{1, 64'000};

// Sequences from `first` until the stream has no more, and why it has none.
struct Taken {
  std::vector<std::uint32_t> sequences;
  absl::Status end;
};

Taken TakeAll(LakeSource& lake, std::optional<LedgerSeq> first = std::nullopt) {
  Taken taken;
  auto stream = lake.Open(first);
  taken.end = stream.status();
  while (taken.end.ok()) {
    auto ledger = (*stream)->Next();
    taken.end = ledger.status();
    if (!ledger.ok() || !ledger->has_value()) break;
    const auto view = lake.decoder().Decode((*ledger)->bytes);
    taken.end = view.status();
    if (!view.ok()) break;
    EXPECT_EQ(view->sequence, (*ledger)->sequence);
    taken.sequences.push_back((*ledger)->sequence.value());
  }
  return taken;
}

std::vector<std::uint32_t> Sequences(std::uint32_t first, std::uint32_t last) {
  std::vector<std::uint32_t> sequences;
  for (std::uint32_t i = first; i <= last; ++i) sequences.push_back(i);
  return sequences;
}

TEST(LakeSource, LedgersOfEveryLayoutComeInSequence) {
  for (const auto& [layout, first, last] :
       std::vector<std::tuple<LakeLayout, int, int>>{{{1, 1}, 2, 30},
                                                     {{1, 64'000}, 2, 30},
                                                     {{1, 8}, 2, 30},
                                                     {{1, 8}, 13, 30},
                                                     {{2, 5}, 2, 31},
                                                     {{4, 3}, 2, 31},
                                                     {{4, 3}, 8, 31},
                                                     {{64, 1}, 2, 63}}) {
    sim::SimFileSystem fs;
    const auto from = static_cast<std::uint32_t>(first);
    const auto to = static_cast<std::uint32_t>(last);
    PutLake(fs, layout, from, to);
    ASSERT_OK_AND_ASSIGN(const auto lake, LakeSource::Open(&fs, "/lake", {}));

    ASSERT_OK_AND_ASSIGN(const auto range, lake->Available());
    const Taken taken = TakeAll(*lake);

    EXPECT_EQ(range.first, LedgerSeq{from});
    EXPECT_EQ(range.last, LedgerSeq{to});
    EXPECT_EQ(taken.sequences, Sequences(from, to));
    EXPECT_ERROR(taken.end, absl::StatusCode::kUnavailable, HasSubstr("is not there yet"));
    EXPECT_EQ(TakeAll(*lake, LedgerSeq{from + 5}).sequences, Sequences(from + 5, to));
  }
}

TEST(LakeSource, TheFirstBatchBeginsWithLedgerTwo) {
  sim::SimFileSystem fs;
  PutLake(fs, {64, 1}, 2, 63);
  ASSERT_OK_AND_ASSIGN(const auto lake, LakeSource::Open(&fs, "/lake", {}));

  ASSERT_OK_AND_ASSIGN(const auto stream, lake->Open(LedgerSeq{2}));
  ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());

  ASSERT_TRUE(ledger.has_value());
  EXPECT_EQ(ledger->origin, "lake:/lake: FFFFFFFF--0-63.xdr.zst");
  EXPECT_ERROR(lake->Open(LedgerSeq{1}), absl::StatusCode::kOutOfRange,
               "lake:/lake has no ledger 1: 2 is the first of a network");
}

TEST(LakeSource, ALakeThatBeginsLaterIsRefused) {
  sim::SimFileSystem fs;
  PutLake(fs, {1, 8}, 13, 30);
  ASSERT_OK_AND_ASSIGN(const auto lake, LakeSource::Open(&fs, "/lake", {}));

  EXPECT_ERROR(lake->Open(LedgerSeq{12}), absl::StatusCode::kOutOfRange,
               "lake:/lake begins with ledger 13, not 12");
  EXPECT_OK(lake->Open(LedgerSeq{13}));
  EXPECT_OK(lake->Open(LedgerSeq{31}));
}

TEST(LakeSource, ARealObjectOfAnOldLakeIsRead) {
  sim::SimFileSystem fs;
  PutFile(fs, "FFFFFFFF--0-63999/FFFFFC18--999.xdr.zstd",
          ReadText("tests/data/stellar/FFFFFC18--999.xdr.zstd"));
  ASSERT_OK_AND_ASSIGN(
      const auto lake,
      LakeSource::Open(&fs, "/lake", {.ledgers_per_batch = 1, .batches_per_partition = 64'000}));

  ASSERT_OK_AND_ASSIGN(const auto stream, lake->Open(std::nullopt));
  ASSERT_OK_AND_ASSIGN(const auto sourced, stream->Next());
  ASSERT_TRUE(sourced.has_value());
  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, lake->decoder().Decode(sourced->bytes));

  EXPECT_EQ(HexOf(ledger.hash), "a11ca0bad4d6939832424190b4038c0d3e07e34e3f186ef9a9194dcab9d43734");
  EXPECT_EQ(TransactionDigest(ledger),
            "fcd5547333bf468bb33463c9a26bdf1cfee25b9e75d2ae8846e165ecdb0099ac");
}

TEST(LakeSource, AStreamGoesOnWhenTheLakeGrows) {
  sim::SimFileSystem fs;
  PutLake(fs, kSingles, 2, 1);
  ASSERT_OK_AND_ASSIGN(const auto lake, LakeSource::Open(&fs, "/lake", {}));
  EXPECT_ERROR(lake->Available(), absl::StatusCode::kNotFound, "lake:/lake has no ledgers");
  ASSERT_OK_AND_ASSIGN(const auto stream, lake->Open(LedgerSeq{2}));
  EXPECT_ERROR(stream->Next(), absl::StatusCode::kUnavailable, "lake:/lake has no ledgers yet");

  for (std::uint32_t sequence = 2; sequence < 6; ++sequence) {
    const std::string key = PutBatch(fs, kSingles, {sequence, sequence});
    ASSERT_OK_AND_ASSIGN(const auto file, fs.Open(key, vfs::OpenMode::kReadWrite));
    ASSERT_OK_AND_ASSIGN(const std::uint64_t bytes, file->Size());
    std::string whole(bytes, '\0');
    ASSERT_OK_AND_ASSIGN(const std::size_t count, file->Read(0, std::span<char>(whole)));
    ASSERT_EQ(count, bytes);
    // The writer is in the middle of it, and has begun it.
    for (const std::uint64_t torn : {std::uint64_t{0}, std::uint64_t{3}, bytes / 2, bytes - 1}) {
      ASSERT_OK(file->Truncate(0));
      ASSERT_OK(file->Write(0, whole.substr(0, torn)));
      EXPECT_ERROR(stream->Next(), absl::StatusCode::kUnavailable,
                   HasSubstr("zstd frame ends after " + std::to_string(torn) + " bytes"));
    }
    ASSERT_OK(file->Write(0, whole));
    ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());
    ASSERT_TRUE(ledger.has_value());
    EXPECT_EQ(ledger->sequence, LedgerSeq{sequence});
  }
  EXPECT_ERROR(stream->Next(), absl::StatusCode::kUnavailable,
               "lake:/lake: FFFFFFFF--0-63999/FFFFFFF9--6.xdr.zst is not there yet");
}

TEST(LakeSource, ForeignNamesAreSkipped) {
  sim::SimFileSystem fs;
  PutLake(fs, {1, 8}, 2, 9);
  PutFile(fs, "00000000.txt", "x");
  PutFile(fs, "00000000--1/00000000--2.xdr.zst", "x");
  PutFile(fs, "FFFFFFF7--8-15/00000000--1.xdr.gz", "x");
  PutFile(fs, "FFFFFFF7--8-15/FFFFFFF6--9.xdr.zst.tmp", "x");
  PutFile(fs, "00000000--4294967288-4294967295/notes", "x");
  ASSERT_OK_AND_ASSIGN(const auto lake, LakeSource::Open(&fs, "/lake", {}));

  EXPECT_EQ(TakeAll(*lake).sequences, Sequences(2, 9));
}

// What is wrong with a lake of ledgers 2 to 9, and what taking all of them says.
struct Hostile {
  const char* what;
  std::function<void(vfs::FileSystem&)> spoil;
  std::size_t taken;
  absl::StatusCode code;
  std::string text;
};

std::string KeyOf(std::uint32_t sequence) { return LakeKey(kSingles, {sequence, sequence}, "zst"); }

std::string ObjectOf(std::uint32_t first, std::uint32_t last, std::uint32_t inner) {
  return ZstdOf(BatchBytes(first, last, {LedgerWithSequence(inner)}));
}

std::vector<Hostile> AllHostile() {
  const auto put = [](std::string content) {
    return [content](vfs::FileSystem& fs) { PutFile(fs, KeyOf(5), content); };
  };
  constexpr auto kLoss = absl::StatusCode::kDataLoss;
  const std::string replace = "; put the right object in its place";
  const std::string good = ObjectOf(5, 5, 5);
  const std::string five = "lake:/lake: FFFFFFFF--0-63999/FFFFFFFA--5.xdr.zst";
  return {
      {"dropped", [](vfs::FileSystem& fs) { ASSERT_OK(fs.Unlink(KeyOf(5))); }, 3, kLoss,
       five + " is missing, though there are ledgers up to 9; put it back"},
      {"with the other suffix",
       [](vfs::FileSystem& fs) {
         ASSERT_OK(fs.Unlink(KeyOf(5)));
         PutBatch(fs, kSingles, {5, 5}, "zstd");
       },
       3, kLoss,
       five + " is missing, though there are ledgers up to 9; it is there with another suffix than "
              "theirs: rename it"},
      {"of another ledger", put(ObjectOf(6, 6, 6)), 3, kLoss,
       five + ": batch of ledgers 6 to 6, 5 to 5 expected" + replace},
      {"with another ledger in it", put(ObjectOf(5, 5, 6)), 3, kLoss,
       five + ": ledger 6 at byte 12, 5 expected" + replace},
      {"with an end that lies", put(ObjectOf(5, 6, 5)), 3, kLoss,
       five + ": batch of ledgers 5 to 6, 5 to 5 expected" + replace},
      {"with too many", put(ZstdOf(BatchBytes(5, 5, {"a", "b"}))), 3, kLoss,
       five + ": batch of ledgers 5 to 5 with 2 ledgers in it" + replace},
      {"with none", put(ZstdOf(BatchBytes(5, 5, {}))), 3, kLoss,
       five + ": batch of ledgers 5 to 5 with 0 ledgers in it" + replace},
      {"too short for a batch", put(ZstdOf("abc")), 3, kLoss,
       five + ": batch of 3 bytes, at least 12 expected" + replace},
      {"with no ledger in it", put(ZstdOf(BatchBytes(5, 5, {"abcd"}))), 3, kLoss,
       five +
           ": ledger 5 at byte 12: not a ledger that this program knows: LedgerCloseMeta has no "
           "value 1633837924 (byte 0)" +
           replace},
      {"truncated", put(good.substr(0, 100)), 3, kLoss,
       five + ": zstd frame ends after 100 bytes, more expected" + replace},
      {"empty", put(""), 3, kLoss,
       five + ": zstd frame ends after 0 bytes, more expected" + replace},
      {"with two frames", put(good + good), 3, kLoss,
       five + ": " + std::to_string(good.size()) +
           " bytes behind the zstd frame, which ends at byte " + std::to_string(good.size()) +
           replace},
      {"with bytes behind its frame", put(good + "x"), 3, kLoss,
       five + ": 1 bytes behind the zstd frame, which ends at byte " + std::to_string(good.size()) +
           replace},
      {"with no frame", put(std::string(100, 'x')), 3, kLoss,
       five + ": zstd frame of 100 bytes: Unknown frame descriptor" + replace},
      {"with bytes behind its ledger",
       put(ZstdOf(BatchBytes(5, 5, {LedgerWithSequence(5), "tail"}).replace(11, 1, "\1"))), 3,
       absl::StatusCode::kInvalidArgument,
       "not a ledger: it ends at byte 6512, 4 bytes are left over"},
      {"with a name that lies",
       [](vfs::FileSystem& fs) { PutFile(fs, "FFFFFFFF--0-63999/00000000--10.xdr.zst", "x"); }, 0,
       absl::StatusCode::kFailedPrecondition,
       "lake:/lake: FFFFFFFF--0-63999/00000000--10.xdr.zst does not fit 1 ledgers a batch and "
       "64000 "
       "batches a partition, which make FFFFFFFF--0-63999/FFFFFFF5--10.xdr.zst; move it away "
       "or mend .config.json"},
      {"with a name of a backward range",
       [](vfs::FileSystem& fs) { PutFile(fs, "FFFFFFFF--0-63999/FFFFFFF5--10-9.xdr.zst", "x"); }, 0,
       absl::StatusCode::kFailedPrecondition,
       "lake:/lake: FFFFFFFF--0-63999/FFFFFFF5--10-9.xdr.zst names ledgers 10 to 9; move it away"},
  };
}

TEST(LakeSource, EveryWrongObjectHasItsErrorAndGivesNoWrongLedger) {
  for (const Hostile& hostile : AllHostile()) {
    SCOPED_TRACE(hostile.what);
    sim::SimFileSystem fs;
    PutLake(fs, kSingles, 2, 9);
    hostile.spoil(fs);
    ASSERT_OK_AND_ASSIGN(const auto lake, LakeSource::Open(&fs, "/lake", {}));

    const Taken taken = TakeAll(*lake, LedgerSeq{2});

    EXPECT_EQ(taken.sequences, Sequences(2, 1 + static_cast<std::uint32_t>(hostile.taken)));
    EXPECT_ERROR(taken.end, hostile.code, hostile.text);
  }
}

TEST(LakeSource, TwoSwappedObjectsAreFoundOut) {
  sim::SimFileSystem fs;
  PutLake(fs, kSingles, 2, 9);
  ASSERT_OK(fs.Rename(KeyOf(5), "FFFFFFFF--0-63999/swap"));
  ASSERT_OK(fs.Rename(KeyOf(6), KeyOf(5)));
  ASSERT_OK(fs.Rename("FFFFFFFF--0-63999/swap", KeyOf(6)));
  ASSERT_OK_AND_ASSIGN(const auto lake, LakeSource::Open(&fs, "/lake", {}));

  EXPECT_EQ(TakeAll(*lake).sequences, Sequences(2, 4));
}

TEST(LakeSource, EveryFlippedByteOfAnObjectIsFoundOutOrChangesTheLedgerOnly) {
  const std::string good = ObjectOf(5, 5, 5);
  StellarDecoder decoder;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    const auto bytes = UnpackLakeObject(bad, 1 << 20);
    if (!bytes.ok()) continue;
    const auto ledgers = SplitLakeBatch(decoder, {5, 5}, *bytes);
    if (!ledgers.ok()) continue;
    ASSERT_OK_AND_ASSIGN(const LedgerSeq sequence, decoder.SequenceOf(ledgers->front()));
    ASSERT_EQ(sequence, LedgerSeq{5});
  }
}

TEST(LakeSource, AnObjectThatIsTooLargeIsNotUnpacked) {
  const std::string object = ZstdOf(std::string(10'000'000, 'x'));

  EXPECT_ERROR(UnpackLakeObject(object, 1'000'000), absl::StatusCode::kDataLoss,
               "zstd frame with more than 1000000 bytes in it");
}

TEST(LakeSource, ABatchWithAnUnknownTypeBeforeItsLastLedgerIsRefused) {
  const std::vector<std::string>& pubnet = PubnetLedgers();
  StellarDecoder decoder;
  std::string unknown = pubnet[0];
  ASSERT_OK_AND_ASSIGN(const LedgerView view, decoder.Decode(pubnet[0]));
  const auto at =
      static_cast<std::size_t>(view.events.back().contract.data() - view.bytes.data()) + 32;
  unknown.replace(at, 4, std::string("\0\0\0\7", 4));
  const std::string reason = "ContractEventType has no value 7 (byte " + std::to_string(at) + ")";

  const std::string middle = BatchBytes(63'092'982, 63'092'983, {unknown, pubnet[1]});
  EXPECT_ERROR(SplitLakeBatch(decoder, {63'092'982, 63'092'983}, middle),
               absl::StatusCode::kFailedPrecondition,
               "ledger 63092982 at byte 12: no later ledger can be told from it: " + reason);
  const std::string alone = BatchBytes(63'092'982, 63'092'982, {unknown});
  ASSERT_OK_AND_ASSIGN(const auto ledgers,
                       SplitLakeBatch(decoder, {63'092'982, 63'092'982}, alone));
  EXPECT_EQ(ledgers.front(), unknown);
}

TEST(LakeSource, AnotherLakeThanConfiguredIsRefusedWithEachDifference) {
  sim::SimFileSystem fs;
  PutLake(fs, {4, 3}, 2, 7);
  LakeOptions options{.network_passphrase = "public", .ledgers_per_batch = 1};

  EXPECT_ERROR(LakeSource::Open(&fs, "/lake", options), absl::StatusCode::kFailedPrecondition,
               "lake:/lake: another lake than configured: networkPassphrase is 'test', expected "
               "'public'; ledgersPerBatch is '4', expected '1'; mend the configuration or name "
               "another lake");
  options = {.network_passphrase = "test", .ledgers_per_batch = 4, .batches_per_partition = 3};
  EXPECT_OK(LakeSource::Open(&fs, "/lake", options));
}

TEST(LakeSource, AManifestThatSaysNothingSensibleIsRefused) {
  sim::SimFileSystem fs;
  EXPECT_ERROR(
      LakeSource::Open(&fs, "/lake", {}), absl::StatusCode::kInvalidArgument,
      "lake:/lake has no .config.json; configure its ledgers per batch and its batches per "
      "partition");
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "lake:/lake: .config.json is no JSON object: ''; mend it"},
      {"[1", "lake:/lake: .config.json is no JSON object: '[1'; mend it"},
      {R"({"ledgersPerBatch": 0, "batchesPerPartition": 1})",
       "lake:/lake: .config.json has no ledgersPerBatch of 1 or more; mend it"},
      {R"({"ledgersPerBatch": 1, "batchesPerPartition": "1"})",
       "lake:/lake: .config.json has no batchesPerPartition of 1 or more; mend it"},
      {R"({"ledgersPerBatch": 1, "batchesPerPartition": 5000000000})",
       "lake:/lake: .config.json has no batchesPerPartition of 1 or more; mend it"},
      {R"({"networkPassphrase": 7})",
       "lake:/lake: .config.json has a networkPassphrase that is no text; mend it"},
  };
  for (const auto& [json, text] : cases) {
    PutFile(fs, kLakeManifest, json);
    EXPECT_ERROR(LakeSource::Open(&fs, "/lake", {}), absl::StatusCode::kDataLoss, text);
  }
  PutFile(fs, kLakeManifest,
          R"({"compression": "gzip", "ledgersPerBatch": 1, "batchesPerPartition": 1})");
  EXPECT_ERROR(LakeSource::Open(&fs, "/lake", {}), absl::StatusCode::kFailedPrecondition,
               "lake:/lake: another lake than configured: compression is 'gzip', expected 'zstd'; "
               "mend the configuration or name another lake");
}

}  // namespace
}  // namespace permafrost::engine
