// Short scripts with the complete set of disks that a power cut may leave, written out by hand.
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/disk/sim_file_system.h"
#include "tests/sim/disk/tree_dump.h"
#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

using Set = std::set<std::string>;

class CrashSets : public ::testing::Test {
 protected:
  Set Cut(std::string_view personality) const { return CutDumps(fs_.state(), personality); }
  std::unique_ptr<vfs::File> Open(std::string_view path) { return OpenFile(fs_, path); }
  void Make(std::string_view path, std::string_view content) { MakeSettled(fs_, path, content); }

  SimFileSystem fs_;
};

TEST_F(CrashSets, TwoAppendsAndNoSync) {
  Make("f", "");
  const auto file = Open("f");
  ASSERT_OK(file->Append(Sectors('A', 1)));
  ASSERT_OK(file->Append(Sectors('B', 1)));

  const Set any = {"f=", "f=A", "f=.", "f=AB", "f=A.", "f=.B", "f=.."};
  EXPECT_EQ(Cut("strict"), any);
  EXPECT_EQ(Cut("writeback"), any);
  EXPECT_EQ(Cut("ordered"), (Set{"f=", "f=A", "f=AB"}));
  EXPECT_EQ(Cut("treelog"), (Set{"f=", "f=A", "f=AB"}));
  EXPECT_EQ(Cut("prefix"), (Set{"f=", "f=A", "f=AB"}));
  EXPECT_EQ(Cut("all"), Set{"f=AB"});
  EXPECT_EQ(Cut("none"), Set{"f="});
}

TEST_F(CrashSets, AnAppendOfThreeSectors) {
  Make("f", "");
  const auto file = Open("f");
  ASSERT_OK(file->Append(Sectors('A', 1) + Sectors('B', 1) + Sectors('C', 1)));

  const Set whole = {"f=...", "f=A..", "f=.B.", "f=..C", "f=AB.", "f=A.C", "f=.BC", "f=ABC"};
  Set any = {"f=", "f=.", "f=A", "f=..", "f=A.", "f=.B", "f=AB"};
  any.insert(whole.begin(), whole.end());
  EXPECT_EQ(Cut("strict"), any);
  Set writeback = whole;
  writeback.insert("f=");
  EXPECT_EQ(Cut("writeback"), writeback);
  EXPECT_EQ(Cut("ordered"), (Set{"f=", "f=ABC"}));
  EXPECT_EQ(Cut("prefix"), (Set{"f=", "f=A", "f=AB", "f=ABC"}));
}

TEST_F(CrashSets, GrowthOfAJournaledDiskStopsAtPages) {
  Make("f", "");
  const auto file = Open("f");
  ASSERT_OK(file->Append(Sectors('A', 10)));

  EXPECT_EQ(Cut("ordered"), (Set{"f=", "f=AAAAAAAA", "f=AAAAAAAAAA"}));
}

TEST_F(CrashSets, TwoOverlappingOverwrites) {
  Make("f", Sectors('a', 3));
  const auto file = Open("f");
  ASSERT_OK(file->Write(0, Sectors('B', 2)));
  ASSERT_OK(file->Write(512, Sectors('C', 2)));

  Set any;
  for (const char first : {'a', 'B'}) {
    for (const char second : {'a', 'B', 'C'}) {
      for (const char third : {'a', 'C'}) any.insert(std::string("f=") + first + second + third);
    }
  }
  EXPECT_EQ(any.size(), 12U);
  for (const char* personality : {"strict", "ordered", "writeback", "treelog"}) {
    EXPECT_EQ(Cut(personality), any) << personality;
  }
  EXPECT_EQ(Cut("prefix"), (Set{"f=aaa", "f=Baa", "f=BBa", "f=BCa", "f=BCC"}));
}

TEST_F(CrashSets, CreateWriteSyncWithoutSyncDir) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Create("f"));
  ASSERT_OK(file->Append(Sectors('A', 1)));
  ASSERT_OK(file->Sync());

  EXPECT_EQ(Cut("strict"), (Set{"", "f=A"}));
  EXPECT_EQ(Cut("none"), Set{""});
  for (const char* personality : {"ordered", "writeback", "treelog", "prefix", "all"}) {
    EXPECT_EQ(Cut(personality), Set{"f=A"}) << personality;
  }
}

TEST_F(CrashSets, RenameOverThenCreateOfTheOldName) {
  Make("a", Sectors('A', 1));
  Make("b", Sectors('B', 1));
  ASSERT_OK(fs_.Rename("a", "b"));
  ASSERT_OK(fs_.Create("a"));

  // Never a new `a` without the rename: the old file would be under neither name (D5).
  for (const char* personality : {"strict", "ordered", "treelog", "prefix"}) {
    EXPECT_EQ(Cut(personality), (Set{"a=A b=B", "b=A", "a= b=A"})) << personality;
  }
}

TEST_F(CrashSets, UnlinkThenCut) {
  Make("a", Sectors('A', 1));
  ASSERT_OK(fs_.Unlink("a"));

  EXPECT_EQ(Cut("strict"), (Set{"", "a=A"}));
  ASSERT_OK(fs_.SyncDir(""));
  EXPECT_EQ(Cut("strict"), Set{""});
}

TEST_F(CrashSets, LinkThenUnlink) {
  Make("a", Sectors('A', 1));
  ASSERT_OK(fs_.Link("a", "b"));
  ASSERT_OK(fs_.Unlink("a"));

  EXPECT_EQ(Cut("strict"), (Set{"a=A", "a=A b~a", "b=A", ""}));
  EXPECT_EQ(Cut("ordered"), (Set{"a=A", "a=A b~a", "b=A"}));
}

TEST_F(CrashSets, ADirectoryChainWithoutAnySync) {
  ASSERT_OK(fs_.MakeDir("d"));
  ASSERT_OK(fs_.MakeDir("d/e"));
  ASSERT_OK(fs_.Create("d/e/f"));

  EXPECT_EQ(Cut("strict"), (Set{"", "d/", "d/ d/e/", "d/ d/e/ d/e/f="}));
}

TEST_F(CrashSets, ADirectoryChainWithoutAndWithTheParent) {
  ASSERT_OK(fs_.MakeDir("d"));
  ASSERT_OK(fs_.MakeDir("d/e"));
  ASSERT_OK(fs_.Create("d/e/f"));
  ASSERT_OK(fs_.SyncDir("d/e"));
  ASSERT_OK(fs_.SyncDir("d"));

  EXPECT_EQ(Cut("strict"), (Set{"", "d/ d/e/ d/e/f="}));
  EXPECT_EQ(Cut("ordered"), Set{"d/ d/e/ d/e/f="});
  ASSERT_OK(fs_.SyncDir(""));
  EXPECT_EQ(Cut("strict"), Set{"d/ d/e/ d/e/f="});
}

TEST_F(CrashSets, RemovedDirectoryWithChildren) {
  ASSERT_OK(fs_.MakeDir("d"));
  ASSERT_OK(fs_.SyncDir(""));
  Make("d/f", Sectors('A', 1));
  ASSERT_OK(fs_.Unlink("d/f"));
  ASSERT_OK(fs_.RemoveDir("d"));

  for (const char* personality : {"strict", "ordered", "prefix"}) {
    EXPECT_EQ(Cut(personality), (Set{"d/ d/f=A", "d/", ""})) << personality;
  }
  ASSERT_OK(fs_.SyncDir(""));
  EXPECT_EQ(Cut("strict"), Set{""});
  EXPECT_FALSE(fs_.state().HasPending());  // the unlink in a directory that is gone is moot
}

TEST_F(CrashSets, TruncateThenExtend) {
  Make("f", Sectors('a', 4));
  const auto file = Open("f");
  ASSERT_OK(file->Truncate(512));
  ASSERT_OK(file->Truncate(1536));

  const Set any = {"f=aaaa", "f=aaa.", "f=aa.a", "f=aa..", "f=a.aa", "f=a.a.", "f=a..a", "f=a...",
                   "f=a",    "f=aa",   "f=a.",   "f=aaa",  "f=aa.",  "f=a.a",  "f=a.."};
  EXPECT_EQ(Cut("strict"), any);
  EXPECT_EQ(Cut("ordered"), (Set{"f=aaaa", "f=a", "f=a.."}));
  EXPECT_EQ(Cut("prefix"), (Set{"f=aaaa", "f=a", "f=a.", "f=a.."}));
}

TEST_F(CrashSets, SyncDataCoversGrowthAndNotAShrink) {
  Make("f", Sectors('a', 3));
  const auto file = Open("f");
  ASSERT_OK(file->Truncate(0));
  ASSERT_OK(file->Append(Sectors('B', 1)));
  ASSERT_OK(file->SyncData());

  // The new sector is there for good; whether the old tail is cut off is open.
  EXPECT_EQ(Cut("strict"), (Set{"f=B", "f=Baa", "f=B.a", "f=Ba.", "f=B.."}));
  ASSERT_OK(file->Sync());
  EXPECT_EQ(Cut("strict"), Set{"f=B"});
}

TEST_F(CrashSets, AWriteDuringASync) {
  Make("f", "");
  const auto file = Open("f");
  ASSERT_OK(file->Append(Sectors('A', 1)));
  ASSERT_OK_AND_ASSIGN(const SyncTicket ticket, fs_.BeginSync("f"));
  ASSERT_OK(file->Append(Sectors('B', 1)));
  fs_.EndSync(ticket);

  EXPECT_EQ(Cut("strict"), (Set{"f=A", "f=A.", "f=AB"}));
}

TEST_F(CrashSets, AnOverwriteDuringASyncIsNotCovered) {
  Make("f", Sectors('a', 1));
  const auto file = Open("f");
  ASSERT_OK(file->Write(0, Sectors('B', 1)));
  ASSERT_OK_AND_ASSIGN(const SyncTicket ticket, fs_.BeginSync("f"));
  ASSERT_OK(file->Write(0, Sectors('C', 1)));
  EXPECT_EQ(Cut("strict"), (Set{"f=a", "f=B", "f=C"}));
  fs_.EndSync(ticket);

  EXPECT_EQ(Cut("strict"), (Set{"f=B", "f=C"}));
}

TEST_F(CrashSets, ANameMadeDuringASyncDirIsNotCovered) {
  ASSERT_OK(fs_.Create("a"));
  ASSERT_OK_AND_ASSIGN(const SyncTicket ticket, fs_.BeginSyncDir(""));
  ASSERT_OK(fs_.Create("b"));
  fs_.EndSync(ticket);

  EXPECT_EQ(Cut("strict"), (Set{"a=", "a= b="}));
}

faults::LyingSync& Lying(vfs::File& file) { return dynamic_cast<faults::LyingSync&>(file); }

TEST_F(CrashSets, AFailedSyncThenCut) {
  Make("f", Sectors('a', 1));
  const auto file = Open("f");
  ASSERT_OK(file->Write(0, Sectors('B', 1)));
  EXPECT_FALSE(
      Lying(*file).FailSync({}, vfs::DataLoss("sync f: Input/output error (errno 5)")).ok());

  EXPECT_EQ(Cut("strict"), (Set{"f=a", "f=B"}));
  ASSERT_OK(file->Sync());
  for (const char* personality : {"strict", "ordered", "prefix", "treelog"}) {
    EXPECT_EQ(Cut(personality), (Set{"f=a", "f=B"})) << personality;  // D4: for good
  }
}

TEST_F(CrashSets, AFailedSyncThenARewrite) {
  Make("f", Sectors('a', 1));
  const auto file = Open("f");
  ASSERT_OK(file->Write(0, Sectors('B', 1)));
  ASSERT_OK(Lying(*file).LieAboutSync());
  ASSERT_OK(file->Write(0, Sectors('C', 1)));

  EXPECT_EQ(Cut("strict"), (Set{"f=a", "f=B", "f=C"}));
  ASSERT_OK(file->Sync());
  EXPECT_EQ(Cut("strict"), Set{"f=C"});
}

TEST_F(CrashSets, ARewriteAfterAFailedSyncExposesItsBytesAgain) {
  Make("f", "");
  const auto file = Open("f");
  ASSERT_OK(file->Append(Sectors('A', 1)));
  ASSERT_OK(Lying(*file).LieAboutSync());
  EXPECT_EQ(Cut("strict"), (Set{"f=", "f=.", "f=A"}));
  ASSERT_OK(file->Sync());
  EXPECT_EQ(Cut("strict"), (Set{"f=", "f=.", "f=A"}));

  ASSERT_OK(file->Write(0, Sectors('B', 1)));
  ASSERT_OK(file->Sync());

  EXPECT_EQ(Cut("strict"), Set{"f=B"});
}

TEST_F(CrashSets, AFailedSyncDirLeavesItsNamesOpenForGood) {
  ASSERT_OK(fs_.Create("a"));
  EXPECT_FALSE(fs_.FailSyncDir("", vfs::DataLoss("sync_dir : Input/output error (errno 5)")).ok());
  ASSERT_OK(fs_.SyncDir(""));
  EXPECT_EQ(Cut("strict"), (Set{"", "a="}));
  EXPECT_EQ(Cut("ordered"), (Set{"", "a="}));

  ASSERT_OK(fs_.Unlink("a"));
  ASSERT_OK(fs_.Create("a"));
  ASSERT_OK(fs_.SyncDir(""));

  EXPECT_EQ(Cut("strict"), Set{"a="});
}

TEST(CrashSetsReverting, LiveReadsGoBackWhereTheDiskSaysSo) {
  SimFileSystem fs({.after_failed_sync = AfterFailedSync::kRevert});
  MakeSettled(fs, "f", Sectors('a', 1));
  const auto file = OpenFile(fs, "f");
  ASSERT_OK(file->Append(Sectors('B', 1)));
  EXPECT_FALSE(
      Lying(*file).FailSync({}, vfs::DataLoss("sync f: Input/output error (errno 5)")).ok());

  EXPECT_EQ(DumpTree(fs.state().live()), "f=a");
  EXPECT_EQ(CutDumps(fs.state(), "strict"), (Set{"f=a", "f=a.", "f=aB"}));
  ASSERT_OK(file->Append(Sectors('C', 1)));
  ASSERT_OK(file->Sync());
  EXPECT_EQ(CutDumps(fs.state(), "strict"), Set{"f=aC"});
}

TEST(CrashSetsReverting, OrOnlyUnderCachePressure) {
  SimFileSystem fs({.after_failed_sync = AfterFailedSync::kRevertOnDropCaches});
  MakeSettled(fs, "f", Sectors('a', 1));
  const auto file = OpenFile(fs, "f");
  ASSERT_OK(file->Write(0, Sectors('B', 1)));
  EXPECT_FALSE(
      Lying(*file).FailSync({}, vfs::DataLoss("sync f: Input/output error (errno 5)")).ok());

  EXPECT_EQ(DumpTree(fs.state().live()), "f=B");
  ASSERT_OK(fs.DropCaches());
  EXPECT_EQ(DumpTree(fs.state().live()), "f=a");
  EXPECT_EQ(CutDumps(fs.state(), "strict"), (Set{"f=a", "f=B"}));
}

TEST_F(CrashSets, ProcessDeathThenCut) {
  Make("f", Sectors('a', 1));
  const auto dead = Open("f");
  ASSERT_OK(dead->Write(0, Sectors('B', 1)));
  fs_.KillProcess();
  EXPECT_FALSE(dead->Sync().ok());

  EXPECT_EQ(DumpTree(fs_.state().live()), "f=B");
  SimFileSystem next(fs_.state());
  EXPECT_EQ(CutDumps(next.state(), "strict"), (Set{"f=a", "f=B"}));
  ASSERT_OK(OpenFile(next, "f")->Sync());
  EXPECT_EQ(CutDumps(next.state(), "strict"), Set{"f=B"});
}

TEST_F(CrashSets, AnOpenUnlinkedFileDiesWithTheProcessAndMayComeBackWithItsName) {
  Make("f", Sectors('a', 1));
  const auto file = Open("f");
  ASSERT_OK(fs_.Unlink("f"));
  ASSERT_OK(file->Write(0, Sectors('B', 1)));
  ASSERT_OK(file->Sync());
  fs_.KillProcess();

  EXPECT_EQ(fs_.state().live().inode_count(), 1U);
  EXPECT_EQ(Cut("strict"), (Set{"", "f=B"}));
}

TEST_F(CrashSets, OnAJournalASyncOfOverwritesCommitsNoName) {
  Make("f", Sectors('a', 1));
  ASSERT_OK(fs_.Create("g"));
  const auto file = Open("f");
  ASSERT_OK(file->Write(0, Sectors('B', 1)));
  ASSERT_OK(file->Sync());
  EXPECT_EQ(Cut("ordered"), (Set{"f=B", "f=B g="}));

  ASSERT_OK(file->Append(Sectors('C', 1)));
  ASSERT_OK(file->Sync());

  EXPECT_EQ(Cut("ordered"), Set{"f=BC g="});
  EXPECT_EQ(Cut("strict"), (Set{"f=BC", "f=BC g="}));
}

TEST_F(CrashSets, ATreeLogCommitsOnlyTheNamesThatReachTheSyncedFile) {
  ASSERT_OK(fs_.Create("y"));
  ASSERT_OK(fs_.MakeDir("d"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Create("d/x"));
  ASSERT_OK(file->Sync());

  EXPECT_EQ(Cut("treelog"), (Set{"d/ d/x=", "d/ d/x= y="}));
  EXPECT_EQ(Cut("ordered"), Set{"d/ d/x= y="});
}

TEST_F(CrashSets, DelayedAllocationGrowsAFileBeforeItReplacesAnother) {
  Make("f", Sectors('A', 1));
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Create("t"));
  ASSERT_OK(file->Append(Sectors('B', 1)));
  ASSERT_OK(fs_.Rename("t", "f"));

  EXPECT_EQ(Cut("ordered"), (Set{"f=A", "f=A t=", "f=A t=B", "f=", "f=B"}));
  EXPECT_EQ(Cut("ordered+da_alloc"), (Set{"f=A", "f=A t=", "f=A t=B", "f=B"}));
}

}  // namespace
}  // namespace permafrost::sim
