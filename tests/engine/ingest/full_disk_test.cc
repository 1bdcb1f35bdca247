// A disk that is full after so many bytes of an ingestion: reads go on, nothing that was
// acknowledged is lost, and it resumes when there is space.
#include <string>

#include <absl/functional/function_ref.h>
#include <gmock/gmock.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/synthetic_source.h"
#include "engine/store/failure.h"
#include "tests/engine/filling_disk.h"
#include "tests/engine/ledger_model.h"
#include "tests/engine/once_source.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using testing::ClosingDisk;
using testing::FillingDisk;
using testing::LedgerModel;
using testing::LedgerWorld;
using testing::OnceSource;

constexpr std::uint64_t kSeed = 41;
constexpr std::uint32_t kLedgers = 30;
constexpr std::uint64_t kPlenty = std::uint64_t{1} << 32;

enum class Way { kOnce, kBulk };

absl::Status IngestAll(LedgerWorld& world, Way way, std::uint32_t* acknowledged = nullptr) {
  OnceSource once(kSeed, kLedgers);
  SyntheticSource bulk(kSeed, kLedgers);
  IngestHooks hooks;
  hooks.on_progress = [&](const IngestReport& report) {
    if (acknowledged != nullptr) *acknowledged = report.last->value();
  };
  LedgerSource& source = way == Way::kOnce ? static_cast<LedgerSource&>(once) : bulk;
  return Ingest(world.store(), source, hooks).status();
}

class FullDisk : public ::testing::TestWithParam<Way> {
 protected:
  FullDisk() {
    LedgerWorld whole;
    EXPECT_OK(whole.Open());
    EXPECT_OK(IngestAll(whole, Way::kBulk));
    files_ = whole.ColdFiles();
  }

  // A disk that is full at some moment of the ingestion, as `fill` says, and has space again when
  // `empty` says. Whether it was full before the end. Any finding fails the test.
  template <typename Disk>
  bool Fills(Disk& disk,
             LedgerWorld& world,
             absl::FunctionRef<void()> fill,
             absl::FunctionRef<void()> empty,
             absl::FunctionRef<std::string()> where,
             bool is_killed) {
    world.Through(&disk);
    EXPECT_OK(world.Open());
    fill();
    std::uint32_t acknowledged = kFirstLedger.value() - 1;
    const absl::Status full = IngestAll(world, GetParam(), &acknowledged);
    if (full.ok()) {
      // What found no room, if anything did, was not needed.
      EXPECT_EQ(model_.Wrong(world.Reader()), "") << where();
      EXPECT_EQ(world.ColdFiles(), files_) << where();
      return !where().empty();
    }
    EXPECT_EQ(ClassOf(full), FaultClass::kNoSpace) << full.ToString();
    ExpectReads(world, acknowledged, where());
    // Nothing changes while it stays full.
    EXPECT_FALSE(IngestAll(world, GetParam(), &acknowledged).ok()) << where();
    ExpectReads(world, acknowledged, where());

    empty();
    if (is_killed || world.store().store().needs_reopen()) {
      world.Kill();
      EXPECT_OK(world.Open());
    }
    ExpectReads(world, acknowledged, where());
    EXPECT_OK(IngestAll(world, GetParam()));
    EXPECT_EQ(model_.Wrong(world.Reader()), "");
    EXPECT_EQ(world.ColdFiles(), files_);
    return true;
  }

  bool FillsAfterBytes(std::uint64_t room, bool is_killed) {
    LedgerWorld world;
    FillingDisk disk(&world.disk(), kPlenty);
    return Fills(
        disk, world, [&] { disk.SetRoom(room); }, [&] { disk.SetRoom(kPlenty); },
        [&] { return disk.full_in(); }, is_killed);
  }

  bool FillsAtCall(std::uint64_t calls, bool is_killed) {
    LedgerWorld world;
    ClosingDisk disk(&world.disk());
    return Fills(
        disk, world, [&] { disk.CloseAfter(calls); }, [&] { disk.CloseAfter(ClosingDisk::kOpen); },
        [&] { return disk.refused(); }, is_killed);
  }

 private:
  void ExpectReads(LedgerWorld& world, std::uint32_t acknowledged, const std::string& full_in) {
    const LedgerReader reader = world.Reader();
    EXPECT_GE(reader.latest().value(), acknowledged);
    EXPECT_EQ(model_.Wrong(reader, LedgerModel::IndexMayWait::kYes), "") << "full in " << full_in;
  }

  const LedgerModel model_ = LedgerModel::Synthetic(kSeed, kLedgers);
  std::map<std::string, std::string> files_;
};

TEST_P(FullDisk, NothingIsLostAndItResumes) {
  constexpr std::uint64_t kRoomsMax = 400;
  // Steps of a prime, so that the edge falls anywhere in a block.
  std::uint64_t rooms = 0;
  while (rooms < kRoomsMax && !::testing::Test::HasFailure()) {
    SCOPED_TRACE(rooms * 997);
    if (!FillsAfterBytes(rooms * 997, rooms % 3 == 0)) break;
    ++rooms;
  }

  EXPECT_GT(rooms, 20U);
  EXPECT_LT(rooms, kRoomsMax);
}

// Each append, write, new file and new directory in turn finds the disk full.
TEST_P(FullDisk, AtEveryCallNothingIsLostAndItResumes) {
  constexpr std::uint64_t kCallsMax = 5'000;
  std::uint64_t calls = 0;
  while (calls < kCallsMax && !HasFailure()) {
    SCOPED_TRACE(calls);
    if (!FillsAtCall(calls, calls % 3 == 0)) break;
    ++calls;
  }

  EXPECT_GT(calls, 50U);
  EXPECT_LT(calls, kCallsMax);
}

INSTANTIATE_TEST_SUITE_P(Ways,
                         FullDisk,
                         ::testing::Values(Way::kOnce, Way::kBulk),
                         [](const auto& way) {
                           return way.param == Way::kOnce ? "LedgerByLedger" : "InBulk";
                         });

}  // namespace
}  // namespace permafrost::engine
