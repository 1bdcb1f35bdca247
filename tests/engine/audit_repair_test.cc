// Damaged cold files come back byte for byte, from what is there to make them again from; and what
// cannot come back stays as it is and says why.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/audit/contents.h"
#include "engine/audit/repair.h"
#include "engine/ingest/ingest.h"
#include "engine/store/ledger_artifacts.h"
#include "tests/engine/file_damage.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using testing::FileDamage;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::LedgerModel;
using testing::LedgerStoreOptions;
using testing::LedgerWorld;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr std::uint64_t kSeed = 51;
// Four chunks of eight are frozen, two ledgers are hot. Window 0 of three chunks is finished;
// window 1 is not, so that chunk 3 has a hash run.
constexpr std::uint32_t kLedgers = 34;

constexpr char kPack1[] = "ledgers/00000/00000001.pack";
constexpr char kNoSource[] =
    "cannot be made again: ledgers 10 to 17 are not whole in the hot tier, an intact pack or a "
    "source; give --source lake:DIR";

auto Done(const std::string& key, const std::string& told) {
  return AllOf(::testing::Field(&Repaired::key, key), ::testing::Field(&Repaired::is_done, true),
               ::testing::Field(&Repaired::told, told));
}

template <typename Text>
auto NotDone(const std::string& key, const Text& told) {
  return AllOf(::testing::Field(&Repaired::key, key), ::testing::Field(&Repaired::is_done, false),
               ::testing::Field(&Repaired::told, told));
}

class AuditRepair : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(world_.Open());
    ASSERT_OK(Ingest(world_.store(), bulk_, {}));
    files_ = world_.ColdFiles();
    ASSERT_OK_AND_ASSIGN(catalog_, world_.store().store().View());
  }

  AuditReport DeepAudit() {
    AuditReport report;
    report.view = *world_.store().store().View();
    AuditContents(&world_.disk(), world_.store().store().layout(), report);
    return report;
  }

  std::vector<Repaired> RepairFrom(LedgerSource* bulk) {
    auto repaired = Repair(&world_.disk(), world_.store(), bulk, DeepAudit().tainted);
    EXPECT_OK(repaired);
    return repaired.ok() ? *std::move(repaired) : std::vector<Repaired>();
  }

  void Harm(const std::string& path, FileDamage damage = FileDamage::kMiddle) {
    ASSERT_OK(testing::Inflict(world_.disk(), path, damage));
  }

  void ExpectUnchangedSince(const CatalogView& catalog,
                            const std::map<std::string, std::string>& files) {
    EXPECT_EQ(*world_.store().store().View(), catalog);
    EXPECT_EQ(world_.ColdFiles(), files);
  }

  void ExpectWhole() {
    ExpectUnchangedSince(catalog_, files_);
    EXPECT_THAT(DeepAudit().violations, IsEmpty());
    EXPECT_EQ(model_.Wrong(world_.Reader()), "");
  }

  // A file of what `key` names in every way: named with its unit, left alone where a source is
  // missing, made again.
  void HarmEachWay(const std::string& path, const std::string& key) {
    const bool is_pack = path.ends_with(".pack") && path.starts_with("ledgers/");
    for (const FileDamage damage : testing::kFileDamages) {
      SCOPED_TRACE(path + ", damage " + std::to_string(static_cast<int>(damage)));
      ASSERT_NO_FATAL_FAILURE(Harm(path, damage));
      const AuditReport report = DeepAudit();
      EXPECT_THAT(report.tainted, ElementsAre(key));
      for (const Violation& violation : report.violations)
        EXPECT_THAT(violation.finding,
                    HasSubstr(damage == FileDamage::kMissing ? path : "read " + path));
      // The file as a whole, and the unit that its reader refuses.
      const bool is_flip = damage != FileDamage::kCut && damage != FileDamage::kMissing;
      EXPECT_GE(report.violations.size(), is_flip ? 2U : 1U);
      if (is_pack) {
        const auto before = world_.ColdFiles();
        EXPECT_THAT(RepairFrom(nullptr), ElementsAre(NotDone(key, EndsWith("--source lake:DIR"))));
        ExpectUnchangedSince(catalog_, before);
      }
      const std::vector<Repaired> repaired = RepairFrom(is_pack ? &bulk_ : nullptr);
      ASSERT_THAT(repaired, SizeIs(1));
      EXPECT_TRUE(repaired.front().is_done) << repaired.front().told;
      EXPECT_EQ(repaired.front().key, key);
      ExpectWhole();
      ASSERT_FALSE(HasFailure());
    }
  }

  LedgerWorld world_;
  SyntheticSource bulk_{kSeed, kLedgers};
  const LedgerModel model_ = LedgerModel::Synthetic(kSeed, kLedgers);
  std::map<std::string, std::string> files_;
  CatalogView catalog_;
};

TEST_F(AuditRepair, ASoundStoreIsLeftAlone) {
  EXPECT_THAT(RepairFrom(&bulk_), IsEmpty());
  ExpectWhole();
}

TEST_F(AuditRepair, AFileOfEachKindComesBack) {
  const Layout& layout = world_.store().store().layout();
  std::set<ArtifactKind> kinds;
  for (const auto& [artifact, record] : catalog_.artifacts) {
    if (artifact.chunk != ChunkId{1} && artifact.chunk != ChunkId{3}) continue;
    kinds.insert(artifact.kind);
    for (const std::string& path : layout.PathsOf(artifact)) HarmEachWay(path, KeyText(artifact));
  }
  EXPECT_THAT(kinds, SizeIs(3));
  EXPECT_THAT(catalog_.coverages, SizeIs(2));
  for (const auto& [coverage, record] : catalog_.coverages)
    HarmEachWay(layout.PathOf(coverage), KeyText(coverage));
}

TEST_F(AuditRepair, EachSaysWhatItWasMadeAgainFrom) {
  Harm(kPack1);
  Harm("events/00000/00000000-index.pack");
  Harm("txhash/raw/00001/00000003.bin");
  Harm("txhash/index/00000000/00000000-00000002.idx");
  EXPECT_THAT(
      RepairFrom(&bulk_),
      ElementsAre(Done("chunk:00000000:events", "made again from its ledger pack"),
                  Done("chunk:00000001:ledgers", "made again from synthetic:51,34"),
                  Done("chunk:00000003:txhash", "made again from its ledger pack"),
                  Done("index:00000000:00000000:00000002", "made again from its hash runs")));
  ExpectWhole();
}

TEST_F(AuditRepair, AllThatIsColdComesBackFromASource) {
  for (const auto& [path, digest] : files_) Harm(path, FileDamage::kMissing);
  ASSERT_OK(world_.Reopen());
  for (const Repaired& repaired : RepairFrom(&bulk_))
    EXPECT_TRUE(repaired.is_done) << repaired.key << ": " << repaired.told;
  ExpectWhole();
}

TEST_F(AuditRepair, WithoutASourceTheRestIsMadeAgain) {
  Harm(kPack1);
  Harm("events/00000/00000001-events.pack");
  Harm("events/00001/00000002-index.hash");
  Harm("txhash/index/00000000/00000000-00000002.idx");
  EXPECT_THAT(RepairFrom(nullptr),
              ElementsAre(NotDone("chunk:00000001:ledgers", kNoSource),
                          NotDone("chunk:00000001:events", kNoSource),
                          Done("chunk:00000002:events", "made again from its ledger pack"),
                          NotDone("index:00000000:00000000:00000002", kNoSource)));
  EXPECT_THAT(DeepAudit().tainted, ElementsAre("chunk:00000001:events", "chunk:00000001:ledgers",
                                               "index:00000000:00000000:00000002"));
  EXPECT_THAT(RepairFrom(&bulk_), SizeIs(3));
  ExpectWhole();
}

TEST_F(AuditRepair, ASourceWithoutTheLedgersChangesNothing) {
  Harm(kPack1);
  const auto before = world_.ColdFiles();
  SyntheticSource shorter(kSeed, 12);
  EXPECT_THAT(
      RepairFrom(&shorter),
      ElementsAre(NotDone("chunk:00000001:ledgers",
                          "cannot be made again: ledgers 10 to 17 are not whole in the hot tier, "
                          "an intact pack or synthetic:51,12; give a source that has them")));
  ExpectUnchangedSince(catalog_, before);
}

TEST_F(AuditRepair, ASourceOfOtherLedgersChangesNothing) {
  Harm(kPack1);
  const auto before = world_.ColdFiles();
  SyntheticSource other(kSeed + 1, kLedgers);
  EXPECT_THAT(RepairFrom(&other),
              ElementsAre(NotDone("chunk:00000001:ledgers",
                                  AllOf(StartsWith("cannot be made again: synthetic:52,34 gives "),
                                        EndsWith("; give the source that it was frozen from")))));
  ExpectUnchangedSince(catalog_, before);
}

TEST_F(AuditRepair, APackBesideItsHotChunkComesFromThere) {
  LedgerWorld world;
  ASSERT_OK(world.Open());
  for (std::uint32_t i = 0; i < 10; ++i) {
    const LedgerSeq sequence{kFirstLedger.value() + i};
    ASSERT_OK(world.store().Append(SyntheticLedger(kSeed, sequence), "test"));
  }
  LedgerArtifacts artifacts(&world.store(), nullptr);
  ASSERT_OK(world.store().store().FreezeChunk(ChunkId{0}, kAllArtifactKinds, artifacts));
  const auto files = world.ColdFiles();
  ASSERT_OK(testing::Inflict(world.disk(), "ledgers/00000/00000000.pack", FileDamage::kMiddle));

  ASSERT_OK_AND_ASSIGN(const std::vector<Repaired> repaired,
                       Repair(&world.disk(), world.store(), nullptr, {"chunk:00000000:ledgers"}));
  EXPECT_THAT(repaired,
              ElementsAre(Done("chunk:00000000:ledgers", "made again from the hot tier")));
  const auto now = world.ColdFiles();
  for (const auto& [path, digest] : files) EXPECT_EQ(now.at(path), digest) << path;
  EXPECT_EQ(model_.Wrong(world.Reader()), "");
}

TEST_F(AuditRepair, AFileThatIsStillReadWaitsForItsReader) {
  Harm(kPack1, FileDamage::kHeader);
  {
    const LedgerReader reader = world_.Reader();
    EXPECT_THAT(RepairFrom(&bulk_),
                ElementsAre(NotDone("chunk:00000001:ledgers",
                                    "is tainted, and was not made again: somebody still reads it; "
                                    "repair again")));
    EXPECT_OK(reader.Ledger(LedgerSeq{17}));
  }
  EXPECT_THAT(RepairFrom(&bulk_),
              ElementsAre(Done("chunk:00000001:ledgers", "made again from synthetic:51,34")));
  ExpectWhole();
}

TEST_F(AuditRepair, TheLastPackOfAStoreWithoutHotLedgers) {
  LedgerWorld world;
  SyntheticSource whole_chunks(kSeed, 32);
  ASSERT_OK(world.Open());
  ASSERT_OK(Ingest(world.store(), whole_chunks, {}));
  const auto files = world.ColdFiles();
  ASSERT_OK(testing::Inflict(world.disk(), "ledgers/00001/00000003.pack", FileDamage::kMissing));
  ASSERT_OK(world.Reopen());
  EXPECT_EQ(world.Reader().latest(), LedgerSeq{33});
  EXPECT_OK(world.Reader().Ledger(LedgerSeq{2}));
  ASSERT_OK(Repair(&world.disk(), world.store(), &bulk_, {"chunk:00000003:ledgers"}));
  EXPECT_EQ(world.ColdFiles(), files);
  EXPECT_OK(world.store().Append(SyntheticLedger(kSeed, LedgerSeq{34}), "test"));
}

// What is tainted, until it is made again.
class Tainted : public AuditRepair {
 protected:
  static constexpr ChunkArtifact kPack = {.chunk = ChunkId{1}, .kind = ArtifactKind::kLedgers};

  void SetUp() override {
    AuditRepair::SetUp();
    Harm(kPack1);
    ASSERT_OK(world_.store().store().catalog().Taint({.artifacts = {kPack}}));
  }
};

TEST_F(Tainted, IsNotReadAndNothingElseIsLost) {
  EXPECT_ERROR(world_.Reader().Ledger(LedgerSeq{10}), absl::StatusCode::kUnavailable,
               "read ledger 10: its chunk 1 is neither frozen nor hot");
  ASSERT_OK(world_.Reopen());
  EXPECT_EQ(world_.Reader().latest(), LedgerSeq{35});
  EXPECT_OK(world_.Reader().Ledger(LedgerSeq{9}));
}

TEST_F(Tainted, IsReportedByTheAudit) {
  const vfs::Env env = world_.world().Env();
  const Layout layout = world_.store().store().layout();
  ASSERT_OK(world_.Close());
  const auto rows = Catalog::ReadRows(env, "catalog/rocksdb", {.queued_jobs = true});
  ASSERT_OK(rows);
  ASSERT_OK_AND_ASSIGN(const AuditReport report,
                       Audit(env, layout, *rows, {.rocks = {.queued_jobs = true}}));
  EXPECT_THAT(report.tainted, ElementsAre("chunk:00000001:ledgers"));
  ASSERT_THAT(report.violations, SizeIs(1));
  EXPECT_EQ(report.violations.front().number, 6);
  EXPECT_EQ(report.violations.front().finding,
            "chunk:00000001:ledgers is tainted and waits to be made again");
}

TEST_F(Tainted, WaitsForASourceAndNothingIsSwept) {
  const auto before = world_.ColdFiles();
  const CatalogView tainted = *world_.store().store().View();
  ASSERT_OK(Settle(world_.store(), nullptr));
  ExpectUnchangedSince(tainted, before);
  ASSERT_OK(Settle(world_.store(), &bulk_));
  ExpectWhole();
}

TEST_F(Tainted, IsNotReplacedByOtherLedgers) {
  SyntheticSource other(kSeed + 1, kLedgers);
  EXPECT_ERROR(Settle(world_.store(), &other), absl::StatusCode::kDataLoss,
               AllOf(StartsWith("flip chunk:00000001:ledgers: tainted with "),
                     EndsWith("its source has other ledgers, or another build froze them")));
  EXPECT_TRUE(world_.store().store().View()->artifacts.at(kPack).is_tainted());
  ASSERT_OK(Settle(world_.store(), &bulk_));
  ExpectWhole();
}

TEST_F(Tainted, StopsWhoNeedsTheLedgerBefore) {
  LedgerWorld world;
  SyntheticSource whole_chunks(kSeed, 32);
  ASSERT_OK(world.Open());
  ASSERT_OK(Ingest(world.store(), whole_chunks, {}));
  const ChunkArtifact last = {.chunk = ChunkId{3}, .kind = ArtifactKind::kLedgers};
  ASSERT_OK(world.store().store().catalog().Taint({.artifacts = {last}}));
  ASSERT_OK(world.Reopen());
  EXPECT_ERROR(world.store().Append(SyntheticLedger(kSeed, LedgerSeq{34}), "test"),
               absl::StatusCode::kUnavailable,
               "ingest ledger 34: chunk:00000003:ledgers, which has the one before, is tainted; "
               "permafrost audit --repair --source lake:DIR makes it again");
}

TEST_F(Tainted, GoesWithTheRetention) {
  world_.store().store().SetRetention(1);
  ASSERT_OK(Settle(world_.store(), nullptr));
  EXPECT_FALSE(world_.store().store().View()->artifacts.contains(kPack));
  EXPECT_FALSE(*world_.disk().Exists(kPack1));
}

}  // namespace
}  // namespace permafrost::engine
