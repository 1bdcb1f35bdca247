// A writer that is another process, at full speed on the real disk, killed again and again; its
// segments roll and go behind the readers. For PERMAFROST_TAIL_SECONDS, or three.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "engine/journal/tailer.h"
#include "tests/engine/journal/tail_board.h"
#include "tests/status_matchers.h"
#include "tests/vfs/posix_world.h"
#include "vfs/base/prng.h"
#include "vfs/posix/boot_id.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine::journal {
namespace {

using testing::kTailDir;
using testing::kTailType;
using testing::MapBoard;
using testing::TailBoard;
using testing::TailBody;
using testing::TailStore;

constexpr std::uint64_t kMillisecond = 1'000'000;

std::uint64_t SecondsToRun() {
  const char* const text = std::getenv("PERMAFROST_TAIL_SECONDS");
  return text == nullptr ? 3 : std::stoull(text);
}

// The other process.
class WriterProcess {
 public:
  WriterProcess(const PosixWorld& world, std::string board)
      : root_(world.directory().path()), board_(std::move(board)) {}
  ~WriterProcess() { Kill(); }

  void Start() {
    const std::string life = std::to_string(++lives_);
    const char* const arguments[] = {PERMAFROST_TAIL_WRITER, root_.c_str(), board_.c_str(),
                                     life.c_str(), nullptr};
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, arguments[0], nullptr, nullptr,
                                    const_cast<char* const*>(arguments), ::environ);
    ASSERT_EQ(error, 0) << arguments[0];
    pid_ = pid;
  }
  void Kill() {
    if (!pid_.has_value()) return;
    ::kill(*pid_, SIGKILL);
    Wait(0);
  }
  // Its status, if it has ended.
  std::optional<int> Ended() { return Wait(WNOHANG); }
  bool lives() const { return pid_.has_value(); }

 private:
  std::optional<int> Wait(int flags) {
    int status = 0;
    if (!pid_.has_value() || ::waitpid(*pid_, &status, flags) != *pid_) return std::nullopt;
    pid_.reset();
    return status;
  }

  const std::string root_;
  const std::string board_;
  int lives_ = 0;
  std::optional<pid_t> pid_;
};

// A tailer of this process, and what it may be told next.
class Reader {
 public:
  Reader(vfs::FileSystem* fs, std::string name, const BootId& boot_id)
      : fs_(fs), name_(std::move(name)), boot_id_(boot_id) {}

  Lsn next() const { return next_; }
  void Leave() { tailer_.reset(); }
  // Takes what there is; returns how many records.
  std::size_t Poll(const TailBoard& board) {
    if (tailer_ == nullptr) {
      auto opened = Tailer::Open(fs_, kTailDir,
                                 {.name = name_,
                                  .from_lsn = next_,
                                  .boot_id = boot_id_,
                                  .store_id = TailStore(),
                                  .is_deep = true});
      // No directory yet, or the writer is looking for leases just now.
      if (opened.status().code() == absl::StatusCode::kNotFound ||
          opened.status().code() == absl::StatusCode::kUnavailable)
        return 0;
      EXPECT_OK(opened.status()) << name_;
      if (!opened.ok()) return 0;
      tailer_ = *std::move(opened);
    }
    const auto records = tailer_->Next(500);
    EXPECT_OK(records.status()) << name_;
    if (!records.ok()) return 0;
    // Seen after the records: it was durable when it was returned.
    const Lsn synced = board.synced;
    for (const JournalRecord& record : *records) Take(record, synced);
    return records->size();
  }

 private:
  void Take(const JournalRecord& record, Lsn synced) {
    EXPECT_EQ(record.lsn, next_) << name_;
    EXPECT_LE(record.lsn, synced) << name_;
    EXPECT_EQ(record.type, kTailType);
    next_ = record.lsn + 1;
    TailBody body;
    ASSERT_GE(record.body.size(), sizeof(body));
    std::memcpy(&body, record.body.data(), sizeof(body));
    EXPECT_GE(body.life, life_) << name_;
    if (body.life > life_) counters_.clear();
    life_ = body.life;
    const std::uint64_t expected = counters_[body.thread]++;
    EXPECT_EQ(body.counter, expected) << name_ << ": thread " << body.thread;
  }

  vfs::FileSystem* const fs_;
  const std::string name_;
  const BootId boot_id_;
  std::unique_ptr<Tailer> tailer_;
  Lsn next_ = 1;
  std::uint64_t life_ = 0;
  std::map<std::uint64_t, std::uint64_t> counters_;  // of each thread: the next
};

TEST(TailerProcesses, AnotherProcessSeesEveryDurableRecordOnce) {
  PosixWorld world;
  const TempDir scratch;
  TailBoard& board = MapBoard(scratch.Join("board"));
  board.tail_next = 1;
  ASSERT_OK_AND_ASSIGN(const BootId boot_id, vfs::ReadBootId());
  // The second one knows no boot and goes by what the records prove.
  Reader readers[] = {{&world.fs(), "outside", boot_id}, {&world.fs(), "stranger", BootId{}}};
  WriterProcess writer(world, scratch.Join("board"));
  vfs::SystemClock clock;
  vfs::Prng prng(1);
  const std::uint64_t begun = clock.MonotonicNanos();
  const std::uint64_t end = begun + SecondsToRun() * 1000 * kMillisecond;
  std::uint64_t kills = 0;
  std::uint64_t dead_records = 0;  // returned while there was no writer
  std::uint64_t change_at = 0;     // when the writer is killed, or started again
  std::uint64_t leave_at = begun;

  while (clock.MonotonicNanos() < end && !HasFailure()) {
    const std::uint64_t now = clock.MonotonicNanos();
    if (now >= change_at) {
      if (writer.lives()) {
        writer.Kill();
        ++kills;
      } else {
        writer.Start();
      }
      change_at = now + (writer.lives() ? prng.Between(300, 1200) : 20) * kMillisecond;
    }
    if (now >= leave_at) {
      for (Reader& reader : readers) reader.Leave();
      leave_at = now + prng.Between(100, 400) * kMillisecond;
      board.is_unread = true;
      clock.SleepNanos(60 * kMillisecond);
      board.is_unread = false;
    }
    std::size_t records = 0;
    for (Reader& reader : readers) records += reader.Poll(board);
    if (!writer.lives()) dead_records += records;
    board.tail_next = std::min(readers[0].next(), readers[1].next());
    ASSERT_EQ(writer.Ended(), std::nullopt) << "the writer gave up: see above";
    if (records == 0) clock.SleepNanos(kMillisecond / 4);
  }
  ASSERT_FALSE(HasFailure());
  const std::uint64_t nanos = clock.MonotonicNanos() - begun;

  if (!writer.lives()) writer.Start();
  const std::uint64_t lives = kills + 1;
  while (board.lives < lives && !HasFailure() && !writer.Ended()) {
    board.tail_next = std::min(readers[0].next(), readers[1].next());
    for (Reader& reader : readers) reader.Poll(board);
    if (clock.MonotonicNanos() > end + 20'000 * kMillisecond) FAIL() << "the writer hangs";
  }
  board.stops = true;
  std::optional<int> ended;
  while (!(ended = writer.Ended()).has_value()) clock.SleepNanos(kMillisecond);
  EXPECT_EQ(*ended, 0);
  for (Reader& reader : readers) {
    while (reader.Poll(board) > 0) continue;
    EXPECT_EQ(reader.next(), board.synced + 1);
  }
  const double seconds = static_cast<double>(nanos) / 1e9;
  std::printf(
      "%.0f s: %llu records (%.0f/s), %llu in the writer's process; %llu segments rolled, %llu "
      "truncated (%llu used again); %llu kills, %llu records returned without a writer, %llu opens "
      "refused\n",
      seconds, static_cast<unsigned long long>(board.synced),
      static_cast<double>(board.synced) / seconds,
      static_cast<unsigned long long>(board.in_process),
      static_cast<unsigned long long>(board.rolled),
      static_cast<unsigned long long>(board.unlinked + board.recycled),
      static_cast<unsigned long long>(board.recycled), static_cast<unsigned long long>(kills),
      static_cast<unsigned long long>(dead_records),
      static_cast<unsigned long long>(board.refused));
  EXPECT_GT(board.synced, 100U);
  EXPECT_GT(board.in_process, 0U);
  EXPECT_GT(board.rolled, board.lives);  // not by recoveries alone
  EXPECT_GT(board.unlinked + board.recycled, 0U);
  EXPECT_GT(kills, 0U);
}

}  // namespace
}  // namespace permafrost::engine::journal
