// What only the real disk does: roots, symbolic links, dead directories, failing devices, short
// writes.
#include "vfs/posix/posix_file_system.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "tests/status_matchers.h"
#include "tests/vfs/posix_world.h"

namespace permafrost::vfs {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

TEST(PosixFileSystem, TheRootMustBeADirectoryThatExists) {
  const TempDir directory;
  const std::string missing = directory.Join("none");
  EXPECT_ERROR(PosixFileSystem::Open(missing), absl::StatusCode::kNotFound,
               "open root " + missing + ": No such file or directory (errno 2)");

  PosixWorld world;
  ASSERT_OK(world.fs().Create("f"));
  const std::string file = world.directory().Join("f");
  EXPECT_ERROR(PosixFileSystem::Open(file), kFailedPrecondition,
               "open root " + file + ": Not a directory (errno 20)");
}

TEST(PosixFileSystem, TheRootIsTheDirectoryAndNotItsName) {
  const TempDir directory;
  ASSERT_EQ(::mkdir(directory.Join("root").c_str(), 0755), 0);
  ASSERT_OK_AND_ASSIGN(const auto fs, PosixFileSystem::Open(directory.Join("root")));

  ASSERT_EQ(::rename(directory.Join("root").c_str(), directory.Join("moved").c_str()), 0);
  ASSERT_OK(fs->Create("f"));

  EXPECT_EQ(::access(directory.Join("moved/f").c_str(), F_OK), 0);
}

TEST(PosixFileSystem, ADirectoryMayBeALinkAndAFileMayNot) {
  PosixWorld world;
  ASSERT_OK(world.fs().MakeDir("d"));
  ASSERT_OK(world.fs().Create("d/f"));
  ASSERT_EQ(::symlink("d", world.directory().Join("to_dir").c_str()), 0);
  ASSERT_EQ(::symlink("d/f", world.directory().Join("to_file").c_str()), 0);

  EXPECT_OK(world.fs().Open("to_dir/f", OpenMode::kRead));
  EXPECT_OK(world.fs().SyncDir("to_dir"));
  EXPECT_EQ(*world.fs().Identity("to_dir"), *world.fs().Identity("d")) << "two names, one root";
  EXPECT_ERROR(world.fs().Open("to_file", OpenMode::kRead), kFailedPrecondition,
               "open to_file: Too many levels of symbolic links (errno 40)");
  EXPECT_ERROR(world.fs().Lock("to_file", {}), kFailedPrecondition, StartsWith("lock to_file: "));
  ASSERT_OK_AND_ASSIGN(const std::vector<DirEntry> entries, world.fs().List(""));
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[1].kind, FileKind::kDirectory);
  EXPECT_EQ(entries[2].kind, FileKind::kFile);
}

// The open descriptors of this process below 256, with whether they close on exec.
std::map<int, bool> OpenDescriptors() {
  std::map<int, bool> descriptors;
  for (int fd = 0; fd < 256; ++fd) {
    const int flags = ::fcntl(fd, F_GETFD);
    if (flags >= 0) descriptors[fd] = (flags & FD_CLOEXEC) != 0;
  }
  return descriptors;
}

TEST(PosixFileSystem, DescriptorsAreCloseOnExec) {
  const std::map<int, bool> before = OpenDescriptors();
  PosixWorld world;
  ASSERT_OK_AND_ASSIGN(const auto file, world.fs().Create("f"));
  ASSERT_OK_AND_ASSIGN(const auto lock, world.fs().Lock("l", {}));
  ASSERT_OK(world.fs().SyncDir(""));

  int ours = 0;
  for (const auto& [fd, closes_on_exec] : OpenDescriptors()) {
    if (before.contains(fd)) continue;
    ++ours;
    EXPECT_TRUE(closes_on_exec) << fd;
  }
  EXPECT_EQ(ours, 4) << "root, file, lock and directory";
}

// A sync of a dead inode is a lost sync. The kernel gives no error for it, so the test asks which
// descriptors of directories are kept.
TEST(PosixFileSystem, DirectoryHandlesAreDroppedWhenTheirNameGoes) {
  PosixWorld world;
  PosixFileSystem& fs = world.fs();
  ASSERT_OK(fs.MakeDir("d"));
  ASSERT_OK(fs.MakeDir("d/e"));
  ASSERT_OK(fs.MakeDir("d.x"));
  for (const char* path : {"d", "d/e", "d.x"}) ASSERT_OK(fs.SyncDir(path));
  EXPECT_EQ(fs.dir_handle_count(), 3U);

  ASSERT_OK(fs.Rename("d", "f"));
  EXPECT_EQ(fs.dir_handle_count(), 1U) << "with all below it, and not its neighbour d.x";
  ASSERT_OK(fs.SyncDir("f/e"));
  ASSERT_OK(fs.RemoveDir("f/e"));
  EXPECT_EQ(fs.dir_handle_count(), 1U);
  ASSERT_OK(fs.MakeDir("f/e"));
  ASSERT_OK(fs.SyncDir("f/e"));
  EXPECT_EQ(fs.dir_handle_count(), 2U);
}

TEST(PosixFileSystem, ADirectoryReplacedBehindOurBackIsLookedUpAgain) {
  PosixWorld world;
  ASSERT_OK(world.fs().MakeDir("d"));
  ASSERT_OK(world.fs().SyncDir("d"));
  const std::string path = world.directory().Join("d");

  // Another process removes it: with a trusted handle this sync would go to the dead inode and
  // succeed.
  ASSERT_EQ(::rmdir(path.c_str()), 0);
  EXPECT_ERROR(world.fs().SyncDir("d"), absl::StatusCode::kNotFound, StartsWith("sync_dir d: "));
  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  EXPECT_OK(world.fs().SyncDir("d"));
}

TEST(PosixFileSystem, KeptHandlesAreBounded) {
  PosixWorld world;
  for (int i = 0; i < 200; ++i) {
    const std::string path = fmt::format("d{}", i);
    ASSERT_OK(world.fs().MakeDir(path));
    ASSERT_OK(world.fs().SyncDir(path));
    ASSERT_LE(world.fs().dir_handle_count(), 64U);
  }
}

TEST(PosixFileSystem, AFailedSyncPoisonsTheHandle) {
  ASSERT_OK_AND_ASSIGN(const auto fs, PosixFileSystem::Open("/dev"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Open("null", OpenMode::kReadWrite));
  ASSERT_OK(file->Append("x"));
  std::string buffer(1, '?');

  // The null device cannot be synced.
  EXPECT_ERROR(file->Sync(), absl::StatusCode::kDataLoss, "sync null: Invalid argument (errno 22)");

  const std::string first = "poisoned by an earlier error: sync null: Invalid argument (errno 22)";
  EXPECT_ERROR(file->Sync(), kFailedPrecondition, "sync null: " + first);
  EXPECT_ERROR(file->SyncData(), kFailedPrecondition, "sync_data null: " + first);
  EXPECT_ERROR(file->Append("x"), kFailedPrecondition, "append null: " + first);
  EXPECT_ERROR(file->Read(0, buffer), kFailedPrecondition, "read null: " + first);
  EXPECT_OK(file->Close());
}

TEST(PosixFileSystem, AFailedSyncDirPoisonsTheDirectory) {
  ASSERT_OK_AND_ASSIGN(const auto fs, PosixFileSystem::Open("/proc"));

  // The process file system cannot be synced.
  EXPECT_ERROR(fs->SyncDir("self"), absl::StatusCode::kDataLoss,
               "sync_dir self: Invalid argument (errno 22)");

  EXPECT_ERROR(fs->SyncDir("self"), kFailedPrecondition,
               "sync_dir self: poisoned by an earlier error: sync_dir self: Invalid argument "
               "(errno 22)");
}

TEST(PosixFileSystem, AFullDeviceIsReportedWithItsRemedy) {
  ASSERT_OK_AND_ASSIGN(const auto fs, PosixFileSystem::Open("/dev"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Open("full", OpenMode::kReadWrite));

  EXPECT_ERROR(file->Append("x"), absl::StatusCode::kResourceExhausted,
               "append full: No space left on device (errno 28); free space on this volume, then "
               "restart");
}

// Runs `body` in a forked child; its exit status is the verdict.
template <typename Body>
int StatusOfChild(const Body& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  ::waitpid(child, &status, 0);
  return status;
}

TEST(PosixFileSystem, AWriteCutShortByALimitIsAnErrorAndKeepsThePrefix) {
  PosixWorld world;
  constexpr rlim_t kLimit = 10'000;

  // The kernel writes up to the limit, says so, and refuses the rest.
  const int status = StatusOfChild([&world] {
    const rlimit limit = {kLimit, kLimit};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    ::signal(SIGXFSZ, SIG_IGN);
    const auto file = world.fs().Create("f");
    if (!file.ok()) return 1;
    const absl::Status result = (*file)->Append(std::string(20'000, 'x'));
    return result.code() == absl::StatusCode::kInvalidArgument &&
                   Message(result) == "append f: File too large (errno 27)"
               ? 0
               : 2;
  });

  EXPECT_EQ(status, 0);
  ASSERT_OK_AND_ASSIGN(const FileInfo info, world.fs().Stat("f"));
  EXPECT_EQ(info.bytes, kLimit);
}

TEST(PosixFileSystem, TooManyOpenFilesIsExhaustion) {
  PosixWorld world;
  ASSERT_OK(world.fs().Create("f"));

  const int status = StatusOfChild([&world] {
    const rlimit limit = {3, 3};
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const auto file = world.fs().Open("f", OpenMode::kRead);
    return absl::IsResourceExhausted(file.status()) &&
                   Message(file.status()) ==
                       "open f: Too many open files (errno 24); raise the limit of open files, "
                       "then restart"
               ? 0
               : 1;
  });

  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace permafrost::vfs
