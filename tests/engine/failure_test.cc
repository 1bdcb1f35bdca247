// Every error has the class that its reaction needs.
#include "engine/store/failure.h"

#include <cerrno>

#include <gmock/gmock.h>

#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

absl::Status Errno(int error) { return vfs::ErrnoToStatus(error, "append", "ledgers/a"); }

TEST(FaultClass, ErrnosOfADisk) {
  EXPECT_EQ(ClassOf(Errno(EIO)), FaultClass::kTransient);
  EXPECT_EQ(ClassOf(Errno(EMFILE)), FaultClass::kTransient);
  EXPECT_EQ(ClassOf(Errno(ENFILE)), FaultClass::kTransient);
  EXPECT_EQ(ClassOf(Errno(ENOSPC)), FaultClass::kNoSpace);
  absl::Status sync = vfs::DataLoss("sync ledgers/a: no space");
  vfs::SetErrno(sync, EDQUOT);
  EXPECT_EQ(ClassOf(sync), FaultClass::kNoSpace);
  EXPECT_EQ(ClassOf(Errno(EDQUOT)), FaultClass::kNoSpace);
  EXPECT_EQ(ClassOf(Errno(EROFS)), FaultClass::kPermanent);
  EXPECT_EQ(ClassOf(Errno(EACCES)), FaultClass::kPermanent);
}

TEST(FaultClass, ErrorsOfOurOwn) {
  EXPECT_EQ(ClassOf(absl::OkStatus()), FaultClass::kNone);
  EXPECT_EQ(ClassOf(vfs::Unavailable("read the lake: not there yet")), FaultClass::kTransient);
  EXPECT_EQ(ClassOf(vfs::Aborted("sweep: still read")), FaultClass::kTransient);
  EXPECT_EQ(ClassOf(vfs::ResourceExhausted("write below 'hot': the reserve")),
            FaultClass::kNoSpace);
  EXPECT_EQ(ClassOf(vfs::DataLoss("read ledgers/a at 0: checksum")), FaultClass::kPermanent);
  EXPECT_EQ(ClassOf(vfs::FailedPrecondition("start store: geometry")), FaultClass::kPermanent);
  EXPECT_EQ(ClassOf(vfs::Internal("a bug")), FaultClass::kPermanent);
}

}  // namespace
}  // namespace permafrost::engine
