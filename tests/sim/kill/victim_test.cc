// What a killed process has said is all there, up to the instruction before its end.
#include "sim/kill/victim.h"

#include <cerrno>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sim/world/world.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::sim {
namespace {

using End = Testimony::End;
using Way = Blow::Way;

class Victim : public ::testing::Test {
 protected:
  // Makes `count` files, each attempted and acknowledged.
  absl::StatusOr<Testimony> MakeFiles(const Blow& blow, std::uint64_t count) const {
    return RunVictim(blow, [&](Witness& witness) {
      const auto disk = vfs::PosixFileSystem::Open(scratch_.path());
      VFS_CHECK(disk.ok(), "open");
      History history;
      history.SetListener([&](const Event& event) { witness.See(event); });
      World world(DiskState(),
                  {.seed = 1, .plan = {}, .real_disk = disk->get(), .witness = &witness}, nullptr);
      for (std::uint64_t i = 0; i < count; ++i) {
        history.Attempt("files", fmt::format("{}", i));
        VFS_CHECK(world.env().fs->Create(fmt::format("file{}", i)).ok(), "create");
        history.Acknowledge("files");
      }
    });
  }
  std::size_t FileCount() const {
    const auto disk = vfs::PosixFileSystem::Open(scratch_.path());
    return (*disk)->List("")->size();
  }

  TempDir scratch_;
};

TEST_F(Victim, EndsByItselfIfNobodyStrikes) {
  ASSERT_OK_AND_ASSIGN(const Testimony seen, MakeFiles({}, 3));

  EXPECT_EQ(seen.end, End::kFinished);
  EXPECT_EQ(seen.finished, 3U);
  EXPECT_EQ(seen.calls.size(), 3U);
  EXPECT_THAT(seen.calls[2], ::testing::StartsWith("3 create file2 "));
  ASSERT_EQ(seen.events.size(), 6U);
  EXPECT_EQ(seen.events[4], (Event{EventKind::kAttempt, "files", "2"}));
  EXPECT_EQ(seen.events[5], (Event{EventKind::kAcknowledge, "files", ""}));
}

TEST_F(Victim, DiesWhereACallWouldBegin) {
  ASSERT_OK_AND_ASSIGN(const Testimony seen, MakeFiles({.way = Way::kBefore, .call = 2}, 5));

  EXPECT_EQ(seen.end, End::kKilled);
  EXPECT_EQ(seen.finished, 2U);
  EXPECT_EQ(seen.in_flight, "");
  EXPECT_EQ(seen.events.size(), 5U);  // the third file is attempted
  EXPECT_EQ(FileCount(), 2U);
}

TEST_F(Victim, DiesWhereACallHasReturned) {
  ASSERT_OK_AND_ASSIGN(const Testimony seen, MakeFiles({.way = Way::kAfter, .call = 2}, 5));

  EXPECT_EQ(seen.end, End::kKilled);
  EXPECT_EQ(seen.finished, 3U);
  EXPECT_EQ(seen.events.size(), 5U);  // and not acknowledged
  EXPECT_EQ(FileCount(), 3U);
}

TEST_F(Victim, IsKilledFromOutsideSoonAfterACallBegan) {
  for (const Way way : {Way::kInside, Way::kAnyTime}) {
    ASSERT_OK_AND_ASSIGN(const Testimony seen,
                         MakeFiles({.way = way, .call = 10, .delay_nanos = 10'000}, 1'000'000'000));

    EXPECT_EQ(seen.end, End::kKilled);
    EXPECT_GE(seen.finished, way == Way::kInside ? 10U : 0U);
    ASSERT_OK_AND_ASSIGN(const auto disk, vfs::PosixFileSystem::Open(scratch_.path()));
    ASSERT_OK_AND_ASSIGN(const auto entries, disk->List(""));
    EXPECT_GE(entries.size(), seen.finished);
    EXPECT_LE(entries.size(), seen.finished + (seen.in_flight.empty() ? 0 : 1));
    for (const vfs::DirEntry& entry : entries) ASSERT_OK(disk->Unlink(entry.name));
  }
}

TEST_F(Victim, ThatEndsItselfIsHeard) {
  ASSERT_OK_AND_ASSIGN(const Testimony seen,
                       RunVictim({}, [](Witness&) { VFS_CHECK(false, "planted"); }));

  EXPECT_EQ(seen.end, End::kDied);
  EXPECT_THAT(seen.last_words, ::testing::AllOf(::testing::StartsWith("killed by signal 6"),
                                                ::testing::HasSubstr("planted")));
}

TEST_F(Victim, AFullDiskOfTheMachineIsNoFinding) {
  const auto ran = RunVictim({}, [](Witness& witness) {
    const absl::Status full = vfs::ErrnoToStatus(ENOSPC, "append", "a");
    witness.OnEnd({.kind = vfs::CallKind::kAppend, .path = "a"}, full);
  });

  EXPECT_ERROR(ran, absl::StatusCode::kResourceExhausted,
               "append a: No space left on device (errno 28); free space on this volume, then "
               "restart");
}

}  // namespace
}  // namespace permafrost::sim
