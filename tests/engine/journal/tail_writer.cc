// The writing process of the tailer's test: `journal_tail_writer ROOT BOARD LIFE` appends from four
// threads as fast as it can until it is told to stop or killed, truncates behind its readers, and
// follows itself with a tailer of its own process.
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "engine/journal/journal.h"
#include "engine/journal/journal_format.h"
#include "engine/journal/tailer.h"
#include "tests/engine/journal/tail_board.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/log.h"
#include "vfs/base/mutex.h"
#include "vfs/base/status.h"
#include "vfs/posix/boot_id.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"
#include "vfs/queued_executor.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine::journal::testing {
namespace {

constexpr std::uint64_t kSegmentBytes = std::uint64_t{1} << 20;
constexpr std::uint64_t kThreads = 4;
constexpr Lsn kLagMax = 20'000;  // records that the readers may be behind
constexpr std::uint64_t kMillisecond = 1'000'000;

// Publishes the last LSN whose sync has returned: what was written before it began.
class SyncWatch final : public vfs::CallObserver {
 public:
  explicit SyncWatch(TailBoard* board) : board_(board) {}

  void OnBegin(const vfs::Call& call) override {
    const vfs::MutexLock lock(&mu_);
    if (vfs::IsSync(call.kind)) covered_[std::string(call.path)] = written_[std::string(call.path)];
  }
  void OnEnd(const vfs::Call& call, const absl::Status& result) override {
    if (!result.ok()) return;
    const vfs::MutexLock lock(&mu_);
    const std::string path(call.path);
    if (call.kind == vfs::CallKind::kWrite) {
      const Lsn last = LastLsnIn(call.data.substr(call.offset == 0 ? kHeaderBytes : 0));
      if (path.find(kDurableName) == std::string::npos)
        written_[path] = std::max(written_[path], last);
    } else if (call.kind == vfs::CallKind::kSync || call.kind == vfs::CallKind::kSyncData) {
      board_->synced = std::max(board_->synced.load(), covered_[path]);
    } else if (call.kind == vfs::CallKind::kRename) {
      const bool is_new = call.path_to.ends_with(kSegmentSuffix);
      if (is_new) ++board_->rolled;
      if (!is_new && path.ends_with(kSegmentSuffix)) ++board_->recycled;
    } else if (call.kind == vfs::CallKind::kUnlink && path.ends_with(kSegmentSuffix)) {
      ++board_->unlinked;
    }
  }

 private:
  static Lsn LastLsnIn(std::string_view records) {
    Lsn last = 0;
    while (records.size() >= kRecordBytesMin) {
      const auto payload = vfs::LoadLittleEndian<std::uint32_t>(records, 0);
      last = vfs::LoadLittleEndian<std::uint64_t>(records, kFrameBytes + kHeadLsnAt);
      records.remove_prefix(std::min(records.size(), RecordBytes(payload - kHeadBytes)));
    }
    return last;
  }

  TailBoard* const board_;
  vfs::Mutex mu_;
  // By the path under which the file was opened: the last LSN in it.
  std::map<std::string, Lsn> written_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, Lsn> covered_ ABSL_GUARDED_BY(mu_);
};

void Demand(const absl::Status& status, const char* what) {
  VFS_CHECK(status.ok(), "{}: {}", what, vfs::Message(status));
}

class Writer {
 public:
  Writer(const char* root, const char* board, std::uint64_t life)
      : board_(&MapBoard(board)), watch_(board_), life_(life) {
    auto opened = vfs::PosixFileSystem::Open(root);
    Demand(opened.status(), "root");
    posix_ = *std::move(opened);
    fs_ = std::make_unique<vfs::RecordingFileSystem>(posix_.get(), &watch_);
  }

  void Run() {
    Open();
    ++board_->lives;
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < kThreads; ++i) threads.emplace_back([this, i] { Append(i); });
    threads.emplace_back([this] { Follow(); });
    while (!board_->stops) {
      clock_.SleepNanos(20 * kMillisecond);
      Truncate();
    }
    for (std::thread& thread : threads) thread.join();
    Demand(journal_->Close(), "close");
  }

 private:
  void Open() {
    JournalOptions options;
    options.store_id = TailStore();
    options.segment_bytes = kSegmentBytes;
    options.boot_id = *vfs::ReadBootId();
    const vfs::Env env{.fs = fs_.get(),
                       .clock = &clock_,
                       .executor = &queue_,
                       .prng = &prng_,
                       .log = &vfs::NullLog()};
    absl::StatusOr<std::unique_ptr<Journal>> opened;
    // A tailer may just have asked for the lock.
    for (int attempt = 0; attempt < 100; ++attempt) {
      opened = Journal::Open(env, kTailDir, options);
      if (opened.status().code() != absl::StatusCode::kUnavailable) break;
      ++board_->refused;
      clock_.SleepNanos(kMillisecond);
    }
    Demand(opened.status(), "open");
    journal_ = *std::move(opened);
    own_next_ = journal_->LastLsn() + 1;
  }

  void Append(std::uint64_t thread) {
    vfs::Prng prng = vfs::Prng(life_).Fork(thread);
    for (TailBody head{.life = life_, .thread = thread}; !board_->stops; ++head.counter) {
      while (journal_->LastFlushedLsn() > Needed() + kLagMax && !board_->stops)
        clock_.SleepNanos(kMillisecond);
      std::string body(sizeof(head) + prng.Below(1500), 'x');
      std::memcpy(body.data(), &head, sizeof(head));
      Demand(journal_->Append(kTailType, body).status(), "append");
    }
  }

  Lsn Needed() const { return std::min(board_->tail_next.load(), own_next_.load()); }

  void Truncate() {
    const Lsn next = Needed();
    if (next < journal_->state().first_needed.lsn) return;
    Demand(journal_->SetCursor("tail", next), "cursor");
    Demand(journal_->TruncateBefore(next), "truncate");
  }

  // The tailer of this process.
  void Follow() {
    while (!board_->stops) {
      if (board_->is_unread) {
        clock_.SleepNanos(kMillisecond);
        continue;
      }
      const auto tailer = Tailer::Open(
          fs_.get(), kTailDir,
          {.name = "inside", .from_lsn = own_next_, .store_id = TailStore(), .durable_lsn = [this] {
             return journal_->LastFlushedLsn();
           }});
      if (tailer.status().code() == absl::StatusCode::kUnavailable) continue;
      Demand(tailer.status(), "tailer");
      while (!board_->is_unread && !board_->stops) {
        const auto records = (*tailer)->Next(100);
        Demand(records.status(), "follow");
        for (const JournalRecord& record : *records) {
          VFS_CHECK(record.lsn == own_next_, "LSN {} instead of {}", record.lsn, own_next_.load());
          VFS_CHECK(record.lsn <= board_->synced, "LSN {} is not durable", record.lsn);
          ++own_next_;
        }
        board_->in_process += records->size();
        if (records->empty()) clock_.SleepNanos(kMillisecond / 4);
      }
    }
  }

  TailBoard* const board_;
  SyncWatch watch_;
  const std::uint64_t life_;
  vfs::SystemClock clock_;
  vfs::QueuedExecutor queue_;
  vfs::Prng prng_{1};
  std::unique_ptr<vfs::PosixFileSystem> posix_;
  std::unique_ptr<vfs::RecordingFileSystem> fs_;
  std::unique_ptr<Journal> journal_;
  std::atomic<Lsn> own_next_{1};
};

}  // namespace
}  // namespace permafrost::engine::journal::testing

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: journal_tail_writer ROOT BOARD LIFE\n", stderr);
    return 2;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  permafrost::engine::journal::testing::Writer(argv[1], argv[2], std::stoull(argv[3])).Run();
  return 0;
}
