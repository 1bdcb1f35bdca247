// Ledgers and transactions of a store: cold, hot, pruned, on the way, and damaged.
#include "engine/query/ledger_reader.h"

#include <string>

#include <gmock/gmock.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/synthetic_source.h"
#include "engine/store/ledger_artifacts.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"
#include "vfs/base/hex.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using testing::LedgerModel;
using testing::LedgerStoreOptions;
using testing::LedgerWorld;

constexpr std::uint64_t kSeed = 21;
constexpr SyntheticShape kShape = {.transactions_min = 1, .transactions_max = 6, .events_max = 2};

class LedgerReaderTest : public ::testing::Test {
 protected:
  absl::Status IngestUpTo(std::uint32_t count) {
    SyntheticSource source(kSeed, count, kShape);
    return Ingest(world_.store(), source, {}).status();
  }
  // Ledger after ledger, nothing frozen.
  void Append(std::uint32_t count) {
    for (std::uint32_t i = 0; i < count; ++i) {
      ASSERT_OK_AND_ASSIGN(const LedgerSeq next, world_.store().Next());
      ASSERT_OK(world_.store().Append(SyntheticLedger(kSeed, next, kShape), "test"));
    }
  }
  LedgerModel Model(std::uint32_t count) const {
    return LedgerModel::Synthetic(kSeed, count, kShape);
  }

  LedgerWorld world_;
};

TEST_F(LedgerReaderTest, AnswersFromTheHotTierAlone) {
  ASSERT_OK(world_.Open());
  Append(30);

  EXPECT_EQ(Model(30).Wrong(world_.Reader()), "");
  ASSERT_OK_AND_ASSIGN(const FoundLedger found, world_.Reader().Ledger(LedgerSeq{2}));
  EXPECT_EQ(found.home, Home::kHot);
}

TEST_F(LedgerReaderTest, AnswersFromTheColdTierAlone) {
  ASSERT_OK(world_.Open());
  ASSERT_OK(IngestUpTo(48));

  EXPECT_EQ(Model(48).Wrong(world_.Reader()), "");
  ASSERT_OK_AND_ASSIGN(const FoundLedger found, world_.Reader().Ledger(LedgerSeq{49}));
  EXPECT_EQ(found.home, Home::kCold);
}

TEST_F(LedgerReaderTest, AnswersFromBothTiers) {
  ASSERT_OK(world_.Open());
  for (std::uint32_t count = 38; count <= 42; ++count) {
    ASSERT_OK(IngestUpTo(count));
    EXPECT_EQ(Model(count).Wrong(world_.Reader()), "") << count;
  }
}

TEST_F(LedgerReaderTest, AnAbsentTransactionIsAbsentInEveryTier) {
  ASSERT_OK(world_.Open());
  Hash absent = SyntheticHash(99, LedgerSeq{9});
  for (const std::uint32_t count : {3U, 8U, 30U}) {
    ASSERT_OK(IngestUpTo(count));
    ASSERT_OK_AND_ASSIGN(const auto found, world_.Reader().Transaction(absent));
    EXPECT_EQ(found, std::nullopt);
  }
  // Hashes that differ from one that is there behind the bytes that are indexed.
  const LedgerModel model = Model(30);
  for (const auto& [hash, place] : model.transactions()) {
    absent = hash;
    absent[31] ^= 1;
    ASSERT_OK_AND_ASSIGN(const auto found, world_.Reader().Transaction(absent));
    EXPECT_EQ(found, std::nullopt);
  }
}

TEST_F(LedgerReaderTest, WhatIsOutsideNamesWhatIsThere) {
  ASSERT_OK(world_.Open());
  EXPECT_ERROR(world_.Reader().Ledger(LedgerSeq{2}), absl::StatusCode::kNotFound,
               "read ledger 2: there are none yet");
  ASSERT_OK(IngestUpTo(30));
  for (const std::uint32_t outside : {0U, 1U, 32U, 0xffff'ffffU}) {
    EXPECT_ERROR(world_.Reader().Ledger(LedgerSeq{outside}), absl::StatusCode::kNotFound,
                 "read ledger " + std::to_string(outside) + ": ledgers 2 to 31 are there");
  }
}

TEST_F(LedgerReaderTest, WhatWasPrunedIsNotThere) {
  StoreOptions options = LedgerStoreOptions();
  options.retention_chunks = 2;
  ASSERT_OK(world_.Open(options));
  ASSERT_OK(IngestUpTo(44));

  const LedgerReader reader = world_.Reader();

  EXPECT_EQ(reader.oldest(), LedgerSeq{26});
  EXPECT_EQ(Model(44).Wrong(reader), "");
  EXPECT_ERROR(reader.Ledger(LedgerSeq{25}), absl::StatusCode::kNotFound,
               "read ledger 25: ledgers 26 to 45 are there");
}

// A view is of one moment: what is frozen, discarded and added meanwhile does not change it.
TEST_F(LedgerReaderTest, AViewStaysWhatItWas) {
  ASSERT_OK(world_.Open());
  Append(20);
  {
    const LedgerReader before = world_.Reader();
    ASSERT_OK(IngestUpTo(40));
    EXPECT_EQ(before.latest(), LedgerSeq{21});
    EXPECT_EQ(Model(20).Wrong(before), "");
  }
  ASSERT_OK(Settle(world_.store(), nullptr));
  EXPECT_EQ(Model(40).Wrong(world_.Reader()), "");
}

// Frozen from a bulk source but not indexed yet, as a kill between the two leaves it.
TEST_F(LedgerReaderTest, WhatIsNotIndexedYetIsNotCalledAbsent) {
  ASSERT_OK(world_.Open());
  SyntheticSource source(kSeed, 16, kShape);
  LedgerArtifacts artifacts(&world_.store(), &source);
  for (const ChunkId chunk : {ChunkId{0}, ChunkId{1}})
    ASSERT_OK(world_.store().store().FreezeChunk(chunk, kAllArtifactKinds, artifacts));
  ASSERT_OK(world_.Reopen());
  const LedgerReader reader = world_.Reader();
  ASSERT_EQ(reader.latest(), LedgerSeq{17});
  const LedgerModel model = Model(16);
  const Hash hash = model.transactions().begin()->first;

  EXPECT_ERROR(
      reader.Transaction(hash), absl::StatusCode::kUnavailable,
      "look up transaction " + vfs::HexOf(hash) +
          ": not found, but not every place was searched: chunk 0 is neither under an index "
          "nor hot up to ledger 9");
  ASSERT_OK(Settle(world_.store(), nullptr));
  EXPECT_EQ(model.Wrong(world_.Reader()), "");
}

TEST_F(LedgerReaderTest, ADamagedFileIsNamedAndNoAnswer) {
  ASSERT_OK(world_.Open());
  ASSERT_OK(IngestUpTo(24));
  const LedgerModel model = Model(24);
  for (const auto& [path, digest] : world_.ColdFiles()) {
    ASSERT_OK_AND_ASSIGN(const auto file, world_.disk().Open(path, vfs::OpenMode::kReadWrite));
    ASSERT_OK_AND_ASSIGN(const std::uint64_t size, file->Size());
    // In the middle, where no header or trailer is.
    std::string byte(1, '\0');
    ASSERT_OK(file->Read(size / 2, byte));
    ASSERT_OK(file->Write(size / 2, std::string(1, static_cast<char>(byte[0] ^ 1))));
    world_.store().cold_readers().ForgetAll();  // the middle of a small file is its index

    const std::string wrong = model.Wrong(world_.Reader());

    EXPECT_THAT(wrong, HasSubstr(path));
    EXPECT_EQ(wrong.find("differ"), std::string::npos) << wrong;
    ASSERT_OK(file->Write(size / 2, byte));
  }
  EXPECT_EQ(model.Wrong(world_.Reader()), "");
}

}  // namespace
}  // namespace permafrost::engine
