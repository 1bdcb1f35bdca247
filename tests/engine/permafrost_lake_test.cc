// permafrost ingest --source lake: of lakes that are wrong in every way that a lake can be: one
// error with its exit code, nothing wrong in the store, and the same store goes on once the lake is
// mended.
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "engine/daemon/real_world.h"
#include "engine/ledger/any_decoder.h"
#include "engine/ledger/lake_manifest.h"
#include "tests/engine/ledger/chained_ledgers.h"
#include "tests/engine/ledger/lake_writer.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger_model.h"
#include "tests/engine/permafrost_process.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;
using testing::LedgerModel;

constexpr LakeLayout kLayout{1, 64};
constexpr std::uint32_t kLast = 21;  // of the lake: chunks 2 to 9 and 10 to 17, and four ledgers

std::string KeyOf(std::uint32_t sequence, std::string_view suffix = "zst") {
  return LakeKey(kLayout, {sequence, sequence}, suffix);
}

std::string Batch(std::uint32_t first, std::uint32_t last, const std::string& ledger) {
  return ZstdOf(BatchBytes(first, last, {ledger}));
}

std::string GoodObject(std::uint32_t at) { return Batch(at, at, ChainedLedger(at)); }

// What is wrong with the object of a ledger, and what ingesting says.
struct Hostile {
  const char* what;
  std::function<void(vfs::FileSystem& lake, std::uint32_t at)> spoil;
  // {lake}: the source, {key}: the object's, {at}: the ledger, {before}, {next}: those beside it,
  // {bytes}: of the sound object.
  std::string text;
  int code = 4;
};

std::string WithReplaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at))
    text.replace(at, what.size(), by);
  return text;
}

// Puts another object in place of the ledger's.
template <typename ContentOf>
std::function<void(vfs::FileSystem&, std::uint32_t)> Put(ContentOf content) {
  return [=](vfs::FileSystem& lake, std::uint32_t at) { PutFile(lake, KeyOf(at), content(at)); };
}

constexpr const char kReplace[] = "; put the right object in its place\n";

std::vector<Hostile> AllHostile() {
  const std::string object = "permafrost: {lake}: {key}";
  return {
      {"dropped",
       [](vfs::FileSystem& lake, std::uint32_t at) { ASSERT_OK(lake.Unlink(KeyOf(at))); },
       object + " is missing, though there are ledgers up to 21; put it back\n"},
      {"swapped with the next",
       [](vfs::FileSystem& lake, std::uint32_t at) {
         ASSERT_OK(lake.Rename(KeyOf(at), "FFFFFFFF--0-63/swap"));
         ASSERT_OK(lake.Rename(KeyOf(at + 1), KeyOf(at)));
         ASSERT_OK(lake.Rename("FFFFFFFF--0-63/swap", KeyOf(at + 1)));
       },
       object + ": batch of ledgers {next} to {next}, {at} to {at} expected" + kReplace},
      {"with another ledger in it",
       Put([](std::uint32_t at) { return Batch(at, at, ChainedLedger(at + 1)); }),
       object + ": ledger {next} at byte 12, {at} expected" + kReplace},
      {"truncated", Put([](std::uint32_t at) { return GoodObject(at).substr(0, 100); }),
       object + ": zstd frame ends after 100 bytes, more expected" + kReplace},
      {"empty", Put([](std::uint32_t) { return ""; }),
       object + ": zstd frame ends after 0 bytes, more expected" + kReplace},
      {"of two frames", Put([](std::uint32_t at) { return GoodObject(at) + GoodObject(at); }),
       object + ": {bytes} bytes behind the zstd frame, which ends at byte {bytes}" + kReplace},
      {"with bytes behind it", Put([](std::uint32_t at) { return GoodObject(at) + "x"; }),
       object + ": 1 bytes behind the zstd frame, which ends at byte {bytes}" + kReplace},
      {"with a start that lies",
       Put([](std::uint32_t at) { return Batch(at - 1, at, ChainedLedger(at)); }),
       object + ": batch of ledgers {before} to {at}, {at} to {at} expected" + kReplace},
      {"with an end that lies",
       Put([](std::uint32_t at) { return Batch(at, at + 1, ChainedLedger(at)); }),
       object + ": batch of ledgers {at} to {next}, {at} to {at} expected" + kReplace},
      {"with two ledgers", Put([](std::uint32_t at) {
         return ZstdOf(BatchBytes(at, at, {ChainedLedger(at), ChainedLedger(at + 1)}));
       }),
       object + ": batch of ledgers {at} to {at} with 2 ledgers in it" + kReplace},
      {"that is no zstd frame", Put([](std::uint32_t) { return std::string(64, 'x'); }),
       object + ": zstd frame of 64 bytes: Unknown frame descriptor" + kReplace},
      {"with the other suffix",
       [](vfs::FileSystem& lake, std::uint32_t at) {
         ASSERT_OK(lake.Rename(KeyOf(at), KeyOf(at, "zstd")));
       },
       object + " is missing, though there are ledgers up to 21; it is there with another suffix "
                "than theirs: rename it\n"},
      {"of another network",
       Put([](std::uint32_t at) { return Batch(at, at, ChainedLedger(at, 1)); }),
       "permafrost: ledger {at} of {lake}: {key}: it follows a ledger of hash {theirs}, the last "
       "one has {ours}; it is of another network or of a fork\n",
       2},
  };
}

// What is wrong with the lake as a whole: nothing is taken from it.
std::vector<Hostile> AllHostileLakes() {
  const auto manifest = [](std::string text) {
    return [text](vfs::FileSystem& lake, std::uint32_t) { PutFile(lake, kLakeManifest, text); };
  };
  const std::string mismatch = "permafrost: {lake}: FFFFFFFF--0-63/FFFFFFEA--21.xdr.zst does not ";
  return {
      {"whose manifest has larger batches",
       manifest(R"({"ledgersPerBatch": 4, "batchesPerPartition": 64})"),
       mismatch + "fit 4 ledgers a batch and 64 batches a partition, which make "
                  "FFFFFFFF--0-255/FFFFFFEB--20-23.xdr.zst; move it away or mend .config.json\n",
       2},
      {"whose manifest has other partitions",
       manifest(R"({"ledgersPerBatch": 1, "batchesPerPartition": 8})"),
       mismatch + "fit 1 ledgers a batch and 8 batches a partition, which make "
                  "FFFFFFEF--16-23/FFFFFFEA--21.xdr.zst; move it away or mend .config.json\n",
       2},
      {"whose manifest has another compression",
       manifest(R"({"ledgersPerBatch": 1, "batchesPerPartition": 64, "compression": "gzip"})"),
       "permafrost: {lake}: another lake than configured: compression is 'gzip', expected 'zstd'; "
       "mend the configuration or name another lake\n",
       2},
      {"whose manifest is torn", manifest(R"({"ledgersPerBatch": 1, "batch)"),
       "permafrost: {lake}: .config.json is no JSON object: '{\"ledgersPerBatch\": 1, "
       "\"batch'; mend it\n",
       4},
      {"without a manifest",
       [](vfs::FileSystem& lake, std::uint32_t) { ASSERT_OK(lake.Unlink(kLakeManifest)); },
       "permafrost: {lake} has no .config.json; configure its ledgers per batch and its batches "
       "per partition\n",
       2},
      {"whose newest object has a name that lies",
       [](vfs::FileSystem& lake, std::uint32_t) {
         PutFile(lake, "FFFFFFFF--0-63/00000000--22.xdr.zst", "x");
       },
       "permafrost: {lake}: FFFFFFFF--0-63/00000000--22.xdr.zst does not fit 1 ledgers a batch and "
       "64 batches a partition, which make FFFFFFFF--0-63/FFFFFFE9--22.xdr.zst; move it away or "
       "mend .config.json\n",
       2},
  };
}

class PermafrostLake : public ::testing::Test {
 protected:
  PermafrostLake() { EXPECT_EQ(Ingest(whole_).code, 0); }

  void MakeLake() {
    std::filesystem::remove_all(path_);
    ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
    auto fs = vfs::PosixFileSystem::Open(path_);
    ASSERT_OK(fs);
    fs_ = *std::move(fs);
    PutChainedLake(*fs_, kLayout, kLast);
  }
  // Of the lake as it is, sound unless somebody spoilt it.
  Ran Ingest(const std::string& data) {
    if (fs_ == nullptr) MakeLake();
    return RunBinary(scratch_, "ingest --json --source lake:" + path_ + " --data " + data +
                                   " --ledgers-per-chunk 8 --chunks-per-window 3 "
                                   "--chunks-per-bucket 2 --store-id " +
                                   std::string(32, '7'));
  }
  std::string TextOf(const Hostile& hostile, std::uint32_t at) const {
    const auto hash = [](const std::string& ledger) {
      return HexOf(AnyDecoder().Decode(ledger)->previous_hash);
    };
    std::string text = hostile.text;
    for (const auto& [what, by] : std::vector<std::pair<std::string, std::string>>{
             {"{lake}", "lake:" + path_},
             {"{key}", KeyOf(at)},
             {"{at}", std::to_string(at)},
             {"{before}", std::to_string(at - 1)},
             {"{next}", std::to_string(at + 1)},
             {"{bytes}", std::to_string(GoodObject(at).size())},
             {"{theirs}", hash(ChainedLedger(at, 1))},
             {"{ours}", hash(ChainedLedger(at))}}) {
      text = WithReplaced(text, what, by);
    }
    return text;
  }
  // Every answer of the store is right, and it has ledgers up to this one; 1: none.
  void ExpectSound(const std::string& data, std::uint32_t last, LedgerModel::IndexMayWait rule) {
    RealWorld world(*vfs::PosixFileSystem::Open(data));
    StoreOptions options = testing::LedgerStoreOptions();
    options.rocks = {};
    ASSERT_OK_AND_ASSIGN(const auto store, LedgerStore::Open(world.Env(), options, AnyDecoder()));
    {
      const LedgerReader reader(store->OpenView(), store->decoder());
      EXPECT_EQ(reader.latest(), LedgerSeq{last});
      EXPECT_EQ(model_.Wrong(reader, rule), "");
    }
    EXPECT_OK(store->Close());
  }
  void ExpectMendedGoesOn(const std::string& data) {
    MakeLake();
    const Ran mended = Ingest(data);
    ASSERT_EQ(mended.code, 0) << mended.err;
    EXPECT_EQ(Json::parse(mended.out)["last"], kLast);
    ExpectSound(data, kLast, LedgerModel::IndexMayWait::kNo);
    ExpectSameColdFiles(data, whole_);
    const Ran audit = RunBinary(scratch_, "audit --deep --data " + data);
    EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
  }

  TempDir scratch_;
  const std::string path_ = scratch_.Join("lake");
  const std::string whole_ = scratch_.Join("whole");
  const LedgerModel model_{[] {
    std::vector<std::string> ledgers;
    for (std::uint32_t at = 2; at <= kLast; ++at) ledgers.push_back(ChainedLedger(at));
    return ledgers;
  }()};
  std::unique_ptr<vfs::PosixFileSystem> fs_;
};

// In the first chunk, in the second, and among those that go through the hot tier.
TEST_F(PermafrostLake, EveryWrongObjectIsOneErrorAndTheStoreGoesOnWhenItIsMended) {
  for (const Hostile& hostile : AllHostile()) {
    for (const std::uint32_t at : {5U, 13U, 19U}) {
      SCOPED_TRACE(std::string(hostile.what) + " at " + std::to_string(at));
      const std::string data = scratch_.Join("data");
      std::filesystem::remove_all(data);
      MakeLake();
      hostile.spoil(*fs_, at);

      const Ran ran = Ingest(data);

      EXPECT_EQ(ran.code, hostile.code);
      EXPECT_EQ(ran.out, "");
      EXPECT_EQ(ran.err, TextOf(hostile, at));
      EXPECT_EQ(AlwaysViolated(scratch_, data), "");
      const std::uint32_t last = at == 5 ? 1 : at == 13 ? 9 : 18;
      ASSERT_NO_FATAL_FAILURE(ExpectSound(data, last, LedgerModel::IndexMayWait::kYes));
      ASSERT_NO_FATAL_FAILURE(ExpectMendedGoesOn(data));
      if (HasFailure()) return;
    }
  }
}

TEST_F(PermafrostLake, AWrongLakeIsOneErrorAndNothingIsTakenFromIt) {
  for (const Hostile& hostile : AllHostileLakes()) {
    for (const bool is_begun : {false, true}) {
      SCOPED_TRACE(std::string(hostile.what) + (is_begun ? ", resumed" : ", from its beginning"));
      const std::string data = scratch_.Join("data");
      std::filesystem::remove_all(data);
      if (is_begun) std::filesystem::copy(whole_, data, std::filesystem::copy_options::recursive);
      MakeLake();
      hostile.spoil(*fs_, 0);

      const Ran ran = Ingest(data);

      EXPECT_EQ(ran.code, hostile.code);
      EXPECT_EQ(ran.out, "");
      EXPECT_EQ(ran.err, TextOf(hostile, 3));
      if (is_begun) {
        ASSERT_NO_FATAL_FAILURE(ExpectSound(data, kLast, LedgerModel::IndexMayWait::kNo));
      }
      ASSERT_NO_FATAL_FAILURE(ExpectMendedGoesOn(data));
      if (HasFailure()) return;
    }
  }
}

TEST_F(PermafrostLake, ForeignKeysAndASecondSuffixAreSkipped) {
  const std::string data = scratch_.Join("data");
  PutFile(*fs_, "00000000.txt", "x");
  PutFile(*fs_, "00000000--1/00000000--2.xdr.zst", "x");
  PutFile(*fs_, "FFFFFFFF--0-63/00000000--1.xdr.gz", "x");
  PutFile(*fs_, "FFFFFFFF--0-63/FFFFFFE9--22.xdr.zst.tmp", "x");
  PutFile(*fs_, "00000000--4294967232-4294967295/notes", "x");
  for (const std::uint32_t at : {5U, 21U}) PutFile(*fs_, KeyOf(at, "zstd"), "x");

  const Ran ran = Ingest(data);

  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.err, "");
  ExpectMendedGoesOn(data);
}

// Readers take the suffix of the newest; what is older and has another one is not the beginning.
TEST_F(PermafrostLake, ANewestObjectOfAnotherSuffixIsNamed) {
  const std::string data = scratch_.Join("data");
  for (const std::string& flags : {std::string(), std::string(" --earliest 2")}) {
    ASSERT_OK(fs_->Rename(KeyOf(kLast), KeyOf(kLast, "zstd")));

    ExpectUsage(Ingest(data + flags), "permafrost: lake:" + path_ + ": " + KeyOf(20) +
                                          " has another suffix than " + KeyOf(21, "zstd") +
                                          "; rename one of them\n");

    ASSERT_NO_FATAL_FAILURE(ExpectMendedGoesOn(data));
    std::filesystem::remove_all(data);
  }
}

TEST_F(PermafrostLake, ServeRefusesAnotherLakeThanConfigured) {
  const std::string data = scratch_.Join("data");
  ASSERT_EQ(::mkdir(data.c_str(), 0700), 0);
  const std::string serve = "serve --storage.default_data_dir " + data;
  const std::string text = "permafrost: lake:" + path_ + ": another lake than configured: ";
  const std::string remedy = "; mend the configuration or name another lake\n";

  ExpectUsage(
      RunBinary(scratch_, serve + " --storage.network testnet --ingestion.source lake:" + path_),
      text + "networkPassphrase is 'test', expected 'Test SDF Network ; September 2015'" + remedy);
  ExpectUsage(
      RunBinary(scratch_, serve +
                              " --ingestion.source synthetic:7,20 --backfill.datastore.type "
                              "filesystem --backfill.datastore.params.path " +
                              path_ +
                              " --backfill.datastore.schema.ledgers_per_file 64 "
                              "--backfill.datastore.schema.files_per_partition 10"),
      text + "ledgersPerBatch is '1', expected '64'; batchesPerPartition is '64', expected '10'" +
          remedy);
  EXPECT_TRUE(std::filesystem::is_empty(data));
}

// Its writer is in the middle of it: what is before it is taken, and the rest when it is whole.
TEST_F(PermafrostLake, ATornNewestObjectIsNotThereYet) {
  for (const std::uint32_t tip : {17U, 21U}) {
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{60}}) {
      SCOPED_TRACE(std::to_string(tip) + " of " + std::to_string(bytes) + " bytes");
      const std::string data = scratch_.Join("data");
      std::filesystem::remove_all(data);
      MakeLake();
      for (std::uint32_t at = tip + 1; at <= kLast; ++at) ASSERT_OK(fs_->Unlink(KeyOf(at)));
      PutFile(*fs_, KeyOf(tip), GoodObject(tip).substr(0, bytes));

      const Ran ran = Ingest(data);

      ASSERT_EQ(ran.code, 0) << ran.err;
      EXPECT_EQ(Json::parse(ran.out)["last"], tip - 1);
      EXPECT_EQ(ran.err, "warning: ingest: lake:" + path_ + ": " + KeyOf(tip) +
                             ": zstd frame ends after " + std::to_string(bytes) +
                             " bytes, more expected\n");
      const Ran audit = RunBinary(scratch_, "audit --data " + data);
      EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
      ASSERT_NO_FATAL_FAILURE(ExpectSound(data, tip - 1, LedgerModel::IndexMayWait::kNo));
      ASSERT_NO_FATAL_FAILURE(ExpectMendedGoesOn(data));
    }
  }
}

}  // namespace
}  // namespace permafrost::engine
