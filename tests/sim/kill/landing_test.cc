// What a kill leaves is found again in the simulated run; what no call of it leaves is not.
#include "sim/kill/landing.h"

#include <gmock/gmock.h>

#include "tests/status_matchers.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

// Mutating calls: create a; append 8 bytes; lock l.
std::vector<CrashPoint> SmallRun() {
  History history;
  World world(DiskState(), {.seed = 1, .plan = {}, .keep_points = KeepPoints::kYes}, &history);
  const auto file = world.env().fs->Create("a");
  VFS_CHECK(file.ok() && (*file)->Append("12345678").ok(), "a");
  const auto lock = world.env().fs->Lock("l", {.content = "7"});
  VFS_CHECK(lock.ok(), "l");
  return world.TakePoints();
}

Tree TreeOf(const Landing& landing) {
  const SimFileSystem fs(landing.disk);
  const auto tree = ReadTree(fs);
  VFS_CHECK(tree.ok(), "tree");
  return *tree;
}

constexpr char kAppend[] = "append a";
constexpr char kLock[] = "lock l";

TEST(FindLanding, BetweenTwoCallsItIsThePointThere) {
  ASSERT_OK_AND_ASSIGN(const Landing landing, FindLanding(SmallRun(), 1, "", {{"a", ""}}));

  EXPECT_EQ(landing.point, 1U);
  EXPECT_FALSE(landing.is_torn);
}

TEST(FindLanding, ACallUnderWayMayHaveBeenDoneOrNot) {
  ASSERT_OK_AND_ASSIGN(const Landing before, FindLanding(SmallRun(), 1, kAppend, {{"a", ""}}));
  EXPECT_EQ(before.point, 1U);

  ASSERT_OK_AND_ASSIGN(const Landing after,
                       FindLanding(SmallRun(), 1, kAppend, {{"a", "12345678"}}));
  EXPECT_EQ(after.point, 2U);
  EXPECT_FALSE(after.is_torn);
}

TEST(FindLanding, AnAppendMayStopOnItsWay) {
  const Tree real{{"a", "123"}};

  ASSERT_OK_AND_ASSIGN(const Landing landing, FindLanding(SmallRun(), 1, kAppend, real));

  EXPECT_EQ(landing.point, 1U);
  EXPECT_TRUE(landing.is_torn);
  EXPECT_EQ(TreeOf(landing), real);
  EXPECT_TRUE(landing.disk.HasPending());  // unsettled as the rest of it
}

TEST(FindLanding, ALockFileMayBeEmptyStill) {
  const Tree real{{"a", "12345678"}, {"l", ""}};

  ASSERT_OK_AND_ASSIGN(const Landing landing, FindLanding(SmallRun(), 2, kLock, real));

  EXPECT_TRUE(landing.is_torn);
  EXPECT_EQ(TreeOf(landing), real);
}

TEST(FindLanding, WhatNoCallLeavesIsRefused) {
  const std::vector<CrashPoint> points = SmallRun();

  EXPECT_ERROR(FindLanding(points, 1, "", {{"a", "1"}}), absl::StatusCode::kDataLoss,
               "after call 1: a: a file of 1 bytes on the real disk, a file of 0 bytes in the "
               "simulator");
  EXPECT_ERROR(FindLanding(points, 1, kAppend, {{"a", "13"}}), absl::StatusCode::kDataLoss,
               "inside call 2, append a: a: a file of 2 bytes on the real disk, a file of 0 bytes "
               "in the simulator");
  EXPECT_ERROR(FindLanding(points, 1, kAppend, {{"a", "123"}, {"b", ""}}),
               absl::StatusCode::kDataLoss,
               "inside call 2, append a: a: a file of 3 bytes on the real disk, a file of 0 bytes "
               "in the simulator");
  EXPECT_ERROR(FindLanding(points, 2, kLock, {{"a", "12345678"}, {"l", "8"}}),
               absl::StatusCode::kDataLoss,
               "inside call 3, lock l: l: a file of 1 bytes on the real disk, nothing in the "
               "simulator");
}

}  // namespace
}  // namespace permafrost::sim
