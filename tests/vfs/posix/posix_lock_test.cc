// Locks against another process, its death, and foreign record locks.
#include "vfs/posix/posix_lock.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/status_matchers.h"
#include "tests/vfs/posix_world.h"

namespace permafrost::vfs {
namespace {

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

// A child process that does something, tells when it is done, and holds on until it is killed.
class Holder {
 public:
  template <typename Body>
  explicit Holder(const Body& body) {
    int pipe_ends[2] = {};
    VFS_CHECK(::pipe(pipe_ends) == 0, "pipe: errno {}", errno);
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool is_done = body();
      static_cast<void>(!::write(pipe_ends[1], is_done ? "y" : "n", 1));
      while (true) ::pause();
    }
    char answer = '?';
    is_holding_ = ::read(pipe_ends[0], &answer, 1) == 1 && answer == 'y';
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
  }
  ~Holder() { Kill(); }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  bool is_holding() const { return is_holding_; }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
  bool is_holding_ = false;
};

TEST(PosixLock, AnotherProcessIsNamedAndItsDeathFreesTheLock) {
  PosixWorld world;
  std::unique_ptr<FileLock> lock_of_child;
  Holder holder([&] {
    auto lock = world.fs().Lock("LOCK", {.content = std::to_string(::getpid())});
    if (!lock.ok()) return false;
    lock_of_child = *std::move(lock);
    return true;
  });
  ASSERT_TRUE(holder.is_holding());

  EXPECT_ERROR(world.fs().Lock("LOCK", {}), kUnavailable,
               fmt::format("lock LOCK: held by another process (pid {}); stop it or use another "
                           "directory",
                           holder.pid()));
  holder.Kill();

  EXPECT_OK(world.fs().Lock("LOCK", {}));
}

TEST(PosixLock, ThisProcessIsNamedAsSuch) {
  PosixWorld world;
  const std::string pid = std::to_string(::getpid());
  ASSERT_OK_AND_ASSIGN(const auto lock, world.fs().Lock("LOCK", {.content = pid}));

  EXPECT_ERROR(world.fs().Lock("LOCK", {}), kUnavailable,
               fmt::format("lock LOCK: held by this process (pid {}); use another directory", pid));
}

TEST(PosixLock, AnUnnamedHolderIsReportedWithoutPid) {
  PosixWorld world;
  ASSERT_OK_AND_ASSIGN(const auto lock, world.fs().Lock("LOCK", {}));

  EXPECT_ERROR(world.fs().Lock("LOCK", {}), kUnavailable,
               "lock LOCK: held by another process; stop it or use another directory");
}

bool TakeRecordLock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  struct flock whole_file = {};
  whole_file.l_type = F_WRLCK;
  whole_file.l_whence = SEEK_SET;
  return fd >= 0 && ::fcntl(fd, F_SETLK, &whole_file) == 0;
}

TEST(PosixLock, ARecordLockOfRocksDbsToolsKeepsUsOut) {
  PosixWorld world;
  const std::string path = world.directory().Join("LOCK");
  Holder tool([&path] { return TakeRecordLock(path); });
  ASSERT_TRUE(tool.is_holding());

  EXPECT_ERROR(world.fs().Lock("LOCK", {.also_fcntl = true}), kUnavailable,
               "lock LOCK: held by another process; stop it or use another directory");
  tool.Kill();

  EXPECT_OK(world.fs().Lock("LOCK", {.also_fcntl = true}));
}

TEST(PosixLock, WeKeepRocksDbsToolsOutEvenAfterReadingTheLockFile) {
  PosixWorld world;
  const std::string path = world.directory().Join("LOCK");
  ASSERT_OK_AND_ASSIGN(const auto lock, world.fs().Lock("LOCK", {.also_fcntl = true}));
  // Closing any descriptor of the file would drop a classic record lock of this process.
  { ASSERT_OK_AND_ASSIGN(const auto file, world.fs().Open("LOCK", OpenMode::kRead)); }

  const Holder tool([&path] { return TakeRecordLock(path); });

  EXPECT_FALSE(tool.is_holding());
}

TEST(PosixLock, AForeignRecordLockDoesNotStopAPlainLock) {
  PosixWorld world;
  const std::string path = world.directory().Join("LOCK");
  const Holder tool([&path] { return TakeRecordLock(path); });
  ASSERT_TRUE(tool.is_holding());

  EXPECT_OK(world.fs().Lock("LOCK", {}));
}

}  // namespace
}  // namespace permafrost::vfs
