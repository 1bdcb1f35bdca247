// Ledgers brought into a store: whole, in pieces, refused, undecoded, pruned, in bulk.
#include "engine/ingest/ingest.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/ledger/synthetic_source.h"
#include "sim/disk/disk_state.h"
#include "tests/engine/ledger_model.h"
#include "tests/engine/once_source.h"
#include "tests/status_matchers.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/native_executor.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using testing::LedgerModel;
using testing::LedgerStoreOptions;
using testing::LedgerWorld;
using testing::OnceSource;

constexpr std::uint64_t kSeed = 31;

// A bulk source whose ledgers, or errors, are given one by one.
class ScriptedSource final : public LedgerSource {
 public:
  using LedgerAt = std::function<absl::StatusOr<std::string>(LedgerSeq)>;

  ScriptedSource(std::uint32_t count, LedgerAt ledger_at)
      : all_(kSeed, count), ledger_at_(std::move(ledger_at)) {}

  const LedgerDecoder& decoder() const override { return all_.decoder(); }
  std::string name() const override { return "scripted"; }
  bool is_bulk() const override { return true; }
  absl::StatusOr<Range> Available() override { return all_.Available(); }
  absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) override {
    return std::make_unique<Stream>(ledger_at_, *first);
  }

 private:
  class Stream final : public LedgerStream {
   public:
    Stream(const LedgerAt& ledger_at, LedgerSeq next) : ledger_at_(ledger_at), next_(next) {}
    absl::StatusOr<std::optional<SourcedLedger>> Next() override {
      const LedgerSeq sequence = std::exchange(next_, LedgerSeq{next_.value() + 1});
      VFS_ASSIGN_OR_RETURN(std::string bytes, ledger_at_(sequence));
      return SourcedLedger{sequence, std::move(bytes), "scripted"};
    }

   private:
    const LedgerAt& ledger_at_;
    LedgerSeq next_;
  };

  SyntheticSource all_;
  const LedgerAt ledger_at_;
};

// A source that cannot be read at one ledger.
ScriptedSource HoledSource(std::uint32_t count, LedgerSeq hole) {
  return {count, [hole](LedgerSeq sequence) -> absl::StatusOr<std::string> {
            if (sequence == hole) return vfs::DataLoss("ledger {} is torn", hole.value());
            return SyntheticLedger(kSeed, sequence);
          }};
}

absl::Status IngestBulk(LedgerWorld& world, std::uint64_t seed, std::uint32_t count) {
  SyntheticSource source(seed, count);
  return Ingest(world.store(), source, {}).status();
}

absl::Status IngestOnce(LedgerWorld& world, std::uint32_t count) {
  OnceSource source(kSeed, count);
  return Ingest(world.store(), source, {}).status();
}

TEST(Ingest, SaysWhatItDid) {
  LedgerWorld world;
  ASSERT_OK(world.Open());
  OnceSource source(kSeed, 20);
  std::vector<std::uint32_t> seen;
  IngestHooks hooks;
  hooks.on_progress = [&](const IngestReport& report) { seen.push_back(report.last->value()); };

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(world.store(), source, hooks));

  EXPECT_EQ(report.appended, 20U);
  EXPECT_EQ(report.last, LedgerSeq{21});
  EXPECT_FALSE(report.is_stopped);
  EXPECT_EQ(report.lifecycle.chunks_frozen, 2U);
  EXPECT_EQ(report.lifecycle.discarded, 2U);
  EXPECT_EQ(seen.size(), 20U);
  EXPECT_EQ(seen.front(), 2U);
  EXPECT_EQ(LedgerModel::Synthetic(kSeed, 20).Wrong(world.Reader()), "");
}

// From the hot tier, where rows are copied, and from a bulk source, where ledgers are decoded: of
// many events and of few.
TEST(Ingest, TheSameFilesAreFrozenFromEverySource) {
  for (const std::uint32_t transactions : {3U, 60U}) {
    const SyntheticShape shape = {
        .transactions_min = 1, .transactions_max = transactions, .events_max = 5};
    LedgerWorld live;
    ASSERT_OK(live.Open());
    for (std::uint32_t i = 0; i < 16; ++i) {
      ASSERT_OK_AND_ASSIGN(const LedgerSeq next, live.store().Next());
      ASSERT_OK(live.store().Append(SyntheticLedger(kSeed, next, shape), "test"));
    }
    ASSERT_OK(Settle(live.store(), nullptr));
    LedgerWorld bulk;
    ASSERT_OK(bulk.Open());
    SyntheticSource source(kSeed, 16, shape);
    ASSERT_OK(Ingest(bulk.store(), source, {}));

    EXPECT_EQ(live.ColdFiles(), bulk.ColdFiles());
  }
}

TEST(Ingest, NothingNewChangesNothing) {
  LedgerWorld world;
  ASSERT_OK(world.Open());
  ASSERT_OK(IngestBulk(world, kSeed, 20));
  const auto before = world.ColdFiles();

  for (const std::uint32_t count : {20U, 12U}) {
    SyntheticSource source(kSeed, count);
    ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(world.store(), source, {}));
    EXPECT_EQ(report.appended, 0U);
    EXPECT_EQ(report.last, LedgerSeq{21});
    EXPECT_EQ(report.lifecycle.rounds, 0);
  }
  EXPECT_EQ(world.ColdFiles(), before);
}

// A clean end or a kill after each ledger; the next start goes on behind the last.
TEST(Ingest, GoesOnAfterARestartAtEveryLedger) {
  constexpr std::uint32_t kLedgers = 30;
  const LedgerModel model = LedgerModel::Synthetic(kSeed, kLedgers);
  LedgerWorld whole;
  ASSERT_OK(whole.Open());
  ASSERT_OK(IngestOnce(whole, kLedgers));
  const auto files = whole.ColdFiles();

  for (const bool is_killed : {false, true}) {
    LedgerWorld world;
    for (std::uint32_t count = 1; count <= kLedgers; ++count) {
      ASSERT_OK(world.Open());
      ASSERT_OK_AND_ASSIGN(const LedgerSeq next, world.store().Next());
      ASSERT_EQ(next, LedgerSeq{count + 1});
      ASSERT_EQ(model.Wrong(world.Reader()), "") << count;
      ASSERT_OK(IngestOnce(world, count));
      ASSERT_EQ(world.Reader().latest(), LedgerSeq{count + 1});
      if (is_killed) {
        world.Kill();
      } else {
        ASSERT_OK(world.Close());
      }
    }
    ASSERT_OK(world.Open());
    EXPECT_EQ(model.Wrong(world.Reader()), "");
    EXPECT_EQ(world.ColdFiles(), files);
  }
}

TEST(Ingest, BulkAndLedgerByLedgerMakeTheSameFiles) {
  for (const std::uint32_t undecoded_every : {0U, 7U}) {
    const SyntheticShape shape = {.undecoded_every = undecoded_every};
    LedgerWorld bulk;
    LedgerWorld hot;
    ASSERT_OK(bulk.Open());
    ASSERT_OK(hot.Open());
    SyntheticSource any(kSeed, 75, shape);
    OnceSource once(kSeed, 75, shape);

    ASSERT_OK_AND_ASSIGN(const IngestReport from_bulk, Ingest(bulk.store(), any, {}));
    ASSERT_OK_AND_ASSIGN(const IngestReport from_hot, Ingest(hot.store(), once, {}));

    EXPECT_EQ(from_bulk.appended, 3U);
    EXPECT_EQ(from_hot.appended, 75U);
    const auto files = bulk.ColdFiles();
    EXPECT_GT(files.size(), 9U * 4U);
    EXPECT_EQ(hot.ColdFiles(), files);
    const LedgerModel model = LedgerModel::Synthetic(kSeed, 75, shape);
    EXPECT_EQ(model.Wrong(bulk.Reader()), "");
    EXPECT_EQ(model.Wrong(hot.Reader()), "");
  }
}

TEST(Ingest, BulkInPiecesMakesTheSameFiles) {
  LedgerWorld whole;
  ASSERT_OK(whole.Open());
  ASSERT_OK(IngestBulk(whole, kSeed, 60));
  for (const std::uint32_t piece : {1U, 5U, 8U, 9U, 31U}) {
    LedgerWorld world;
    ASSERT_OK(world.Open());
    for (std::uint32_t count = piece; count < 60; count += piece) {
      ASSERT_OK(IngestBulk(world, kSeed, count));
      ASSERT_OK(world.Reopen());
    }
    ASSERT_OK(IngestBulk(world, kSeed, 60));
    EXPECT_EQ(world.ColdFiles(), whole.ColdFiles()) << piece;
    EXPECT_EQ(LedgerModel::Synthetic(kSeed, 60).Wrong(world.Reader()), "");
  }
}

// ---- Refusals: not one byte of the disk is changed.

class Refused : public ::testing::Test {
 protected:
  Refused() {
    EXPECT_OK(world_.Open());
    EXPECT_OK(IngestBulk(world_, kSeed, 12));
  }

  void ExpectRefused(std::string_view bytes, const ::testing::Matcher<const std::string&>& text) {
    const vfs::Hash128 before = world_.disk().state().FullKey();
    EXPECT_ERROR(world_.store().Append(bytes, "test at 7"), absl::StatusCode::kInvalidArgument,
                 text);
    EXPECT_EQ(world_.disk().state().FullKey(), before);
    EXPECT_EQ(LedgerModel::Synthetic(kSeed, 12).Wrong(world_.Reader()), "");
  }

  LedgerWorld world_;
};

TEST_F(Refused, AnotherSequence) {
  for (const std::uint32_t sequence : {2U, 13U, 15U}) {
    ExpectRefused(
        SyntheticLedger(kSeed, LedgerSeq{sequence}),
        fmt::format("ledger of test at 7: it is ledger {}, 14 is the next one", sequence));
  }
  ASSERT_OK(world_.store().Append(SyntheticLedger(kSeed, LedgerSeq{14}), "test"));
}

TEST_F(Refused, AnotherPreviousHash) {
  ExpectRefused(
      SyntheticLedger(kSeed + 1, LedgerSeq{14}),
      fmt::format("ledger 14 of test at 7: it follows a ledger of hash {}, the last one has {}; it "
                  "is of another network or of a fork",
                  vfs::HexOf(SyntheticHash(kSeed + 1, LedgerSeq{13})),
                  vfs::HexOf(SyntheticHash(kSeed, LedgerSeq{13}))));
}

TEST_F(Refused, AnotherPreviousHashBehindAChunkThatIsCold) {
  ASSERT_OK(IngestBulk(world_, kSeed, 16));
  const vfs::Hash128 before = world_.disk().state().FullKey();
  EXPECT_ERROR(world_.store().Append(SyntheticLedger(kSeed + 1, LedgerSeq{18}), "test"),
               absl::StatusCode::kInvalidArgument, HasSubstr("ledger 18 of test: it follows"));
  EXPECT_EQ(world_.disk().state().FullKey(), before);
}

TEST_F(Refused, BytesThatAreNoLedger) {
  std::string spoilt = SyntheticLedger(kSeed, LedgerSeq{14});
  spoilt.back() = static_cast<char>(spoilt.back() ^ 1);
  ExpectRefused(spoilt, HasSubstr("ingest test at 7: where ledger 14 is the next one: "));
  ExpectRefused("", HasSubstr("ingest test at 7: where ledger 14 is the next one: "));
}

// Whole chunks of another network are not frozen behind what is there, be that cold or hot.
TEST_F(Refused, ABulkSourceOfAnotherNetwork) {
  for (const std::uint32_t count : {12U, 16U}) {
    ASSERT_OK(IngestBulk(world_, kSeed, count));
    const LedgerSeq last{count + 1};
    const vfs::Hash128 before = world_.disk().state().FullKey();

    EXPECT_ERROR(IngestBulk(world_, kSeed + 1, 40), absl::StatusCode::kInvalidArgument,
                 fmt::format("ledger {} of synthetic:32,40: its hash is {}, the store's ledger has "
                             "{}; it is of another network or of a fork",
                             last.value(), vfs::HexOf(SyntheticHash(kSeed + 1, last)),
                             vfs::HexOf(SyntheticHash(kSeed, last))));

    EXPECT_EQ(world_.disk().state().FullKey(), before);
    EXPECT_EQ(world_.Reader().latest(), last);
  }
  ASSERT_OK(IngestBulk(world_, kSeed, 40));
  EXPECT_EQ(LedgerModel::Synthetic(kSeed, 40).Wrong(world_.Reader()), "");
}

// A bulk source whose chain breaks where a chunk begins.
TEST(Ingest, ABulkSourceThatForksAtAChunkIsRefused) {
  LedgerWorld world;
  ASSERT_OK(world.Open());
  ScriptedSource source(40, [](LedgerSeq sequence) {
    return SyntheticLedger(sequence < LedgerSeq{18} ? kSeed : kSeed + 1, sequence);
  });

  EXPECT_ERROR(Ingest(world.store(), source, {}), absl::StatusCode::kInvalidArgument,
               HasSubstr(fmt::format(
                   "ledger 18 of scripted: it follows a ledger of hash {}, the last one has {}",
                   vfs::HexOf(SyntheticHash(kSeed + 1, LedgerSeq{17})),
                   vfs::HexOf(SyntheticHash(kSeed, LedgerSeq{17})))));
}

// 100,000 buckets can be named: with one chunk of one ledger in each, the last ledger is 100,001.
TEST(Ingest, LedgersBehindTheLastChunkAreRefused) {
  StoreOptions options = LedgerStoreOptions();
  options.geometry =
      *Geometry::Create({.ledgers_per_chunk = 1, .chunks_per_window = 1, .chunks_per_bucket = 1});
  options.earliest_ledger = LedgerSeq{100'000};
  LedgerWorld world;
  ASSERT_OK(world.Open(options));
  SyntheticSource bulk(kSeed, 100'004);

  EXPECT_ERROR(Ingest(world.store(), bulk, {}), absl::StatusCode::kInvalidArgument,
               "ledger 100002 of synthetic:31,100004: a store of 1 ledgers a chunk and 1 chunks a "
               "bucket ends at ledger 100001; choose larger ones");

  EXPECT_EQ(world.Reader().oldest(), LedgerSeq{100'000});
  EXPECT_EQ(world.Reader().latest(), LedgerSeq{100'001});
}

// ---- A bulk source with a hole.

// What lies behind the hole waits, whoever asks for it: what is committed has no gap.
TEST(Ingest, NothingIsFrozenBehindAHole) {
  for (const int workers : {1, 4}) {
    StoreOptions options = LedgerStoreOptions();
    options.workers = workers;
    LedgerWorld world;
    ASSERT_OK(world.Open(options));
    ScriptedSource holed = HoledSource(40, LedgerSeq{20});

    EXPECT_ERROR(Ingest(world.store(), holed, {}), absl::StatusCode::kDataLoss,
                 HasSubstr("ledger 20 is torn"));

    const LedgerReader reader = world.Reader();
    EXPECT_LE(reader.latest(), LedgerSeq{17}) << workers;
    EXPECT_EQ(LedgerModel::Synthetic(kSeed, 40).Wrong(reader, LedgerModel::IndexMayWait::kYes), "");
    ASSERT_OK(IngestBulk(world, kSeed, 40));
    EXPECT_EQ(world.Reader().latest(), LedgerSeq{41});
    EXPECT_EQ(LedgerModel::Synthetic(kSeed, 40).Wrong(world.Reader()), "");
  }
}

// Four threads: the chunks, in one run, and the files of one thread.
TEST(Ingest, SeveralWorkersFreezeInTurn) {
  LedgerWorld one;
  ASSERT_OK(one.Open());
  SyntheticSource source(kSeed, 400);
  ASSERT_OK_AND_ASSIGN(const IngestReport expected, Ingest(one.store(), source, {}));
  testing::StoreWorld several;
  vfs::NativeExecutor executor;
  vfs::Env env = several.Env();
  env.executor = &executor;
  StoreOptions options = LedgerStoreOptions();
  options.rocks.queued_jobs = false;
  options.workers = 4;
  ASSERT_OK_AND_ASSIGN(const auto store, LedgerStore::Open(env, options, source.decoder()));

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(*store, source, {}));

  EXPECT_EQ(report.lifecycle.chunks_frozen, 50U);
  EXPECT_EQ(report.lifecycle.rounds, expected.lifecycle.rounds);
  EXPECT_EQ(report.appended, 0U);
  ASSERT_OK(store->Close());
  LedgerWorld after(several.disk().state());
  ASSERT_OK(after.Open());
  EXPECT_EQ(after.ColdFiles(), one.ColdFiles());
}

// The source raised the floor to what it could not give: the next ledger is the floor's first.
TEST(Ingest, NothingIsTakenAgainBelowTheFloor) {
  StoreOptions options = LedgerStoreOptions();
  options.retention_chunks = 1;
  LedgerWorld world;
  ASSERT_OK(world.Open(options));
  ASSERT_OK(IngestOnce(world, 1));
  ScriptedSource holed = HoledSource(40, LedgerSeq{36});

  EXPECT_ERROR(Ingest(world.store(), holed, {}), absl::StatusCode::kDataLoss,
               HasSubstr("ledger 36 is torn"));

  ASSERT_OK(world.store().Rederive());
  ASSERT_OK_AND_ASSIGN(const LedgerSeq next, world.store().Next());
  EXPECT_EQ(next, LedgerSeq{34});
  ASSERT_OK(IngestBulk(world, kSeed, 40));
  EXPECT_EQ(world.Reader().oldest(), LedgerSeq{34});
  EXPECT_EQ(LedgerModel::Synthetic(kSeed, 40).Wrong(world.Reader()), "");
}

// The retention is widened, but the source ends before what the store has.
TEST(Ingest, NothingIsTakenBelowAHole) {
  StoreOptions options = LedgerStoreOptions();
  options.retention_chunks = 1;
  LedgerWorld world;
  ASSERT_OK(world.Open(options));
  ASSERT_OK(IngestOnce(world, 24));
  options.retention_chunks = 3;
  ASSERT_OK(world.Reopen(options));
  const auto before = world.ColdFiles();
  ASSERT_OK(IngestBulk(world, kSeed, 8));
  EXPECT_EQ(world.ColdFiles(), before);
  ASSERT_OK(IngestBulk(world, kSeed, 24));
  EXPECT_EQ(LedgerModel::Synthetic(kSeed, 24).Wrong(world.Reader()), "");
}

// ---- Undecoded ledgers.

TEST(Ingest, UndecodedLedgersAreStoredAsTheyAre) {
  const SyntheticShape shape = {.undecoded_every = 3};
  const LedgerModel model = LedgerModel::Synthetic(kSeed, 21, shape);
  for (const bool is_once : {false, true}) {
    LedgerWorld world;
    ASSERT_OK(world.Open());
    SyntheticSource bulk(kSeed, 21, shape);
    OnceSource once(kSeed, 21, shape);
    LedgerSource& source = is_once ? static_cast<LedgerSource&>(once) : bulk;
    ASSERT_OK(Ingest(world.store(), source, {}));
    ASSERT_OK(world.Reopen());

    EXPECT_EQ(model.Wrong(world.Reader()), "");
    for (const std::uint32_t sequence : {3U, 21U}) {  // cold and hot
      ASSERT_OK_AND_ASSIGN(const FoundLedger found, world.Reader().Ledger(LedgerSeq{sequence}));
      EXPECT_EQ(found.bytes, SyntheticLedger(kSeed, LedgerSeq{sequence}, shape));
    }
    ASSERT_OK_AND_ASSIGN(const HotHandle hot, world.store().store().OpenHot(ChunkId{2}));
    ASSERT_OK_AND_ASSIGN(const IndexRow row, ReadIndexRow(*hot, LedgerSeq{21}));
    EXPECT_TRUE(row.is_undecoded);
    ASSERT_OK_AND_ASSIGN(const std::string stored, ReadStoredLedger(*hot, LedgerSeq{21}));
    ASSERT_OK_AND_ASSIGN(const bool is_undecoded, IsUndecoded(stored));
    EXPECT_TRUE(is_undecoded);
  }
}

// ---- Retention.

TEST(Ingest, PrunesAsItGoes) {
  StoreOptions options = LedgerStoreOptions();
  options.retention_chunks = 2;
  LedgerWorld world;
  ASSERT_OK(world.Open(options));
  for (std::uint32_t count = 4; count <= 80; count += 4) {
    ASSERT_OK(IngestOnce(world, count));
    const std::uint32_t complete = count / 8;
    const LedgerReader reader = world.Reader();
    EXPECT_EQ(reader.oldest().value(), 2 + 8 * (complete > 2 ? complete - 2 : 0)) << count;
    EXPECT_EQ(LedgerModel::Synthetic(kSeed, count).Wrong(reader), "");
  }
  // What was pruned is gone from the disk: three files of events, one of ledgers, a run and an
  // index at most for each chunk that is kept.
  EXPECT_LE(world.ColdFiles().size(), 2U * 6U);
}

// ---- Stopping.

TEST(Ingest, StopsBetweenTwoLedgersAndGoesOn) {
  LedgerWorld world;
  ASSERT_OK(world.Open());
  OnceSource source(kSeed, 40);
  std::uint64_t appended = 0;
  IngestHooks hooks;
  hooks.on_progress = [&](const IngestReport& report) { appended = report.appended; };
  hooks.should_stop = [&] { return appended == 13; };

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(world.store(), source, hooks));

  EXPECT_TRUE(report.is_stopped);
  EXPECT_EQ(report.appended, 13U);
  EXPECT_EQ(report.last, LedgerSeq{14});
  ASSERT_OK(IngestOnce(world, 40));
  EXPECT_EQ(LedgerModel::Synthetic(kSeed, 40).Wrong(world.Reader()), "");
}

// A backfill of many chunks is one run: it is left within a ledger, not at its end.
TEST(Ingest, ABackfillStopsWithinAChunk) {
  LedgerWorld whole;
  ASSERT_OK(whole.Open());
  ASSERT_OK(IngestBulk(whole, kSeed, 400));
  LedgerWorld world;
  ASSERT_OK(world.Open());
  SyntheticSource source(kSeed, 400);
  for (const int after : {0, 1, 100}) {
    int asked = 0;
    IngestHooks hooks;
    hooks.should_stop = [&] { return asked++ >= after; };

    ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(world.store(), source, hooks));

    EXPECT_TRUE(report.is_stopped) << after;
    EXPECT_LE(asked, after + 100);
    EXPECT_LT(world.Reader().latest(), LedgerSeq{80});
  }
  ASSERT_OK(IngestBulk(world, kSeed, 400));
  EXPECT_EQ(world.ColdFiles(), whole.ColdFiles());
}

}  // namespace
}  // namespace permafrost::engine
