// Roots: made with a durable chain, renewed when unproven, locked once each, refused when held.
#include "engine/locks/roots.h"

#include <gmock/gmock.h>

#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;

Layout DefaultLayout() { return *Layout::Create(Geometry::Production(), Roots{}); }

sim::DiskState CutLosingEverythingUnsettled(const sim::SimFileSystem& disk) {
  const sim::CrashImages cut(disk.state(), {.kind = sim::Personality::Kind::kNone},
                             {.images_max = 1});
  sim::DiskState left;
  cut.ForEach([&](const sim::CrashImage& image) {
    left = image.state;
    return false;
  });
  return left;
}

TEST(Roots, SurviveACutRightAfterTheyWereMade) {
  sim::SimFileSystem disk;

  ASSERT_OK(PrepareRoots(&disk, DefaultLayout()));

  const sim::SimFileSystem after(CutLosingEverythingUnsettled(disk));
  for (const char* directory :
       {"catalog/rocksdb", "ledgers", "events", "txhash/raw", "txhash/index", "hot"}) {
    EXPECT_TRUE(*after.Exists(directory)) << directory;
  }
}

TEST(Roots, FoundUnsettledAfterADeathTheyAreSettled) {
  sim::SimFileSystem disk;
  ASSERT_OK(disk.MakeDir("ledgers"));
  ASSERT_OK(disk.MakeDir("txhash"));
  disk.KillProcess();

  ASSERT_OK(PrepareRoots(&disk, DefaultLayout()));

  const sim::SimFileSystem after(CutLosingEverythingUnsettled(disk));
  EXPECT_TRUE(*after.Exists("ledgers"));
  EXPECT_TRUE(*after.Exists("txhash/raw"));
}

TEST(Roots, AFailedSyncIsMadeGoodByTheNextStart) {
  for (std::uint64_t nth = 1; nth <= 9; ++nth) {
    sim::SimFileSystem disk;
    const auto plan = faults::ParsePlan("when sync_dir nth=" + std::to_string(nth) + " then eio");
    ASSERT_OK(plan);
    faults::FaultyFileSystem faulty(&disk, *plan);
    ASSERT_FALSE(PrepareRoots(&faulty, DefaultLayout()).ok()) << nth;

    ASSERT_OK(PrepareRoots(&disk, DefaultLayout()));

    const sim::SimFileSystem after(CutLosingEverythingUnsettled(disk));
    for (const char* directory : {"catalog/rocksdb", "ledgers", "txhash/index", "hot"}) {
      EXPECT_TRUE(*after.Exists(directory)) << directory << " after failed sync " << nth;
    }
  }
}

TEST(Roots, AFileInTheWayIsNamed) {
  sim::SimFileSystem disk;
  ASSERT_OK(disk.Create("hot"));

  EXPECT_ERROR(PrepareRoots(&disk, DefaultLayout()), absl::StatusCode::kFailedPrecondition,
               "make root hot: a file of this name is in the way; move it or choose another "
               "directory");
}

TEST(RootLocks, EveryRootIsLockedUntilReleased) {
  sim::SimFileSystem disk;
  ASSERT_OK(PrepareRoots(&disk, DefaultLayout()));
  {
    ASSERT_OK_AND_ASSIGN(const RootLocks held, RootLocks::Take(&disk, DefaultLayout(), "77"));
    EXPECT_EQ(held.count(), 6U);
    EXPECT_ERROR(RootLocks::Take(&disk, DefaultLayout(), "78"),
                 absl::StatusCode::kFailedPrecondition, HasSubstr("77"));
  }

  EXPECT_OK(RootLocks::Take(&disk, DefaultLayout(), "78"));
}

TEST(RootLocks, ALaterHeldRootReleasesTheEarlierOnes) {
  sim::SimFileSystem disk;
  ASSERT_OK(PrepareRoots(&disk, DefaultLayout()));
  ASSERT_OK_AND_ASSIGN(const auto other, disk.Lock("hot/permafrost.lock", {.content = "99"}));

  EXPECT_ERROR(RootLocks::Take(&disk, DefaultLayout(), "77"), absl::StatusCode::kFailedPrecondition,
               HasSubstr("open store: the hot root is held"));

  EXPECT_OK(disk.Lock("catalog/permafrost.lock", {}));
}

}  // namespace
}  // namespace permafrost::engine
