// Makes the golden journal: journal_golden_maker PARENT, an existing directory, in which it writes
// `journal` by two lives of one writer. It was run once for each version of the format; the files
// in corpus/formats are never made again.
#include <cstdio>

#include "engine/journal/journal.h"
#include "tests/engine/store_world.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/queued_executor.h"

namespace permafrost::engine::journal {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// A life that ends without a close, as that of a killed process.
class Life {
 public:
  // A boot of 0 is unknown: the next life cannot ask `durable`, so it keeps a tail.
  Life(const vfs::Env& env, engine::testing::StillClock* clock, std::uint8_t boot) : clock_(clock) {
    JournalOptions options;
    options.store_id.fill(0x11);
    options.boot_id.fill(boot);
    options.segment_bytes = 1024;
    auto journal = Journal::Open(env, "journal", options);
    VFS_CHECK(journal.ok(), "{}", vfs::Message(journal.status()));
    journal_ = *std::move(journal);
  }

  Journal& journal() { return *journal_; }
  void Append(std::uint8_t type, std::string_view body) {
    clock_->SleepNanos(kSecond);
    VFS_CHECK(journal_->Append(type, body).ok(), "append");
  }
  void Buffer(std::uint8_t type, std::string body) {
    clock_->SleepNanos(kSecond);
    VFS_CHECK(journal_->Buffer(type, std::move(body)).ok(), "buffer");
  }

 private:
  engine::testing::StillClock* clock_;
  std::unique_ptr<Journal> journal_;
};

void First(const vfs::Env& env, engine::testing::StillClock* clock) {
  Life life(env, clock, 0);
  life.Append(1, "first");
  life.Append(2, "second record");
  life.Buffer(1, "a");
  life.Buffer(3, std::string("\0zeros\0", 7));
  life.Buffer(0xef, "a batch of three");
  VFS_CHECK(life.journal().Flush().ok(), "flush");
  VFS_CHECK(life.journal().SetCursor("ingest", 6).ok(), "cursor");
  VFS_CHECK(life.journal().SetCursor("replica-1", 4).ok(), "cursor");
  VFS_CHECK(life.journal().CreateCheckpoint().ok(), "checkpoint");
  for (int lsn = 6; lsn <= 13; ++lsn) life.Append(1, fmt::format("record {}", lsn));
}

void Second(const vfs::Env& env, engine::testing::StillClock* clock) {
  Life life(env, clock, 0x22);
  life.Append(1, "record 14");
  VFS_CHECK(life.journal().MarkIdle().ok(), "mark");
  life.Append(1, "record 15");
}

void Make(const char* parent) {
  const auto fs = vfs::PosixFileSystem::Open(parent);
  VFS_CHECK(fs.ok(), "{}", vfs::Message(fs.status()));
  VFS_CHECK(!(*fs)->Stat("journal").ok(), "{}/journal is there already", parent);
  engine::testing::StillClock clock;
  vfs::QueuedExecutor queue;
  vfs::Prng prng(2);
  const vfs::Env env{
      .fs = fs->get(), .clock = &clock, .executor = &queue, .prng = &prng, .log = &vfs::NullLog()};
  First(env, &clock);
  clock.SleepNanos(kSecond);
  Second(env, &clock);
}

}  // namespace
}  // namespace permafrost::engine::journal

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: journal_golden_maker PARENT\n", stderr);
    return 2;
  }
  permafrost::engine::journal::Make(argv[1]);
  return 0;
}
