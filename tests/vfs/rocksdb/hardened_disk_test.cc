// Settled names and poison, call by call: which barriers are added, in which order, and what stays
// refused after an error.
#include "vfs/rocksdb/hardened_disk.h"

#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"
#include "tests/vfs/rocksdb/log_builder.h"
#include "vfs/base/step.h"
#include "vfs/recording_file_system.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Keeps "call path label" of each mutating call; fails the call of one kind on one path.
class Disk final : public CallObserver {
 public:
  Disk() {
    EXPECT_OK(sim_.MakeDir("db"));
    EXPECT_OK(sim_.SyncDir(""));
  }
  FileSystem& fs() { return recording_; }
  std::vector<std::string> TakeCalls() { return std::exchange(calls_, {}); }

  void OnBegin(const Call& call) override {
    if (!IsMutating(call.kind)) return;
    calls_.push_back(fmt::format("{} {} [{}]", ToString(call.kind), call.path, Step::Innermost()));
  }
  void OnEnd(const Call&, const absl::Status&) override {}

 private:
  sim::SimFileSystem sim_;
  RecordingFileSystem recording_{&sim_, this};
  std::vector<std::string> calls_;
};

// Answers one kind of call with an error, once.
class FailingOnce final : public WrappingFileSystem {
 public:
  FailingOnce(FileSystem* base, CallKind kind) : WrappingFileSystem(base), kind_(kind) {}

  absl::Status SyncDir(std::string_view path) override {
    if (Fails(CallKind::kSyncDir)) return ErrnoToStatus(5, "sync directory", path);
    return WrappingFileSystem::SyncDir(path);
  }
  absl::Status Rename(std::string_view from, std::string_view to) override {
    if (Fails(CallKind::kRename)) return ErrnoToStatus(5, "rename", from);
    return WrappingFileSystem::Rename(from, to);
  }
  absl::StatusOr<std::unique_ptr<File>> Create(std::string_view path) override {
    auto file = WrappingFileSystem::Create(path);
    if (!file.ok()) return file;
    return std::unique_ptr<File>(new FailingFile(*this, path, *std::move(file)));
  }

 private:
  class FailingFile final : public WrappingFile {
   public:
    FailingFile(FailingOnce& fs, std::string_view path, std::unique_ptr<File> base)
        : WrappingFile(std::move(base)), fs_(fs), path_(path) {}
    absl::Status Append(std::string_view bytes) override {
      if (fs_.Fails(CallKind::kAppend)) return ErrnoToStatus(28, "append", path_);
      return WrappingFile::Append(bytes);
    }
    absl::Status SyncData() override {
      if (fs_.Fails(CallKind::kSyncData)) return ErrnoToStatus(5, "sync", path_);
      return WrappingFile::SyncData();
    }
    absl::Status Close() override {
      const absl::Status closed = WrappingFile::Close();
      return fs_.Fails(CallKind::kClose) ? ErrnoToStatus(5, "close", path_) : closed;
    }

   private:
    FailingOnce& fs_;
    const std::string path_;
  };

  bool Fails(CallKind kind) { return kind == kind_ && !std::exchange(done_, true); }

  const CallKind kind_;
  bool done_ = false;
};

RocksOptions Without(Hardening hardening) { return RocksOptions().Without(hardening); }

TEST(HardenedDisk, TheFirstSyncOfANewFileSettlesItsNameAndTheSecondDoesNot) {
  Disk disk;
  HardenedDisk hardened(disk.fs(), {});

  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/000004.log"));
  ASSERT_OK(file->Sync(SyncKind::kData));
  ASSERT_OK(file->Sync(SyncKind::kData));

  EXPECT_THAT(disk.TakeCalls(), ElementsAre("create db/000004.log [rocksdb.wal.create]",
                                            "sync_data db/000004.log [rocksdb.wal.sync]",
                                            "sync_dir db [rocksdb.settle.name]",
                                            "sync_data db/000004.log [rocksdb.wal.sync]"));
}

TEST(HardenedDisk, WithoutSettledNamesNoBarrierIsAdded) {
  Disk disk;
  HardenedDisk hardened(disk.fs(), Without(Hardening::kSettleNames));

  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/000005.dbtmp"));
  ASSERT_OK(file->Sync(SyncKind::kData));
  ASSERT_OK(hardened.Rename("db/000005.dbtmp", "db/CURRENT"));

  EXPECT_THAT(disk.TakeCalls(), ElementsAre("create db/000005.dbtmp [rocksdb.current.create]",
                                            "sync_data db/000005.dbtmp [rocksdb.current.sync]",
                                            "rename db/000005.dbtmp [rocksdb.rename]"));
}

TEST(HardenedDisk, ARenameIsPrecededByASyncOfItsDirectory) {
  Disk disk;
  HardenedDisk hardened(disk.fs(), {});
  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/MANIFEST-000005"));
  WriteFile(disk.fs(), "db/000005.dbtmp", "MANIFEST-000005\n");
  disk.TakeCalls();

  ASSERT_OK(hardened.Rename("db/000005.dbtmp", "db/CURRENT"));
  ASSERT_OK(file->Sync(SyncKind::kData));

  EXPECT_THAT(
      disk.TakeCalls(),
      ElementsAre("sync_dir db [rocksdb.settle.rename]", "rename db/000005.dbtmp [rocksdb.rename]",
                  "sync_data db/MANIFEST-000005 [rocksdb.manifest.sync]"));
}

// RocksDB appends the edits of a batch one by one and syncs them together: a power cut could keep
// the second and lose the first.
TEST(HardenedDisk, AManifestInUseHasNeverMoreThanOneUnsyncedAppend) {
  Disk disk;
  HardenedDisk hardened(disk.fs(), {});
  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/MANIFEST-000005"));
  // Nobody builds on it before its first sync: what it starts with is synced as a whole.
  ASSERT_OK(file->Append("snapshot"));
  ASSERT_OK(file->Append("snapshot"));
  ASSERT_OK(file->Sync(SyncKind::kData));
  EXPECT_THAT(disk.TakeCalls(), ElementsAre("create db/MANIFEST-000005 [rocksdb.manifest.create]",
                                            "append db/MANIFEST-000005 [rocksdb.manifest.append]",
                                            "append db/MANIFEST-000005 [rocksdb.manifest.append]",
                                            "sync_data db/MANIFEST-000005 [rocksdb.manifest.sync]",
                                            "sync_dir db [rocksdb.settle.name]"));

  ASSERT_OK(file->Append("edit"));
  ASSERT_OK(file->Append("edit"));
  ASSERT_OK(file->Sync(SyncKind::kData));

  EXPECT_THAT(disk.TakeCalls(),
              ElementsAre("append db/MANIFEST-000005 [rocksdb.manifest.append]",
                          "sync_data db/MANIFEST-000005 [rocksdb.settle.manifest]",
                          "append db/MANIFEST-000005 [rocksdb.manifest.append]",
                          "sync_data db/MANIFEST-000005 [rocksdb.manifest.sync]"));
}

TEST(HardenedDisk, AManifestOpenedForAppendingCountsAsInUse) {
  Disk disk;
  WriteFile(disk.fs(), "db/MANIFEST-000005", "edit");
  HardenedDisk hardened(disk.fs(), {});
  ASSERT_OK_AND_ASSIGN(auto file, hardened.OpenForAppend("db/MANIFEST-000005"));
  disk.TakeCalls();

  ASSERT_OK(file->Append("edit"));
  ASSERT_OK(file->Append("edit"));

  EXPECT_THAT(disk.TakeCalls(),
              ElementsAre("append db/MANIFEST-000005 [rocksdb.manifest.append]",
                          "sync_data db/MANIFEST-000005 [rocksdb.settle.manifest]",
                          "append db/MANIFEST-000005 [rocksdb.manifest.append]"));
}

TEST(HardenedDisk, OtherFilesAndAnUnscannedManifestAreAppendedToAsRocksDbAsks) {
  Disk disk;
  HardenedDisk unscanned(disk.fs(), Without(Hardening::kScanLogs));
  HardenedDisk hardened(disk.fs(), {});
  ASSERT_OK_AND_ASSIGN(auto manifest, unscanned.CreateFresh("db/MANIFEST-000005"));
  ASSERT_OK_AND_ASSIGN(auto wal, hardened.CreateFresh("db/000004.log"));
  for (HardenedFile* file : {manifest.get(), wal.get()}) {
    ASSERT_OK(file->Sync(SyncKind::kData));
    disk.TakeCalls();
    ASSERT_OK(file->Append("one"));
    ASSERT_OK(file->Append("two"));
    EXPECT_THAT(disk.TakeCalls(), ElementsAre(HasSubstr("append "), HasSubstr("append ")));
  }
}

// The sync between two appends may fail as any other.
TEST(HardenedDisk, AFailedSyncBetweenAppendsPoisonsTheManifest) {
  Disk disk;
  FailingOnce failing(&disk.fs(), CallKind::kSyncData);
  HardenedDisk hardened(failing, {});
  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/MANIFEST-000005"));
  ASSERT_OK(file->Sync(SyncKind::kDataAndMetadata));
  ASSERT_OK(file->Append("edit"));

  EXPECT_ERROR(file->Append("edit"), absl::StatusCode::kDataLoss,
               HasSubstr("sync db/MANIFEST-000005"));
  EXPECT_ERROR(file->Append("edit"), absl::StatusCode::kFailedPrecondition,
               HasSubstr("poisoned by an earlier failure"));
}

TEST(HardenedDisk, ARenamedFileHasItsNewNameSettledByItsNextSync) {
  Disk disk;
  HardenedDisk hardened(disk.fs(), {});
  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/a"));
  ASSERT_OK(file->Sync(SyncKind::kData));
  ASSERT_OK(hardened.Rename("db/a", "db/b"));
  disk.TakeCalls();

  ASSERT_OK(file->Sync(SyncKind::kData));

  EXPECT_THAT(disk.TakeCalls(), ElementsAre("sync_data db/a [rocksdb.other.sync]",
                                            "sync_dir db [rocksdb.settle.name]"));
}

TEST(HardenedDisk, ALeftoverIsUnlinkedSoThatOtherNamesKeepItsBytes) {
  Disk disk;
  WriteFile(disk.fs(), "db/000009.sst", "old");
  ASSERT_OK(disk.fs().Link("db/000009.sst", "db/kept"));
  HardenedDisk hardened(disk.fs(), {});

  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/000009.sst"));

  EXPECT_EQ(ReadFile(disk.fs(), "db/000009.sst"), "");
  EXPECT_EQ(ReadFile(disk.fs(), "db/kept"), "old");
}

TEST(HardenedDisk, WithoutSettledNamesALeftoverIsTruncatedAsTheStockLibraryDoes) {
  Disk disk;
  WriteFile(disk.fs(), "db/000009.sst", "old");
  ASSERT_OK(disk.fs().Link("db/000009.sst", "db/kept"));
  HardenedDisk hardened(disk.fs(), Without(Hardening::kSettleNames));

  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/000009.sst"));

  EXPECT_EQ(ReadFile(disk.fs(), "db/kept"), "");
}

// Creates a file whose next call of `kind` fails.
struct Poisoned {
  explicit Poisoned(CallKind kind, const RocksOptions& options = {})
      : failing(&disk.fs(), kind), hardened(failing, options) {}
  Disk disk;
  FailingOnce failing;
  HardenedDisk hardened;
};

constexpr char kPoisonText[] = "poisoned by an earlier failure";

TEST(HardenedDisk, AFailedSyncIsFinalForEveryHandleOfTheInode) {
  Poisoned world(CallKind::kSyncData);
  ASSERT_OK_AND_ASSIGN(auto file, world.hardened.CreateFresh("db/000004.log"));
  ASSERT_OK_AND_ASSIGN(auto other, world.hardened.OpenForAppend("db/000004.log"));

  EXPECT_ERROR(file->Sync(SyncKind::kData), absl::StatusCode::kDataLoss, HasSubstr("errno 5"));

  EXPECT_ERROR(file->Sync(SyncKind::kData), absl::StatusCode::kFailedPrecondition,
               HasSubstr(kPoisonText));
  EXPECT_ERROR(other->Append("x"), absl::StatusCode::kFailedPrecondition, HasSubstr(kPoisonText));
  EXPECT_ERROR(world.hardened.OpenForRead("db/000004.log"), absl::StatusCode::kFailedPrecondition,
               HasSubstr(kPoisonText));
  EXPECT_ERROR(world.hardened.Health(), absl::StatusCode::kDataLoss, HasSubstr("errno 5"));
}

TEST(HardenedDisk, WithoutPoisonALaterSyncAnswersOkAndProvesNothing) {
  Poisoned world(CallKind::kSyncData, Without(Hardening::kPoisonOnError));
  ASSERT_OK_AND_ASSIGN(auto file, world.hardened.CreateFresh("db/000004.log"));

  EXPECT_ERROR(file->Sync(SyncKind::kData), absl::StatusCode::kDataLoss, HasSubstr("errno 5"));

  EXPECT_OK(file->Sync(SyncKind::kData));
  EXPECT_OK(world.hardened.Health());
}

TEST(HardenedDisk, AfterAFailedSyncOfTheManifestNoFileGoes) {
  Poisoned world(CallKind::kSyncData);
  ASSERT_OK(world.hardened.CreateFresh("db/000009.sst"));
  ASSERT_OK_AND_ASSIGN(auto manifest, world.hardened.CreateFresh("db/MANIFEST-000005"));

  EXPECT_ERROR(manifest->Sync(SyncKind::kData), absl::StatusCode::kDataLoss, HasSubstr("errno 5"));

  EXPECT_ERROR(world.hardened.Unlink("db/000009.sst"), absl::StatusCode::kFailedPrecondition,
               HasSubstr(kPoisonText));
}

TEST(HardenedDisk, AFailedAppendIsFinal) {
  Poisoned world(CallKind::kAppend);
  ASSERT_OK_AND_ASSIGN(auto file, world.hardened.CreateFresh("db/000004.log"));

  EXPECT_ERROR(file->Append("x"), absl::StatusCode::kResourceExhausted, HasSubstr("errno 28"));

  EXPECT_ERROR(file->Append("x"), absl::StatusCode::kFailedPrecondition, HasSubstr(kPoisonText));
}

TEST(HardenedDisk, AFailedCloseIsFinal) {
  Poisoned world(CallKind::kClose);
  ASSERT_OK_AND_ASSIGN(auto file, world.hardened.CreateFresh("db/000009.sst"));

  EXPECT_ERROR(file->Close(), absl::StatusCode::kDataLoss, HasSubstr("close"));

  EXPECT_ERROR(world.hardened.OpenForRead("db/000009.sst"), absl::StatusCode::kFailedPrecondition,
               HasSubstr(kPoisonText));
}

TEST(HardenedDisk, AFailedDirectorySyncIsFinalForTheDirectoryAndTheFile) {
  Poisoned world(CallKind::kSyncDir);
  ASSERT_OK_AND_ASSIGN(auto file, world.hardened.CreateFresh("db/000004.log"));

  EXPECT_ERROR(file->Sync(SyncKind::kData), absl::StatusCode::kDataLoss,
               HasSubstr("sync directory db"));

  EXPECT_ERROR(file->Append("x"), absl::StatusCode::kFailedPrecondition, HasSubstr(kPoisonText));
  EXPECT_ERROR(world.hardened.SyncDir("db"), absl::StatusCode::kFailedPrecondition,
               HasSubstr(kPoisonText));
  EXPECT_ERROR(world.hardened.CreateFresh("db/x"), absl::StatusCode::kFailedPrecondition,
               HasSubstr(kPoisonText));
}

TEST(HardenedDisk, AFailedRenameIsFinalForTheDirectory) {
  Poisoned world(CallKind::kRename);
  ASSERT_OK_AND_ASSIGN(auto file, world.hardened.CreateFresh("db/000005.dbtmp"));

  EXPECT_ERROR(world.hardened.Rename("db/000005.dbtmp", "db/CURRENT"), absl::StatusCode::kDataLoss,
               HasSubstr("rename"));

  EXPECT_ERROR(world.hardened.Rename("db/000005.dbtmp", "db/CURRENT"),
               absl::StatusCode::kFailedPrecondition, HasSubstr(kPoisonText));
  EXPECT_ERROR(world.hardened.Unlink("db/000005.dbtmp"), absl::StatusCode::kFailedPrecondition,
               HasSubstr(kPoisonText));
}

TEST(HardenedDisk, AnAbandonedDiskReachesTheDiskNoMore) {
  Disk disk;
  HardenedDisk hardened(disk.fs(), {});
  ASSERT_OK_AND_ASSIGN(auto file, hardened.CreateFresh("db/000004.log"));
  disk.TakeCalls();

  hardened.Abandon();

  EXPECT_ERROR(file->Append("x"), absl::StatusCode::kFailedPrecondition, HasSubstr("abandoned"));
  EXPECT_ERROR(hardened.Unlink("db/000004.log"), absl::StatusCode::kFailedPrecondition,
               HasSubstr("abandoned"));
  EXPECT_THAT(disk.TakeCalls(), ElementsAre());
}

TEST(HardenedDisk, TheLockTakenEarlyIsTheOneThatRocksDBGets) {
  Disk disk;
  HardenedDisk hardened(disk.fs(), {});

  ASSERT_OK(hardened.LockEarly("db/LOCK"));
  HardenedDisk second(disk.fs(), {});
  EXPECT_ERROR(second.TakeLock("db/LOCK"), absl::StatusCode::kUnavailable, HasSubstr("db/LOCK"));
  ASSERT_OK_AND_ASSIGN(auto lock, hardened.TakeLock("db/LOCK"));
  lock.reset();

  EXPECT_OK(second.TakeLock("db/LOCK"));
}

}  // namespace
}  // namespace permafrost::vfs
