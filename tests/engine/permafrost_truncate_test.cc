// permafrost journal verify --truncate-at: what goes, what stays, what is refused, and every cut in
// between.
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/daemon/journal_verify_command.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "tests/engine/journal/follower.h"
#include "tests/engine/permafrost_journal.h"
#include "vfs/base/step.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine {
namespace {

using journal::HashCheck;
using journal::Lsn;
using journal::testing::AppendUpTo;
using journal::testing::BootOptions;
using journal::testing::JournalWorld;
using journal::testing::kDir;
using journal::testing::PathOf;
using journal::testing::Wrong;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;

class PermafrostTruncate : public JournalDirectory {
 protected:
  Ran TruncateAt(const std::string& lsn, const std::string& flags = "") {
    return Verify("--truncate-at " + lsn + " " + flags);
  }
  // LSN 1 to 3 in the first segment, 4 in the second.
  void FillTwo() {
    Fill();
    ASSERT_EQ(Append({kEpoch}).out, "4\n");
  }
  // Without the lock files, which say who took them last.
  std::map<std::string, std::string> Files() {
    auto files = Listing(dir_);
    files.erase("writer.lock");
    files.erase("lease-replica");
    return files;
  }
  std::vector<nlohmann::json> Dump() {
    return JsonLines(Command("journal dump --json --dir " + dir_).out);
  }
  void ExpectGoesOn(Lsn next) {
    const Ran ran = Append({kEpoch});
    EXPECT_EQ(ran.out, std::to_string(next) + "\n") << ran.err;
    EXPECT_EQ(Verify("--deep").code, 0);
    EXPECT_THAT(Dump(), SizeIs(next));
  }
};

TEST_F(PermafrostTruncate, RemovesTheDamagedRecordAndAllBehindItAndKeepsTheBytes) {
  FillTwo();
  Overwrite(first_segment_, 150, "damage");
  const auto before = Files();

  const Ran ran = TruncateAt("2");

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err, "");
  EXPECT_THAT(
      ran.out,
      MatchesRegex(
          "verify journal segment j/00000000000000000000.seg: damage at byte 144 \\(offset 144\\): "
          "expected crc32c [0-9a-f]{8}, computed [0-9a-f]{8}; LSN 2 was durable \\(segment "
          "j/00000000000000000360.seg follows\\)\n"
          "removed LSN 2 to 4 at least; the log ends with LSN 1\n"
          "removed [0-9]+ bytes of j/00000000000000000000.seg from byte 144 on; kept as "
          "j/00000000000000000144.removed\n"
          "removed 65536 bytes of j/00000000000000000360.seg from byte 0 on; kept as "
          "j/00000000000000000360.removed\n"
          "LSN 2 is given again: who has applied it must be made anew\n"));
  auto after = Listing(dir_);
  const std::string& rest = after["00000000000000000144.removed"];
  EXPECT_THAT(before.at(first_segment_).substr(144), StartsWith(rest));
  EXPECT_THAT(rest, HasSubstr("damage"));
  EXPECT_EQ(after["00000000000000000360.removed"], before.at("00000000000000000360.seg"));
  ASSERT_THAT(Dump(), SizeIs(1));
  EXPECT_EQ(Dump()[0]["hash"], kAddress);
  ExpectGoesOn(2);
}

TEST_F(PermafrostTruncate, DamageInTheLastSegmentIsCutThere) {
  FillTwo();
  ASSERT_EQ(Append({kEpoch, kAccounts}).out, "5\n6\n");
  Overwrite("00000000000000000560.seg", 70, "damage");

  const nlohmann::json json = nlohmann::json::parse(TruncateAt("5", "--json").out);

  EXPECT_EQ(json["removed_lsn"], 5);
  EXPECT_EQ(json["last_lsn"], 4);
  EXPECT_THAT(json["findings"], SizeIs(1));
  ASSERT_THAT(json["removed"], SizeIs(1));
  EXPECT_EQ(json["removed"][0]["file"], "j/00000000000000000560.seg");
  EXPECT_EQ(json["removed"][0]["position"], 64);
  EXPECT_EQ(json["removed"][0]["kept_as"], "j/00000000000000000624.removed");
  ExpectGoesOn(5);
}

TEST_F(PermafrostTruncate, AHeaderThatCannotBeReadEndsTheLogBeforeIt) {
  FillTwo();
  Overwrite("00000000000000000360.seg", 50, "damage");

  EXPECT_THAT(TruncateAt("4").out, HasSubstr("\nremoved LSN 4; the log ends with LSN 3\n"));
  ExpectGoesOn(4);
}

TEST_F(PermafrostTruncate, AFirstHeaderThatCannotBeReadLeavesNothing) {
  FillTwo();
  const std::string id = nlohmann::json::parse(Verify("--json").out)["store_id"];
  Overwrite(first_segment_, 50, "damage");

  EXPECT_THAT(TruncateAt("1").out,
              HasSubstr("\nremoved LSN 1 to 4 at least; the log ends with LSN 0\n"));
  EXPECT_EQ(nlohmann::json::parse(Verify("--json").out)["store_id"], id);
  EXPECT_THAT(Listing(dir_)["00000000000000000000.removed"], HasSubstr("alice"));
  ExpectGoesOn(1);
}

TEST_F(PermafrostTruncate, ASegmentThatIsMissingEndsTheLogBeforeIt) {
  FillTwo();
  ASSERT_EQ(Append({kEpoch}).out, "5\n");
  ASSERT_EQ(::unlink((dir_ + "/00000000000000000360.seg").c_str()), 0);

  EXPECT_THAT(TruncateAt("4").out, HasSubstr("; the log ends with LSN 3\n"));
  ExpectGoesOn(4);
}

TEST_F(PermafrostTruncate, ACursorBehindTheEndIsNamedAndGoesOnlyWhenItIs) {
  FillTwo();
  const std::string set = "--cursor old=2 --cursor new=4 --cursor newer=5";
  ASSERT_EQ(
      Command("journal checkpoint --journal.segment_bytes 65536 " + set + " --dir " + dir_).code,
      0);
  Overwrite(first_segment_, 150, "damage");
  const auto before = Files();

  ExpectUsage(TruncateAt("2", "--remove-cursor new"),
              "permafrost: truncate journal j at LSN 2: cursor 'newer' (LSN 5) stands behind it: "
              "its owner has applied records that would be gone, and must be made anew; then name "
              "the cursor with --remove-cursor\n");
  EXPECT_TRUE(Files() == before);
  const Ran ran = TruncateAt("2", "--remove-cursor new --remove-cursor newer");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("removed cursor 'new' (LSN 4)\n"
                                 "removed cursor 'newer' (LSN 5)\n"));
  ASSERT_EQ(Append({kEpoch}).out, "2\n");
  EXPECT_THAT(Command("journal checkpoint --cursor old=3 --dir " + dir_).out,
              StartsWith("applied up to LSN 2; "));
}

TEST_F(PermafrostTruncate, WhatTheWriterOfThisBootHadSyncedIsMissedAndCanBeGivenUp) {
  Fill();
  // The records and the close mark are gone; only `durable` knows of them.
  Overwrite(first_segment_, 64, std::string(400, '\0'));

  const Ran verify = Verify();
  EXPECT_EQ(verify.code, 4);
  EXPECT_THAT(verify.err, HasSubstr("LSN 1 was durable (the writer of this boot had synced it)\n"));
  EXPECT_EQ(Append({kEpoch}).code, 4);
  EXPECT_THAT(TruncateAt("1").out, HasSubstr("removed LSN 1 to 3 at least;"));
  ExpectGoesOn(1);
}

TEST_F(PermafrostTruncate, ABodyThatIsNotItsHashIsRemovedByADeepOne) {
  FillTwo();
  OverwriteBody();

  ExpectUsage(TruncateAt("1"),
              "permafrost: --truncate-at 1: journal j has no damage; nothing was removed\n");
  EXPECT_EQ(TruncateAt("1", "--deep").code, 0);
  ExpectGoesOn(1);
}

TEST_F(PermafrostTruncate, WhatIsNotMeantIsRefusedAndNothingChanges) {
  FillTwo();
  ExpectUsage(TruncateAt("2"),
              "permafrost: --truncate-at 2: journal j has no damage; nothing was removed\n");
  Overwrite(first_segment_, 150, "damage");
  const auto before = Files();

  ExpectUsage(
      TruncateAt("3"),
      "permafrost: --truncate-at 3: the first damaged record of journal j is LSN 2; nothing "
      "was removed\n");
  ExpectUsage(TruncateAt("0"),
              "permafrost: --truncate-at: '0' is not a whole number from 1 to 2^64-1; see "
              "permafrost journal verify --help\n");
  ExpectUsage(Verify("--remove-cursor a"),
              "permafrost: --remove-cursor requires --truncate-at; see permafrost journal verify "
              "--help\n");
  ASSERT_OK_AND_ASSIGN(auto fs, vfs::PosixFileSystem::Open(dir_));
  {
    ASSERT_OK_AND_ASSIGN(const auto lease, fs->Lock("lease-replica", {.content = "4242"}));
    ExpectUsage(TruncateAt("2"),
                "permafrost: truncate journal j: tailer 'replica' follows it; end that first\n");
  }
  ASSERT_OK_AND_ASSIGN(const auto lock, fs->Lock("writer.lock", {.content = "4242"}));
  const Ran held = TruncateAt("2");
  EXPECT_EQ(held.code, 3);
  EXPECT_THAT(held.err, MatchesRegex("permafrost: lock j/writer.lock: held by .*4242.*\n"));
  EXPECT_TRUE(Files() == before);
}

// --- every cut between two steps, on the simulated disk ---

constexpr Lsn kLast = 40;
constexpr std::uint8_t kThisBoot = 0xb0;

JournalPlaceOptions PlaceOf(std::uint8_t boot) {
  JournalPlaceOptions place{.directory = kDir, .holder = "42"};
  place.writer.segment_bytes = 2048;
  place.boot_id.fill(boot);
  return place;
}

CommandResult Truncate(const vfs::Env& env, std::uint8_t boot, Lsn at) {
  return JournalTruncateCommand(env, PlaceOf(boot), HashCheck::kYes,
                                {.at = at, .remove_cursors = {"new"}});
}

enum class Told { kNothing, kDone };

// What is wrong after a cut: it must be damaged as before, unless somebody was told that it is not,
// or truncated; once more, and it goes on.
std::string Finish(const sim::DiskState& state, std::uint8_t boot, Lsn at, Told told) {
  JournalWorld world(state);
  const CommandResult verdict = JournalVerifyCommand(world.Env(), PlaceOf(boot), HashCheck::kYes);
  if (verdict.code != ExitCode::kOk) {
    if (verdict.code != ExitCode::kDataLoss || told == Told::kDone) return "verify: " + verdict.err;
    const CommandResult again = Truncate(world.Env(), boot, at);
    if (again.code != ExitCode::kOk) return "again: " + again.err;
  }
  journal::JournalOptions options = BootOptions();
  options.boot_id.fill(boot);
  const auto journal = world.Open(options);
  if (!journal.ok()) return "open: " + vfs::Message(journal.status());
  if (const std::string wrong = Wrong(**journal, at - 1); !wrong.empty()) return wrong;
  AppendUpTo(**journal, at + 20);
  return Wrong(**journal, at + 20);
}

class SnapshotEachCall final : public vfs::CallObserver {
 public:
  explicit SnapshotEachCall(const sim::SimFileSystem* disk) : disk_(disk) {}
  void OnBegin(const vfs::Call& call) override {
    if (vfs::IsMutating(call.kind))
      points.emplace_back(disk_->state(), vfs::Step::Path() + " " + std::string(call.path));
  }
  void OnEnd(const vfs::Call&, const absl::Status&) override {}

  std::vector<std::pair<sim::DiskState, std::string>> points;

 private:
  const sim::SimFileSystem* const disk_;
};

// A log of several segments with damage in a segment: of its header, or of its record `at`.
struct Damaged {
  sim::DiskState state;
  Lsn at = 0;
};

Damaged Damage(std::size_t segment, bool in_header) {
  JournalWorld world;
  Damaged damaged;
  {
    journal::JournalOptions options = BootOptions();
    options.boot_id.fill(kThisBoot);
    auto journal = world.Open(options);
    AppendUpTo(**journal, kLast);
    EXPECT_OK((*journal)->SetCursor("old", 1));
    EXPECT_OK((*journal)->SetCursor("new", kLast + 1));
    const std::vector<journal::Segment> segments = (*journal)->segments();
    const std::size_t which = segment == 0 ? 0 : segments.size() - segment;
    const journal::SegmentHeader& header = segments[which].header;
    damaged.at = in_header ? header.first_lsn : header.first_lsn + 1;
    const std::uint64_t offset =
        in_header ? header.base : (*(*journal)->Get(damaged.at)).offset + journal::kFrameBytes;
    journal::testing::Overwrite(world.disk(), PathOf(header.base), offset - header.base + 24, "xx");
  }
  EXPECT_OK((*world.disk().Open(PathOf(0), vfs::OpenMode::kReadWrite))->Sync());
  world.disk().KillProcess();
  damaged.state = world.disk().CopyState();
  return damaged;
}

struct Explored {
  std::uint64_t points = 0;
  std::uint64_t images = 0;
  std::string violation;  // the first one, with where the cut fell
};

// A truncation cut before each call that changes the disk, and after the last.
void Explore(const Damaged& damaged, const faults::FaultPlan& plan, Explored& explored) {
  constexpr std::uint8_t kNextBoot = kThisBoot + 1;
  JournalWorld world(damaged.state);
  faults::FaultyFileSystem faulty(&world.disk(), plan);
  SnapshotEachCall snapshots(&world.disk());
  vfs::RecordingFileSystem recording(&faulty, &snapshots);
  const CommandResult done = Truncate(world.Env(&recording), kThisBoot, damaged.at);
  EXPECT_THAT(done.out, HasSubstr("removed cursor 'new' (LSN 41)\n")) << done.err;
  snapshots.points.emplace_back(world.disk().state(), "the end");
  for (std::size_t i = 0; i < snapshots.points.size() && explored.violation.empty(); ++i) {
    const auto& [state, where] = snapshots.points[i];
    const Told told = i + 1 == snapshots.points.size() ? Told::kDone : Told::kNothing;
    const std::string wrong = Finish(state, kThisBoot, damaged.at, told);
    if (!wrong.empty()) explored.violation = "process death before " + where + ": " + wrong;
    const sim::CrashImages cut(state, sim::Personality{},
                               {.images_max = 8, .random_images = 4, .seed = explored.points++});
    cut.ForEach([&](const sim::CrashImage& image) {
      ++explored.images;
      const std::string lost = Finish(image.state, kNextBoot, damaged.at, told);
      if (lost.empty()) return true;
      explored.violation = "cut before " + where + ", image " + image.choice + ": " + lost;
      return false;
    });
  }
}

TEST(JournalTruncation, EveryCutLeavesTheDamagedLogOrTheTruncatedOne) {
  Explored explored;
  for (const std::size_t segment : {0U, 2U}) {
    for (const bool in_header : {false, true}) {
      Explore(Damage(segment, in_header), {}, explored);
      ASSERT_EQ(explored.violation, "") << segment << " " << in_header;
    }
  }
  EXPECT_GT(explored.points, 60U);
  EXPECT_GT(explored.images, explored.points);
}

// The harness above is worth its silence only if it speaks when a sync is left out.
TEST(JournalTruncation, ASyncThatIsLeftOutIsFound) {
  for (const std::string label : {"journal.sync.dir", "journal.sync.header"}) {
    const auto plan = faults::ParseMutation("drop " + label);
    ASSERT_OK(plan);
    Explored explored;
    Explore(Damage(0, false), *plan, explored);
    EXPECT_NE(explored.violation, "") << label;
  }
}

}  // namespace
}  // namespace permafrost::engine
