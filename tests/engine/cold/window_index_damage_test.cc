// An index whose bytes are not those that were written.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "tests/engine/cold/window_index_world.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"

namespace permafrost::engine {
namespace {

using ::testing::AllOf;
using testing::CandidatesOf;
using testing::ExpectAllFound;
using ::testing::HasSubstr;
using testing::IndexWorld;
using testing::kIndexPath;
using testing::RandomEntries;
using testing::TestIdentity;

// 1000 keys in two pages, and a hash of two ledgers: pages, overflow, directory, root, footer.
constexpr std::size_t kUnits = 6;

std::vector<IndexEntry> SmallEntries() {
  vfs::Prng prng(1);
  std::vector<IndexEntry> entries = RandomEntries(1000, prng);
  entries[500] = {entries[499].hash, LedgerSeq{2000}};
  std::sort(entries.begin(), entries.end());
  return entries;
}

// Some from each page, those of the overflow included.
std::vector<IndexEntry> Sample(const std::vector<IndexEntry>& entries) {
  return {entries[0], entries[499], entries[500], entries[927], entries[928], entries[999]};
}

absl::Status WriteIndex(IndexWorld& world, std::string_view bytes) {
  VFS_RETURN_IF_ERROR(world.disk().Unlink(kIndexPath));
  VFS_ASSIGN_OR_RETURN(const auto file, world.disk().Create(kIndexPath));
  return file->Append(bytes);
}

// Opens and asks for each entry: the right answer, or an error that names the file. Returns the
// number of errors.
int ExpectRightOrRefused(IndexWorld& world,
                         const std::vector<IndexEntry>& entries,
                         const WindowIndexOptions& options) {
  const auto is_named = AllOf(HasSubstr("read window.idx: unit "), HasSubstr(" at byte "));
  const auto index = world.Open(options);
  if (!index.ok()) {
    EXPECT_ERROR(index, absl::StatusCode::kDataLoss, is_named);
    return 1;
  }
  int errors = 0;
  for (const IndexEntry& entry : entries) {
    const auto candidates = CandidatesOf(**index, entry.hash);
    if (candidates.ok()) {
      EXPECT_THAT(*candidates, ::testing::Contains(entry.ledger));
      continue;
    }
    EXPECT_ERROR(candidates, absl::StatusCode::kDataLoss, is_named);
    ++errors;
  }
  return errors;
}

TEST(WindowIndexDamage, EachFlippedByteIsAnErrorOrWithoutEffect) {
  const std::vector<IndexEntry> entries = SmallEntries();
  IndexWorld world;
  ASSERT_OK(world.Build(entries));
  const std::string bytes = world.Bytes();
  ASSERT_EQ(bytes.size(), kUnits * kIndexUnitBytes);
  ASSERT_OK_AND_ASSIGN(const auto file, world.disk().Open(kIndexPath, vfs::OpenMode::kReadWrite));

  for (std::size_t at = 0; at < bytes.size(); ++at) {
    SCOPED_TRACE(at);
    const char flipped = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    ASSERT_OK(file->Write(at, {&flipped, 1}));
    ASSERT_OK(file->Sync());

    const std::uint64_t resident_bytes_max = at % 3 == 0 ? 0 : 1 << 20;
    const int errors =
        ExpectRightOrRefused(world, Sample(entries), {.resident_bytes_max = resident_bytes_max});

    EXPECT_GT(errors, 0) << "each unit is needed by one of the sample";
    ASSERT_OK(file->Write(at, {&bytes[at], 1}));
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(WindowIndexDamage, EachTruncationIsRefused) {
  IndexWorld world;
  ASSERT_OK(world.Build(SmallEntries()));
  const std::string bytes = world.Bytes();

  for (std::size_t kept = 0; kept < bytes.size(); kept += 512) {
    SCOPED_TRACE(kept);
    ASSERT_OK(WriteIndex(world, std::string_view(bytes).substr(0, kept)));

    EXPECT_ERROR(world.Open(), absl::StatusCode::kDataLoss, HasSubstr("window.idx"));
  }
}

TEST(WindowIndexDamage, AnErrorSaysFileUnitPlaceAndFinding) {
  IndexWorld world;
  ASSERT_OK(world.Build(SmallEntries()));
  std::string bytes = world.Bytes();
  bytes[kIndexUnitBytes + 100] ^= 1;
  ASSERT_OK(WriteIndex(world, bytes));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

  // The last entry stands in the second page; what stands in the first is still found.
  EXPECT_ERROR(CandidatesOf(*index, SmallEntries().back().hash), absl::StatusCode::kDataLoss,
               ::testing::MatchesRegex("read window.idx: unit 1 of 6 at byte 4096: crc32c "
                                       "[0-9a-f]+, computed [0-9a-f]+"));
  EXPECT_OK(CandidatesOf(*index, SmallEntries().front().hash));
}

TEST(WindowIndexDamage, TheDiskThatReadsRightAgainIsAskedAgain) {
  const std::vector<IndexEntry> entries = SmallEntries();
  IndexWorld world;
  ASSERT_OK(world.Build(entries));
  ASSERT_OK_AND_ASSIGN(const auto file, world.disk().Open(kIndexPath, vfs::OpenMode::kReadWrite));
  const char right = world.Bytes()[100];
  const char wrong = static_cast<char>(right ^ 1);
  ASSERT_OK(file->Write(100, {&wrong, 1}));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());
  EXPECT_ERROR(CandidatesOf(*index, entries[0].hash), absl::StatusCode::kDataLoss,
               HasSubstr("unit 0 of 6"));

  ASSERT_OK(file->Write(100, {&right, 1}));

  ExpectAllFound(*index, entries);
}

TEST(WindowIndexDamage, UnitsThatChangedPlacesAreNotTakenForEachOther) {
  const std::vector<IndexEntry> entries = SmallEntries();
  IndexWorld world;
  ASSERT_OK(world.Build(entries));
  std::string bytes = world.Bytes();
  std::swap_ranges(bytes.begin(), bytes.begin() + kIndexUnitBytes, bytes.begin() + kIndexUnitBytes);
  ASSERT_OK(WriteIndex(world, bytes));

  EXPECT_EQ(ExpectRightOrRefused(world, Sample(entries), {}), 6);
}

TEST(WindowIndexDamage, AnotherStoresIndexIsRefusedWithBothNames) {
  IndexWorld world;
  ASSERT_OK(world.Build(SmallEntries()));
  IndexIdentity other = TestIdentity();
  other.store_id.fill(0x11);
  other.last = LedgerSeq{2001};

  EXPECT_ERROR(WindowIndex::Open(&world.disk(), kIndexPath, other),
               absl::StatusCode::kFailedPrecondition,
               "open window.idx: index of store 5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a, ledgers 1000 to "
               "2000, expected store 11111111111111111111111111111111, ledgers 1000 to 2001");
}

// Sets the checksum of a unit right, as somebody would who makes a file to harm us.
void Reseal(std::string& bytes, std::uint64_t number, std::uint32_t seed) {
  const std::string_view unit =
      std::string_view(bytes).substr(number * kIndexUnitBytes, kIndexUnitBytes);
  std::string crc;
  vfs::AppendLittleEndian(crc, UnitCrc(seed, number, unit));
  bytes.replace(number * kIndexUnitBytes + kIndexUnitCrcAt, crc.size(), crc);
}

TEST(WindowIndexDamage, ForgedUnitsNeverLeadOutOfTheFile) {
  const std::vector<IndexEntry> entries = SmallEntries();
  IndexWorld world;
  ASSERT_OK(world.Build(entries));
  const std::string bytes = world.Bytes();
  vfs::Prng prng(2);

  int refused = 0;
  for (int round = 0; round < 1000; ++round) {
    SCOPED_TRACE(round);
    std::string forged = bytes;
    const std::uint64_t number = prng.Below(kUnits);
    const bool is_footer = number == kUnits - 1;
    const std::size_t from = is_footer ? kFooterUnitsAt : 0;
    for (std::uint64_t flips = prng.Between(1, 4); flips > 0; --flips)
      forged[number * kIndexUnitBytes + from + prng.Below(48)] = static_cast<char>(prng.Below(256));
    Reseal(forged, number, is_footer ? 0 : SeedOf(TestIdentity()));
    ASSERT_OK(WriteIndex(world, forged));

    const auto index = world.Open();
    if (!index.ok()) {
      EXPECT_ERROR(index, absl::StatusCode::kDataLoss, HasSubstr("window.idx"));
      ++refused;
      continue;
    }
    for (const IndexEntry& entry : Sample(entries)) {
      const auto candidates = CandidatesOf(**index, entry.hash);
      if (!candidates.ok())
        EXPECT_ERROR(candidates, absl::StatusCode::kDataLoss, HasSubstr("window.idx"));
    }
  }

  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace permafrost::engine
