// What each effect does to a call, seen from the caller and from the file system below.
#include "faults/faulty_file_system.h"

#include <array>
#include <cerrno>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/faults/noting_file_system.h"
#include "tests/status_matchers.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::IsEmpty;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kExhausted = absl::StatusCode::kResourceExhausted;

FaultPlan Plan(std::string_view rules) {
  auto plan = ParsePlan(rules);
  EXPECT_OK(plan);
  return *std::move(plan);
}

// A faulty file system over one that notes what reaches it.
template <typename Base>
struct FaultyOver {
  explicit FaultyOver(std::string_view plan) : fs(&base, Plan(plan)) {}
  const Notes& reached() const { return base.notes(); }

  Base base;
  FaultyFileSystem fs;
};
using Faulty = FaultyOver<NotingFileSystem>;
using FaultyDisk = FaultyOver<NotingLyingFileSystem>;

// Makes each of the calls that there are once.
std::vector<absl::Status> MakeEveryCall(vfs::FileSystem& fs) {
  std::vector<absl::Status> results;
  const auto add = [&results](const auto& result) { results.push_back(StatusOf(result)); };
  std::array<char, 4> buffer{};
  auto file = fs.Create("f");
  add(file);
  if (!file.ok()) file = fs.Create("f");
  add((*file)->Append("1234"));
  add((*file)->Write(2, "12"));
  add((*file)->Read(0, buffer));
  add((*file)->Truncate(3));
  add((*file)->Preallocate(0, 9));
  add((*file)->SyncData());
  add((*file)->Sync());
  add((*file)->HintWriteOut(0, 1));
  add((*file)->Size());
  add((*file)->Close());
  add(fs.Open("f", vfs::OpenMode::kRead));
  add(fs.MakeDir("d"));
  add(fs.RemoveDir("d"));
  add(fs.List(""));
  add(fs.SyncDir(""));
  add(fs.Rename("f", "g"));
  add(fs.Link("g", "h"));
  add(fs.Unlink("h"));
  add(fs.Stat("g"));
  add(fs.Identity("g"));
  add(fs.FreeSpace(""));
  add(fs.Lock("l", {}));
  add(fs.DropCaches());
  return results;
}

TEST(FaultyFileSystem, TheEmptyPlanChangesNothingAndCountsEveryCall) {
  NotingFileSystem plain;
  Faulty faulty("");

  const auto expected = MakeEveryCall(plain);
  const auto results = MakeEveryCall(faulty.fs);

  EXPECT_EQ(results, expected);
  EXPECT_EQ(faulty.reached(), plain.notes());
  EXPECT_EQ(faulty.fs.FallibleCalls(), static_cast<std::uint64_t>(vfs::kCallKindCount));
  EXPECT_THAT(faulty.fs.Injected(), IsEmpty());
}

TEST(FaultyFileSystem, TheAxisFailsEachCallOnceAndNoOther) {
  std::vector<vfs::CallKind> failed;
  for (int nth = 1; nth <= vfs::kCallKindCount; ++nth) {
    Faulty faulty(ToString(FailCall(static_cast<std::uint64_t>(nth))));

    const auto results = MakeEveryCall(faulty.fs);

    for (std::size_t i = 0; i < results.size(); ++i) {
      EXPECT_EQ(vfs::IsInjected(results[i]), i + 1 == static_cast<std::size_t>(nth))
          << i << " of axis " << nth;
    }
    ASSERT_EQ(faulty.fs.Injected().size(), 1U);
    failed.push_back(faulty.fs.Injected()[0].kind);
    EXPECT_THAT(faulty.fs.Unfired(), IsEmpty());
  }
  std::sort(failed.begin(), failed.end());
  EXPECT_EQ(std::unique(failed.begin(), failed.end()), failed.end());
}

TEST(FaultyFileSystem, AnErrorBeforeTheEffectReachesNothing) {
  Faulty faulty("when unlink then enospc");

  EXPECT_ERROR(
      faulty.fs.Unlink("a"), kExhausted,
      Eq("unlink a: No space left on device (errno 28); free space on this volume, then restart"));

  EXPECT_THAT(faulty.reached(), IsEmpty());
}

TEST(FaultyFileSystem, AnErrorAfterTheEffectHidesThatItTookPlace) {
  Faulty faulty("when rename then eio after; when create then emfile after");

  const absl::Status renamed = faulty.fs.Rename("a", "b");
  const auto created = faulty.fs.Create("c");

  EXPECT_ERROR(renamed, kDataLoss, Eq("rename a: Input/output error (errno 5)"));
  EXPECT_EQ(vfs::ErrnoOf(created.status()), EMFILE);
  EXPECT_THAT(faulty.reached(), ElementsAre("rename a to b", "create c"));
}

TEST(FaultyFileSystem, ACallThatFailedByItselfKeepsItsOwnErrorAndTheRuleIsUnfired) {
  Faulty faulty("when unlink then eio once after");
  faulty.base.FailCallsOf("unlink", vfs::NotFound("unlink a: no such file"));

  const absl::Status result = faulty.fs.Unlink("a");

  EXPECT_FALSE(vfs::IsInjected(result));
  EXPECT_EQ(result.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(faulty.fs.Unfired(), ElementsAre("when unlink then eio once after"));
}

TEST(FaultyFileSystem, NthFiresOnceAndStickyFromThereOn) {
  Faulty once("when unlink nth=2 then eio");
  Faulty sticky("when unlink nth=2 then eio sticky");
  std::vector<bool> once_failed;
  std::vector<bool> sticky_failed;

  for (int i = 0; i < 4; ++i) {
    once_failed.push_back(!once.fs.Unlink("a").ok());
    sticky_failed.push_back(!sticky.fs.Unlink("a").ok());
  }

  EXPECT_THAT(once_failed, ElementsAre(false, true, false, false));
  EXPECT_THAT(sticky_failed, ElementsAre(false, true, true, true));
}

TEST(FaultyFileSystem, PathsMatchByGlobAndRenamesByEitherName) {
  Faulty faulty("when any path=hot/** then eio");

  EXPECT_OK(faulty.fs.Unlink("cold/a"));
  EXPECT_FALSE(faulty.fs.Unlink("hot/1/a").ok());
  EXPECT_FALSE(faulty.fs.Rename("cold/a", "hot/a").ok());
}

TEST(FaultyFileSystem, LabelsMatchAnyStepOnTheStack) {
  Faulty faulty("when any label=freeze.sync.parent then eio");
  absl::Status inner;
  {
    const vfs::Step outer("freeze.sync.parent");
    const vfs::Step step("roots.sync");
    inner = faulty.fs.MakeDir("d");
  }

  EXPECT_FALSE(inner.ok());
  EXPECT_OK(faulty.fs.MakeDir("d"));
  EXPECT_THAT(faulty.fs.Injected(), ElementsAre(Injection{0, vfs::CallKind::kMakeDir, "d",
                                                          "freeze.sync.parent/roots.sync"}));
}

TEST(FaultyFileSystem, ABarrierWithoutALabelIsUnderNone) {
  Faulty faulty("when sync_dir label=a then eio");

  EXPECT_OK(vfs::SyncChain(&faulty.fs, {.leaf = "d", .anchor = ""}, nullptr));

  EXPECT_THAT(faulty.fs.Injected(), IsEmpty());
}

TEST(FaultyFileSystem, ADroppedSyncIsALieBelowOrACallLeftOut) {
  FaultyDisk disk("when sync then drop");
  Faulty plain("when sync then drop");
  for (vfs::FileSystem* fs :
       {static_cast<vfs::FileSystem*>(&disk.fs), static_cast<vfs::FileSystem*>(&plain.fs)}) {
    ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));
    EXPECT_OK(file->Sync());
    EXPECT_OK(file->SyncData());
    EXPECT_OK(fs->SyncDir("d"));
  }

  EXPECT_THAT(disk.reached(),
              ElementsAre("create f", "lie about f", "lie about f", "lie about directory d"));
  EXPECT_THAT(plain.reached(), ElementsAre("create f"));
}

TEST(FaultyFileSystem, AnUnsyncedSyncIsLeftOutAndLaterOnesAreNot) {
  FaultyDisk disk("when sync nth=1 then unsynced; when sync_dir nth=1 then unsynced");
  ASSERT_OK_AND_ASSIGN(const auto file, disk.fs.Create("f"));

  EXPECT_OK(file->Sync());
  EXPECT_OK(file->Sync());
  EXPECT_OK(disk.fs.SyncDir("d"));
  EXPECT_OK(disk.fs.SyncDir("d"));

  EXPECT_THAT(disk.reached(), ElementsAre("create f", "sync f", "sync_dir d"));
}

TEST(FaultyFileSystem, AFailedSyncFailsBelowAsTheContractSays) {
  FaultyDisk disk("when sync then fail");
  ASSERT_OK_AND_ASSIGN(const auto file, disk.fs.Create("f"));

  EXPECT_ERROR(file->Sync(), kDataLoss, Eq("sync f: Input/output error (errno 5)"));
  EXPECT_ERROR(disk.fs.SyncDir("d"), kDataLoss, Eq("sync_dir d: Input/output error (errno 5)"));

  EXPECT_THAT(disk.reached(), ElementsAre("create f", "fail sync of f", "fail sync_dir of d"));
}

TEST(FaultyFileSystem, AnErrorOnASyncIsAFailedSyncUnlessItComesAfter) {
  FaultyDisk before("when any-write then eio; when sync then enospc");
  FaultyDisk after("when sync then eio after");

  EXPECT_ERROR(before.fs.SyncDir("d"), kDataLoss,
               Eq("sync_dir d: No space left on device (errno 28); free space on this volume, then "
                  "restart"));
  EXPECT_ERROR(after.fs.SyncDir("d"), kDataLoss, Eq("sync_dir d: Input/output error (errno 5)"));

  EXPECT_THAT(before.reached(), ElementsAre("fail sync_dir of d"));
  EXPECT_THAT(after.reached(), ElementsAre("sync_dir d"));
}

TEST(FaultyFileSystem, AShortWriteLeavesTheFirstHalf) {
  Faulty faulty("when append then short; when write then short");
  ASSERT_OK_AND_ASSIGN(const auto file, faulty.fs.Create("f"));

  EXPECT_ERROR(
      file->Append("abcde"), kExhausted,
      Eq("append f: No space left on device (errno 28); free space on this volume, then restart"));
  EXPECT_ERROR(
      file->Write(9, "xy"), kExhausted,
      Eq("write f: No space left on device (errno 28); free space on this volume, then restart"));

  EXPECT_THAT(faulty.reached(), ElementsAre("create f", "append f 'ab'", "write f at 9 'x'"));
}

TEST(FaultyFileSystem, AnInjectedErrorIsIgnoredUnderTheLabelOnly) {
  Faulty faulty("when unlink then eio; when any label=delete.unlink then ignore-error");
  absl::Status ignored;
  {
    const vfs::Step step("delete.unlink");
    ignored = faulty.fs.Unlink("a");
  }

  EXPECT_OK(ignored);
  EXPECT_FALSE(faulty.fs.Unlink("a").ok());
  EXPECT_THAT(faulty.reached(), IsEmpty());
  EXPECT_EQ(faulty.fs.Injected().size(), 3U);
}

TEST(FaultyFileSystem, AnErrorOfTheDiskItselfIsNeverIgnored) {
  Faulty faulty("when any then ignore-error");
  faulty.base.FailCallsOf("unlink", vfs::DataLoss("unlink a: broken"));

  EXPECT_FALSE(faulty.fs.Unlink("a").ok());
  EXPECT_THAT(faulty.fs.Unfired(), ElementsAre("when any then ignore-error"));
}

TEST(FaultyFileSystem, TheFirstRuleThatFiresDecidesAndAllRulesCount) {
  Faulty faulty("when unlink nth=1 then enospc; when unlink nth=2 then eio; when stat then eio");

  EXPECT_EQ(vfs::ErrnoOf(faulty.fs.Unlink("a")), ENOSPC);
  EXPECT_EQ(vfs::ErrnoOf(faulty.fs.Unlink("a")), EIO);

  EXPECT_THAT(faulty.fs.Unfired(), ElementsAre("when stat then eio"));
}

TEST(FaultyFileSystem, AResetPlanInjectsTheSameAgain) {
  Faulty faulty("when any nth=2 then eio");
  const auto first = MakeEveryCall(faulty.fs);
  const auto injected = faulty.fs.Injected();

  faulty.fs.Reset();

  EXPECT_EQ(faulty.fs.FallibleCalls(), 0U);
  EXPECT_EQ(MakeEveryCall(faulty.fs), first);
  EXPECT_EQ(faulty.fs.Injected(), injected);
}

TEST(FaultyFileSystem, AMutationOverAPlanStillReachesTheDisk) {
  NotingLyingFileSystem disk;
  FaultyFileSystem plan(&disk, Plan("when sync_dir then fail"));
  FaultyFileSystem mutated(&plan, Plan("when sync_file then drop; when any then ignore-error"));
  ASSERT_OK_AND_ASSIGN(const auto file, mutated.Create("f"));

  EXPECT_OK(file->Sync());
  EXPECT_OK(mutated.SyncDir("d"));

  EXPECT_THAT(disk.notes(), ElementsAre("create f", "lie about f", "fail sync_dir of d"));
}

}  // namespace
}  // namespace permafrost::faults
