// The fault points of the real disk under libfiu: silent until armed; then its errno is the error
// of the call, and a failed sync poisons. Each of them: tests/faults/fault_plan_disks_test.cc.
#include <cerrno>
#include <cstdint>
#include <string>

#include <fiu-control.h>
#include <gmock/gmock.h>

#include "tests/status_matchers.h"
#include "tests/vfs/posix_world.h"
#include "vfs/base/fault_point.h"
#include "vfs/base/status.h"

namespace permafrost::vfs {
namespace {

using ::testing::Eq;

constexpr auto kDataLoss = absl::StatusCode::kDataLoss;
constexpr auto kPrecondition = absl::StatusCode::kFailedPrecondition;

enum class Armed { kNo, kYes };

// A point that fails with this errno while this lives.
class FailingPoint {
 public:
  FailingPoint(const char* name, std::intptr_t error, Armed armed = Armed::kYes, unsigned flags = 0)
      : name_(name), armed_(armed) {
    ArmFaultPoints();  // libfiu wants to be begun first
    if (armed_ == Armed::kNo) DisarmFaultPoints();
    EXPECT_EQ(::fiu_enable(name_, 1, reinterpret_cast<void*>(error), flags), 0);
  }
  ~FailingPoint() {
    ::fiu_disable(name_);
    if (armed_ == Armed::kYes) DisarmFaultPoints();
  }
  FailingPoint(const FailingPoint&) = delete;
  FailingPoint& operator=(const FailingPoint&) = delete;

 private:
  const char* const name_;
  const Armed armed_;
};

TEST(FaultPoints, AreSilentUntilArmed) {
  PosixWorld world;
  const FailingPoint point("vfs/create", EIO, Armed::kNo);

  EXPECT_OK(world.fs().Create("a"));
}

TEST(FaultPoints, TheErrnoIsTheFailinfoOfTheCommandOrEio) {
  PosixWorld world;
  absl::Status full;
  absl::Status unnumbered;
  {
    const FailingPoint point("vfs/create", ENOSPC);
    full = world.fs().Create("a").status();
  }
  {
    const FailingPoint point("vfs/create", 0);
    unnumbered = world.fs().Create("a").status();
  }

  EXPECT_ERROR(full, absl::StatusCode::kResourceExhausted,
               Eq("create a: No space left on device (errno 28); free space on this volume, then "
                  "restart"));
  EXPECT_ERROR(unnumbered, kDataLoss, Eq("create a: Input/output error (errno 5)"));
  EXPECT_TRUE(IsInjected(full));
  EXPECT_OK(world.fs().Create("a"));  // nothing was done
}

TEST(FaultPoints, AFailedSyncPoisonsTheHandleForGood) {
  PosixWorld world;
  ASSERT_OK_AND_ASSIGN(const auto file, world.fs().Create("a"));
  for (const char* name : {"vfs/sync", "vfs/sync_data"}) {
    const FailingPoint point(name, ENOSPC);
    const bool is_data = name == std::string_view("vfs/sync_data");
    const absl::Status failed = is_data ? file->SyncData() : file->Sync();
    EXPECT_EQ(failed.code(), kDataLoss) << name;
    EXPECT_TRUE(IsInjected(failed)) << name;
  }

  const std::string poisoned =
      "poisoned by an earlier error: sync a: No space left on device (errno 28); free space on "
      "this volume, then restart";
  EXPECT_ERROR(file->Append("x"), kPrecondition, Eq("append a: " + poisoned));
  EXPECT_ERROR(file->Sync(), kPrecondition, Eq("sync a: " + poisoned));
}

TEST(FaultPoints, AFailedSyncPoisonsTheDirectoryForTheFileSystemsLife) {
  PosixWorld world;
  ASSERT_OK(world.fs().MakeDir("d"));
  {
    const FailingPoint point("vfs/sync_dir", EIO);
    const absl::Status failed = world.fs().SyncDir("d");
    EXPECT_ERROR(failed, kDataLoss, Eq("sync_dir d: Input/output error (errno 5)"));
    EXPECT_TRUE(IsInjected(failed));
  }

  EXPECT_ERROR(world.fs().SyncDir("d"), kPrecondition,
               Eq("sync_dir d: poisoned by an earlier error: sync_dir d: Input/output error (errno "
                  "5)"));
  EXPECT_OK(world.fs().SyncDir(""));
}

TEST(FaultPoints, WhatACallLooksUpForItselfIsNoCall) {
  PosixWorld world;
  const FailingPoint once("vfs/list", EIO, Armed::kYes, FIU_ONETIME);

  EXPECT_OK(world.fs().DropCaches());

  EXPECT_FALSE(world.fs().List("").ok());  // the one failure is not spent
}

}  // namespace
}  // namespace permafrost::vfs
