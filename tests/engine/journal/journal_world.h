// A journal on a simulated disk for tests.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal/journal.h"
#include "engine/journal/journal_format.h"
#include "sim/disk/sim_file_system.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/queued_executor.h"

namespace permafrost::engine::journal::testing {

inline constexpr char kDir[] = "journal";
inline constexpr std::uint8_t kType = 7;

// Small segments: some ten records each.
inline JournalOptions SmallOptions() {
  JournalOptions options;
  options.store_id.fill(0x5a);
  options.segment_bytes = 2048;
  return options;
}

// The disk and everything else that a journal needs.
class JournalWorld {
 public:
  explicit JournalWorld(sim::DiskState state = {}) : disk_(std::move(state)) {}

  sim::SimFileSystem& disk() { return disk_; }
  // Its jobs run when a test runs them.
  vfs::QueuedExecutor& queue() { return queue_; }
  vfs::Env Env(vfs::FileSystem* fs = nullptr) {
    clock_.SleepNanos(1);  // two lives differ in it
    return {.fs = fs == nullptr ? &disk_ : fs,
            .clock = &clock_,
            .executor = &queue_,
            .prng = &prng_,
            .log = &vfs::NullLog()};
  }
  absl::StatusOr<std::unique_ptr<Journal>> Open(const JournalOptions& options = SmallOptions()) {
    return Journal::Open(Env(), kDir, options);
  }

 private:
  sim::SimFileSystem disk_;
  engine::testing::StillClock clock_;
  vfs::QueuedExecutor queue_;
  vfs::Prng prng_{7};
};

inline std::size_t Spares(vfs::FileSystem& disk) {
  const auto names = disk.List(kDir);
  return static_cast<std::size_t>(std::count_if(
      names->begin(), names->end(),
      [](const vfs::DirEntry& entry) { return entry.name.starts_with(kSparePrefix); }));
}

inline std::string BodyOf(Lsn lsn) {
  return fmt::format("body-{}-{}", lsn, std::string(lsn % 23, static_cast<char>('a' + lsn % 26)));
}

// Appends bodies BodyOf(first) to BodyOf(last) and expects these LSNs.
inline void AppendUpTo(Journal& journal, Lsn last) {
  for (Lsn lsn = journal.LastLsn() + 1; lsn <= last; ++lsn) {
    ASSERT_OK_AND_ASSIGN(const Lsn given, journal.Append(kType, BodyOf(lsn)));
    ASSERT_EQ(given, lsn);
  }
}

// What is wrong with what the journal serves; "" when it is BodyOf(1) to BodyOf(last).
inline std::string Wrong(const Journal& journal, Lsn last) {
  Lsn next = 1;
  std::string wrong;
  const absl::Status replayed = journal.Replay([&](const JournalRecord& record) {
    if (record.lsn != next || record.body != BodyOf(next) || record.type != kType)
      wrong += fmt::format("record {} is '{}'; ", record.lsn, record.body);
    ++next;
    return absl::OkStatus();
  });
  if (!replayed.ok()) wrong += vfs::Message(replayed);
  if (next != last + 1) wrong += fmt::format("ends with {}, not {}", next - 1, last);
  return wrong;
}

}  // namespace permafrost::engine::journal::testing
