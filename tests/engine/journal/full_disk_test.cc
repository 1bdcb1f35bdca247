// A disk that becomes full at every byte that a life of a journal writes.
#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <gmock/gmock.h>

#include "sim/disk/crash_images.h"
#include "tests/engine/filling_disk.h"
#include "tests/engine/journal/journal_world.h"

namespace permafrost::engine::journal {
namespace {

using engine::testing::FillingDisk;
using testing::AppendUpTo;
using testing::BodyOf;
using testing::JournalWorld;
using testing::kDir;
using testing::kType;
using testing::SmallOptions;
using testing::Wrong;

constexpr std::uint64_t kPlenty = std::uint64_t{1} << 40;
constexpr Lsn kSingles = 22;  // records written one by one: a segment rolls
constexpr Lsn kLast = 25;     // the others are one batch

struct Told {
  Lsn acknowledged = 0;
  Lsn attempted = 0;
  Lsn cursor = 1;            // the next LSN; acknowledged
  Lsn attempted_cursor = 1;  // the one that may be there instead
  bool is_closing = false;
};

// Up to the first error.
absl::Status Live(Journal& journal, Told& told) {
  while (told.attempted < kSingles) {
    VFS_ASSIGN_OR_RETURN(told.acknowledged, journal.Append(kType, BodyOf(++told.attempted)));
  }
  for (Lsn lsn = kSingles + 1; lsn <= kLast; ++lsn) {
    VFS_RETURN_IF_ERROR(journal.Buffer(kType, BodyOf(lsn)).status());
    told.attempted = lsn;
  }
  VFS_RETURN_IF_ERROR(journal.Flush());
  told.acknowledged = kLast;
  told.attempted_cursor = kLast;
  VFS_RETURN_IF_ERROR(journal.SetCursor("ingest", kLast));
  told.cursor = kLast;
  told.is_closing = true;
  return journal.Close();
}

// What a journal that met a full disk says when there is room again.
void GoOn(Journal& journal, const absl::Status& full, Told& told) {
  if (!journal.Health().ok()) {
    EXPECT_EQ(journal.Health(), full);
    EXPECT_EQ(journal.Append(kType, "x").status(), full);
    EXPECT_EQ(journal.LastFlushedLsn(), told.acknowledged);
    return;
  }
  // No LSN was given for what was refused, and none is missing afterwards.
  EXPECT_EQ(journal.LastLsn(), std::max(told.acknowledged, journal.LastFlushedLsn()));
  AppendUpTo(journal, journal.LastLsn() + 12);
  told.acknowledged = told.attempted = journal.LastLsn();
}

// What is wrong after a restart on this disk, which has room; "" if nothing is.
std::string WrongAfterRestart(sim::DiskState state, const Told& told) {
  JournalWorld world(std::move(state));
  const auto journal = world.Open();
  if (!journal.ok()) return "open: " + vfs::Message(journal.status());
  const Lsn last = (*journal)->LastLsn();
  if (last < told.acknowledged || last > told.attempted) {
    return fmt::format("LSN {} is the last, {} was acknowledged, {} attempted", last,
                       told.acknowledged, told.attempted);
  }
  const auto cursors = (*journal)->state().cursors;
  const Lsn cursor = cursors.empty() ? 1 : cursors.begin()->second;
  if (cursor != told.cursor && cursor != told.attempted_cursor)
    return fmt::format("the cursor is {}, {} was acknowledged", cursor, told.cursor);
  AppendUpTo(**journal, last + 12);
  return Wrong(**journal, last + 12);
}

TEST(FullDisk, AtEveryByteNothingAcknowledgedIsLost) {
  std::uint64_t whole = 0;
  {
    JournalWorld world;
    FillingDisk disk(&world.disk(), kPlenty);
    ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(world.Env(&disk), kDir, SmallOptions()));
    Told told;
    ASSERT_OK(Live(*journal, told));
    whole = kPlenty - disk.room();
  }
  std::set<std::string> full_in;
  for (std::uint64_t room = 0; room < whole && !HasFailure(); ++room) {
    SCOPED_TRACE(fmt::format("room for {} of {} bytes", room, whole));
    JournalWorld world;
    Told told;
    {
      FillingDisk disk(&world.disk(), room);
      const auto journal = Journal::Open(world.Env(&disk), kDir, SmallOptions());
      const absl::Status full = journal.ok() ? Live(**journal, told) : journal.status();
      EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
      full_in.insert(disk.full_in());
      disk.SetRoom(kPlenty);
      if (journal.ok() && !told.is_closing) GoOn(**journal, full, told);
    }
    const sim::DiskState left = world.disk().CopyState();
    world.disk().KillProcess();
    // As long as the disk is full a restart may be refused, which changes nothing.
    {
      FillingDisk disk(&world.disk(), 0);
      const auto refused = Journal::Open(world.Env(&disk), kDir, SmallOptions());
      EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
    }
    EXPECT_EQ(WrongAfterRestart(world.disk().CopyState(), told), "");
    for (const auto kind : {sim::Personality::Kind::kNone, sim::Personality::Kind::kAll}) {
      const sim::CrashImages cut(left, {.kind = kind}, {.images_max = 1});
      cut.ForEach([&](const sim::CrashImage& image) {
        EXPECT_EQ(WrongAfterRestart(image.state, told), "") << "after a power cut";
        return true;
      });
    }
  }
  EXPECT_THAT(full_in,
              ::testing::IsSupersetOf({"journal.append", "journal.checkpoint", "journal.header",
                                       "journal.mark", "journal.spare", "journal.trailer"}));
}

}  // namespace
}  // namespace permafrost::engine::journal
