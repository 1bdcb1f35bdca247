// The sync audit tells the syncs of a tiny program apart: needed, redundant, vacuous, excepted, not
// shown.
#include "sim/campaign/sync_audit.h"

#include <map>

#include <gmock/gmock.h>

#include "tests/sim/explore/tiny_scenario.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"
#include "vfs/base/step_labels.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

absl::Status SyncUnder(const char* label, vfs::File& file) {
  const vfs::Step step(label);
  return file.Sync();
}

absl::Status SyncRootUnder(const char* label, vfs::FileSystem& fs) {
  const vfs::Step step(label);
  return fs.SyncDir("");
}

// Two copies, either of which is enough; their names; and a scratch file that nobody reads.
absl::Status WriteAndSettle(vfs::FileSystem& fs) {
  auto first = fs.Create("a");
  auto second = fs.Create("b");
  auto scratch = fs.Create("scratch");
  if (!first.ok() || !second.ok() || !scratch.ok()) return vfs::Internal("create");
  absl::Status status = SyncRootUnder("roots.sync", fs);
  status.Update((*first)->Append("hello"));
  status.Update(SyncUnder("freeze.sync.file", **first));
  status.Update(SyncUnder("freeze.write", **first));
  status.Update((*second)->Append("hello"));
  status.Update(SyncUnder("index.sync.file", **second));
  for (const char* label : {"hot.sync.dir", "hot.wipe"}) {
    status.Update((*scratch)->Append("scratch"));
    status.Update(SyncUnder(label, **scratch));
  }
  return status;
}

std::string ReadCopies(const vfs::FileSystem& fs) {
  const bool is_there = Content(fs, "a") == "hello" || Content(fs, "b") == "hello";
  return is_there ? "hello" : std::string(kAbsent);
}

TinyScenario Program() {
  return TinyScenario(
      {.work =
           [](World& world, History& history, const Script&) {
             history.Attempt("file", "hello");
             if (WriteAndSettle(*world.env().fs).ok()) history.Acknowledge("file");
           },
       .recover = [](World& world,
                     History& history) { history.Serve("file", ReadCopies(*world.env().fs)); },
       .read = ReadCopies});
}

std::map<std::string, SyncRow> Audited(AuditInstances instances) {
  const TinyScenario scenario = Program();
  ExploreOptions options = TinyOptions(scenario);
  options.rules.convergence_share = 1U << 30;  // this program does not settle what it finds
  std::map<std::string, SyncRow> rows;
  const auto audited = AuditSyncs(scenario, options, instances, [](double, std::string_view) {});
  EXPECT_OK(audited);
  if (!audited.ok()) return rows;
  for (const SyncRow& row : *audited) {
    rows[row.instance == 0 ? row.label : row.label + "#" + std::to_string(row.instance)] = row;
  }
  return rows;
}

TEST(SyncAudit, TellsNeededRedundantVacuousExceptedAndNotShownApart) {
  const auto rows = Audited(AuditInstances::kNo);

  ASSERT_EQ(rows.size(), 6U);
  EXPECT_EQ(rows.at("roots.sync").verdict, SyncVerdict::kNeeded);
  EXPECT_THAT(rows.at("roots.sync").violation, StartsWith("26-acknowledged-is-present/"));
  EXPECT_EQ(rows.at("freeze.write").verdict, SyncVerdict::kVacuous);
  EXPECT_EQ(rows.at("freeze.sync.file").verdict, SyncVerdict::kRedundant);
  EXPECT_THAT(rows.at("freeze.sync.file").with, ElementsAre("index.sync.file"));
  EXPECT_EQ(rows.at("index.sync.file").verdict, SyncVerdict::kRedundant);
  EXPECT_EQ(rows.at("hot.sync.dir").verdict, SyncVerdict::kExcepted);
  EXPECT_THAT(rows.at("hot.sync.dir").reason, Not(IsEmpty()));
  EXPECT_EQ(rows.at("hot.wipe").verdict, SyncVerdict::kNotShown);
}

TEST(SyncAudit, OnlyWhatIsNotShownOrWronglyExceptedIsABreach) {
  for (const auto& [name, row] : Audited(AuditInstances::kNo))
    EXPECT_EQ(row.is_breach(), name == "hot.wipe") << name;
  const SyncRow stale{.label = "hot.sync.dir", .verdict = SyncVerdict::kNeeded};
  EXPECT_TRUE(stale.is_breach());
  const SyncRow library{
      .label = "rocksdb.wal.sync", .is_engine = false, .verdict = SyncVerdict::kNotShown};
  EXPECT_FALSE(library.is_breach());
}

TEST(SyncAudit, InstancesNameTheirCallSites) {
  const auto rows = Audited(AuditInstances::kYes);

  ASSERT_TRUE(rows.contains("roots.sync#1"));
  EXPECT_EQ(rows.at("roots.sync#1").verdict, SyncVerdict::kNeeded);
  EXPECT_THAT(rows.at("roots.sync#1").call_site, ::testing::HasSubstr("sync_audit_test.cc:"));
}

TEST(SyncAudit, EveryExceptionIsARegisteredLabelWithAReason) {
  for (const vfs::SyncException& exception : vfs::kSyncExceptions) {
    EXPECT_TRUE(std::any_of(vfs::kStepLabels.begin(), vfs::kStepLabels.end(),
                            [&](const auto& step) { return step.label == exception.label; }))
        << exception.label;
    EXPECT_FALSE(exception.reason.empty());
  }
}

}  // namespace
}  // namespace permafrost::sim
