// Damage that says nothing, space that runs out, and calls that take long.
#include <cerrno>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/faulty_file_system.h"
#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"
#include "vfs/clock.h"

namespace permafrost::faults {
namespace {

using ::testing::ElementsAre;

class StoppedClock final : public vfs::Clock {
 public:
  std::uint64_t NowNanos() override { return slept; }
  std::uint64_t MonotonicNanos() override { return slept; }
  void SleepNanos(std::uint64_t nanos) override { slept += nanos; }
  std::uint64_t slept = 0;
};

class Rot : public ::testing::Test {
 protected:
  std::unique_ptr<FaultyFileSystem> Under(std::string_view rules) {
    auto plan = ParsePlan(rules);
    EXPECT_OK(plan);
    return std::make_unique<FaultyFileSystem>(&disk_, *plan, &clock_);
  }
  std::string OnDisk(std::string_view path) {
    auto file = disk_.Open(path, vfs::OpenMode::kRead);
    std::string content(*(*file)->Size(), '\0');
    EXPECT_OK((*file)->Read(0, content));
    return content;
  }

  StoppedClock clock_;
  sim::SimFileSystem disk_;
};

TEST_F(Rot, AFlippedBitIsInTheMiddleOfWhatWasWritten) {
  const auto fs = Under("when append nth=1 then flip; when read nth=2 then flip");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));

  EXPECT_OK(file->Append("abcde"));
  EXPECT_OK(file->Append("fghij"));

  EXPECT_EQ(OnDisk("f"), "abbdefghij");
  std::string read(10, '\0');
  EXPECT_OK(file->Read(0, read));
  EXPECT_EQ(read, "abbdefghij");
  EXPECT_OK(file->Read(0, read));
  EXPECT_EQ(read, "abbdegghij");
}

TEST_F(Rot, AZeroedSectorIsTheOneAroundTheMiddle) {
  const auto fs = Under("when append nth=1 then zero; when read then zero");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));

  EXPECT_OK(file->Append(std::string(1536, 'a')));

  EXPECT_EQ(OnDisk("f"), std::string(512, 'a') + std::string(512, '\0') + std::string(512, 'a'));
  std::string read(512, '\0');
  EXPECT_OK(file->Read(0, read));
  EXPECT_EQ(read, std::string(512, '\0'));
}

TEST_F(Rot, AMisdirectedWriteLandsASectorBeforeItsPlace) {
  const auto fs = Under("when append nth=2 then misdirect; when write nth=1 then misdirect");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));
  ASSERT_OK(file->Append(std::string(600, 'a')));

  EXPECT_OK(file->Append("bb"));
  EXPECT_OK(file->Write(10, "cc"));

  std::string expected = std::string(600, 'a') + std::string(2, '\0');
  expected.replace(88, 2, "bb");
  EXPECT_EQ(OnDisk("f"), expected) << "the second has no sector before it and is lost";
}

TEST_F(Rot, ALostWriteIsAcknowledgedAndNeverThere) {
  const auto fs = Under("when append nth=2 then lose; when write nth=1 then lose");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));
  ASSERT_OK(file->Append("aa"));

  EXPECT_OK(file->Append("bb"));
  EXPECT_OK(file->Write(0, "cc"));

  EXPECT_EQ(OnDisk("f"), std::string("aa\0\0", 4));
  EXPECT_TRUE(fs->HasRot());
}

TEST_F(Rot, AStaleReadShowsWhatIsDurable) {
  const auto fs = Under("when read nth=1 then stale");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));
  ASSERT_OK(file->Append("old"));
  ASSERT_OK(file->Sync());
  ASSERT_OK(file->Write(0, "new"));
  ASSERT_OK(file->Append("!"));
  std::string read(9, '\0');

  ASSERT_OK_AND_ASSIGN(const std::size_t stale, file->Read(0, read));
  EXPECT_EQ(read.substr(0, stale), std::string("old\0", 4));
  ASSERT_OK_AND_ASSIGN(const std::size_t fresh, file->Read(0, read));
  EXPECT_EQ(read.substr(0, fresh), "new!");
}

TEST_F(Rot, NoErrorIsRot) {
  const auto fs = Under("when append nth=1 then short; when sync then fail");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));

  EXPECT_FALSE(file->Append("abcd").ok());
  EXPECT_FALSE(file->Sync().ok());

  EXPECT_FALSE(fs->HasRot());
}

TEST_F(Rot, ABudgetIsSpentByWhatFits) {
  const auto fs = Under("when any-write budget=10 then enospc");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));
  const auto append = [&](std::size_t bytes) {
    return vfs::ErrnoOf(file->Append(std::string(bytes, 'a')));
  };

  std::vector<int> errors = {append(6), append(5), append(4), append(1)};

  EXPECT_THAT(errors, ElementsAre(0, ENOSPC, 0, ENOSPC));
  EXPECT_EQ(OnDisk("f").size(), 10U);
}

TEST_F(Rot, ARangeIsAboutBytes) {
  const auto fs = Under("when read range=4-6 then eio");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));
  ASSERT_OK(file->Append("0123456789"));
  std::string two(2, '\0');

  EXPECT_OK(file->Read(2, two));
  EXPECT_FALSE(file->Read(3, two).ok());
  EXPECT_FALSE(file->Read(5, two).ok());
  EXPECT_OK(file->Read(6, two));
}

TEST_F(Rot, AStallTakesItsTimeAndThenTheCallIsCarriedOut) {
  const auto fs = Under("when append nth=2 then stall:250ms; when append nth=2 then eio");
  ASSERT_OK_AND_ASSIGN(const auto file, fs->Create("f"));

  EXPECT_OK(file->Append("a"));
  EXPECT_EQ(clock_.slept, 0U);
  EXPECT_FALSE(file->Append("b").ok());

  EXPECT_EQ(clock_.slept, 250'000'000U);
  EXPECT_THAT(fs->Unfired(), ElementsAre());
  EXPECT_EQ(OnDisk("f"), "a");
}

}  // namespace
}  // namespace permafrost::faults
