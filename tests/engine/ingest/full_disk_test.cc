// A disk that is full after so many bytes of an ingestion: reads go on, nothing that was
// acknowledged is lost, and it resumes when there is space.
#include <string>

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

  // Whether the room was too small. Any finding fails the test.
  bool FillsAt(std::uint64_t room, bool is_killed) {
    LedgerWorld world;
    FillingDisk disk(&world.disk(), kPlenty);
    world.Through(&disk);
    EXPECT_OK(world.Open());
    disk.SetRoom(room);
    std::uint32_t acknowledged = kFirstLedger.value() - 1;
    const absl::Status full = IngestAll(world, GetParam(), &acknowledged);
    if (full.ok()) return false;
    EXPECT_EQ(ClassOf(full), FaultClass::kNoSpace) << full.ToString();
    ExpectReads(world, acknowledged, disk.full_in());
    // Nothing changes while it stays full.
    EXPECT_FALSE(IngestAll(world, GetParam(), &acknowledged).ok());
    ExpectReads(world, acknowledged, disk.full_in());

    disk.SetRoom(kPlenty);
    if (is_killed || world.store().store().needs_reopen()) {
      world.Kill();
      EXPECT_OK(world.Open());
    }
    ExpectReads(world, acknowledged, disk.full_in());
    EXPECT_OK(IngestAll(world, GetParam()));
    EXPECT_EQ(model_.Wrong(world.Reader()), "");
    EXPECT_EQ(world.ColdFiles(), files_);
    return true;
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
    if (!FillsAt(rooms * 997, rooms % 3 == 0)) break;
    ++rooms;
  }

  EXPECT_GT(rooms, 20U);
  EXPECT_LT(rooms, kRoomsMax);
}

INSTANTIATE_TEST_SUITE_P(Ways,
                         FullDisk,
                         ::testing::Values(Way::kOnce, Way::kBulk),
                         [](const auto& way) {
                           return way.param == Way::kOnce ? "LedgerByLedger" : "InBulk";
                         });

}  // namespace
}  // namespace permafrost::engine
