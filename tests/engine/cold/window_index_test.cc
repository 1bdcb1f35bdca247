// What was put into an index is found in it.
#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/cold/merge_runs.h"
#include "engine/cold/pilot_search.h"
#include "tests/engine/cold/window_index_world.h"

namespace permafrost::engine {
namespace {

using ::testing::AllOf;
using testing::CandidatesOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::ExpectAllFound;
using ::testing::HasSubstr;
using testing::IndexWorld;
using ::testing::IsEmpty;
using testing::kIndexPath;
using testing::MemoryEntries;
using testing::RandomEntries;
using testing::RandomHash;
using testing::TestIdentity;

// Entries whose first bytes are few, so that keys, prefixes and whole hashes are often equal.
std::vector<IndexEntry> CrowdedEntries(std::size_t count, vfs::Prng& prng) {
  std::vector<IndexEntry> entries = RandomEntries(count, prng);
  for (IndexEntry& entry : entries) {
    const std::size_t equal_bytes = std::vector<std::size_t>{0, 8, 8, 16, 32}[prng.Below(5)];
    std::fill_n(entry.hash.begin(), equal_bytes, static_cast<std::uint8_t>(prng.Below(4)));
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

RC_GTEST_PROP(WindowIndex, EveryEntryIsFound, ()) {
  vfs::Prng prng(*rc::gen::arbitrary<std::uint64_t>());
  const std::size_t count = prng.Below(prng.Chance({1, 2}) ? 10 : 3000);
  const std::vector<IndexEntry> entries =
      prng.Chance({1, 2}) ? RandomEntries(5 * count, prng) : CrowdedEntries(count, prng);
  IndexWorld world;
  const auto summary = world.Build(entries);
  RC_ASSERT(summary.ok());
  RC_ASSERT(summary->keys + summary->overflow + summary->repeated == entries.size());

  const auto index = world.Open({.resident_bytes_max = prng.Below(3) * 40'000});

  RC_ASSERT(index.ok());
  for (const IndexEntry& entry : entries) {
    const auto candidates = CandidatesOf(**index, entry.hash);
    RC_ASSERT(candidates.ok());
    RC_ASSERT(std::find(candidates->begin(), candidates->end(), entry.ledger) != candidates->end());
  }
}

TEST(WindowIndex, NoneOneAndTwoKeys) {
  vfs::Prng prng(1);
  for (const std::size_t count : {0U, 1U, 2U}) {
    SCOPED_TRACE(count);
    const std::vector<IndexEntry> entries = RandomEntries(count, prng);
    IndexWorld world;

    ASSERT_OK_AND_ASSIGN(const WindowIndexSummary summary, world.Build(entries));
    ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

    // A footer; page, directory, root and footer.
    EXPECT_EQ(summary.file_bytes, count == 0 ? 4096U : 4 * 4096U);
    EXPECT_EQ(world.Bytes().size(), summary.file_bytes);
    EXPECT_EQ(index->keys(), count);
    ExpectAllFound(*index, entries);
    // Of a page with a key or two nearly every slot is empty, and an empty one is no candidate.
    for (int i = 0; i < 1000; ++i) EXPECT_THAT(*CandidatesOf(*index, RandomHash(prng)), IsEmpty());
  }
}

TEST(WindowIndex, OneAbsentHashIn256HasACandidate) {
  vfs::Prng prng(2);
  IndexWorld world;
  ASSERT_OK(world.Build(RandomEntries(100'000, prng)));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

  constexpr int kProbes = 256 * 400;
  int candidates = 0;
  for (int i = 0; i < kProbes; ++i)
    candidates += CandidatesOf(*index, RandomHash(prng))->empty() ? 0 : 1;

  // 396 expected, as one slot in a hundred is empty; five standard deviations.
  EXPECT_NEAR(candidates, 396, 100);
}

TEST(WindowIndex, AKeyCostsLessThan445HundredthsOfAByte) {
  vfs::Prng prng(3);
  constexpr std::size_t kKeys = 1'000'000;
  IndexWorld world;

  ASSERT_OK_AND_ASSIGN(const WindowIndexSummary summary, world.Build(RandomEntries(kKeys, prng)));

  EXPECT_EQ(summary.keys, kKeys);
  EXPECT_LT(static_cast<double>(summary.file_bytes) / kKeys, 4.45);
}

TEST(WindowIndex, HashesThatShareTheir16BytesAreToldApartByTheRest) {
  vfs::Prng prng(4);
  std::vector<IndexEntry> entries = RandomEntries(5000, prng);
  for (std::size_t i = 0; i < 200; i += 2)
    std::copy_n(entries[i].hash.begin(), 16, entries[i + 1].hash.begin());
  std::sort(entries.begin(), entries.end());
  IndexWorld world;

  ASSERT_OK_AND_ASSIGN(const WindowIndexSummary summary, world.Build(entries));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

  EXPECT_EQ(summary.keys, 4900U);
  EXPECT_EQ(summary.overflow, 100U);
  ExpectAllFound(*index, entries);
  // One in a page under the 16 bytes, the other beside it under all 32: a third hash of the same 16
  // bytes meets the first only.
  Hash third = entries[0].hash;
  third[31] ^= 1;
  ASSERT_OK_AND_ASSIGN(const auto candidates, CandidatesOf(*index, third));
  EXPECT_LE(candidates.size(), 1U);
}

TEST(WindowIndex, AHashInSeveralLedgersHasThemAllAsCandidates) {
  IndexEntry entry{.hash = {7}, .ledger = LedgerSeq{1000}};
  std::vector<IndexEntry> entries = {entry};
  for (const std::uint32_t ledger : {1001U, 1500U, 1500U, 2000U})
    entries.push_back({entry.hash, LedgerSeq{ledger}});
  IndexWorld world;

  ASSERT_OK_AND_ASSIGN(const WindowIndexSummary summary, world.Build(entries));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

  EXPECT_EQ(summary.repeated, 1U);
  EXPECT_THAT(*CandidatesOf(*index, entry.hash),
              ElementsAre(LedgerSeq{1000}, LedgerSeq{1001}, LedgerSeq{1500}, LedgerSeq{2000}));
}

TEST(WindowIndex, AHashInAThousandLedgersIsFoundAcrossGroups) {
  vfs::Prng prng(5);
  std::vector<IndexEntry> entries = RandomEntries(3000, prng);
  const Hash common = entries[1500].hash;
  for (std::uint32_t ledger = 1000; ledger < 2000; ++ledger)
    entries.push_back({common, LedgerSeq{ledger}});
  std::sort(entries.begin(), entries.end());
  IndexWorld world;

  ASSERT_OK(world.Build(entries));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

  ExpectAllFound(*index, entries);
  EXPECT_GE(CandidatesOf(*index, common)->size(), 1000U);
}

TEST(WindowIndex, ManyTransactionsOfOneLedger) {
  vfs::Prng prng(6);
  std::vector<IndexEntry> entries = RandomEntries(10'000, prng);
  for (IndexEntry& entry : entries) entry.ledger = LedgerSeq{1234};
  IndexWorld world;

  ASSERT_OK(world.Build(entries));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

  ExpectAllFound(*index, entries);
}

TEST(WindowIndex, TheLargestWindowsLastLedgerIsFound) {
  vfs::Prng prng(7);
  std::vector<IndexEntry> entries = RandomEntries(2000, prng);
  const IndexIdentity identity{
      .store_id = {1}, .first = LedgerSeq{2}, .last = LedgerSeq{16'777'217}};
  for (IndexEntry& entry : entries) entry.ledger = identity.last;
  MemoryEntries stream(entries);
  IndexWorld world;

  ASSERT_OK(world.Build({.identity = identity, .entries = entries.size()}, stream));
  ASSERT_OK_AND_ASSIGN(const auto index, WindowIndex::Open(&world.disk(), kIndexPath, identity));

  ExpectAllFound(*index, entries);
}

// As an attacker would make them: 300 that fall into one bucket.
TEST(WindowIndex, KeysMadeToMeetInOneBucketArePartedOverPages) {
  vfs::Prng prng(8);
  std::vector<IndexEntry> entries;
  while (entries.size() < 300) {
    IndexEntry entry{RandomHash(prng), LedgerSeq{1000}};
    if (BucketOf(MixedKey(KeyOf(entry.hash))) == 17) entries.push_back(entry);
  }
  std::sort(entries.begin(), entries.end());
  IndexWorld world;

  ASSERT_OK_AND_ASSIGN(const WindowIndexSummary summary, world.Build(entries));
  ASSERT_OK_AND_ASSIGN(const auto index, world.Open());

  EXPECT_EQ(summary.keys, 300U);
  EXPECT_GT(summary.file_bytes, 10 * 4096U);
  ExpectAllFound(*index, entries);
}

TEST(WindowIndex, TheSameEntriesGiveTheSameBytesHoweverTheyArrive) {
  vfs::Prng prng(9);
  const std::vector<IndexEntry> entries = CrowdedEntries(20'000, prng);
  IndexWorld world;
  ASSERT_OK(world.Build(entries));
  const std::string bytes = world.Bytes();

  std::vector<std::vector<IndexEntry>> runs(7);
  for (const IndexEntry& entry : entries) runs[prng.Below(runs.size())].push_back(entry);
  std::vector<std::unique_ptr<SortedEntries>> streams;
  for (const auto& run : runs) streams.push_back(std::make_unique<MemoryEntries>(run));
  MergedEntries merged(std::move(streams));
  ASSERT_OK(world.Build({.identity = TestIdentity(), .entries = entries.size()}, merged));

  EXPECT_TRUE(world.Bytes() == bytes);
}

TEST(BuildWindowIndex, RefusesWhatIsNotItsInput) {
  vfs::Prng prng(10);
  const std::vector<IndexEntry> entries = RandomEntries(3000, prng);
  IndexWorld world;
  const auto build = [&](std::vector<IndexEntry> given, std::uint64_t declared) {
    MemoryEntries stream(given);
    return world.Build({.identity = TestIdentity(), .entries = declared}, stream).status();
  };

  EXPECT_ERROR(build(entries, 3001), absl::StatusCode::kDataLoss,
               "build window index: 3000 entries, 3001 declared");
  EXPECT_ERROR(build(entries, 2999), absl::StatusCode::kDataLoss,
               "build window index: 3000 entries, 2999 declared");
  std::vector<IndexEntry> outside = entries;
  outside[2500].ledger = LedgerSeq{2001};
  EXPECT_ERROR(build(outside, 3000), absl::StatusCode::kInvalidArgument,
               "build window index: entry 2500 is of ledger 2001, outside 1000 to 2000");
  std::vector<IndexEntry> unsorted = entries;
  std::swap(unsorted[2700], unsorted[2701]);
  EXPECT_ERROR(build(unsorted, 3000), absl::StatusCode::kInvalidArgument,
               "build window index: entry 2701 sorts before the one before it");
}

TEST(BuildWindowIndex, RefusesACoverageOfNoneOrTooManyLedgers) {
  IndexWorld world;
  MemoryEntries none({});

  EXPECT_ERROR(world.Build({.identity = {.first = LedgerSeq{3}, .last = LedgerSeq{2}}}, none),
               absl::StatusCode::kInvalidArgument,
               "build window index: a coverage from ledger 3 to 2, expected 1 to 16777216 ledgers");
  EXPECT_ERROR(
      world.Build({.identity = {.first = LedgerSeq{2}, .last = LedgerSeq{16'777'218}}}, none),
      absl::StatusCode::kInvalidArgument, HasSubstr("from ledger 2 to 16777218"));
}

TEST(PilotSearch, NoTwoKeysShareASlot) {
  vfs::Prng prng(11);
  PilotSearch search;
  for (std::size_t count = 1; count <= kPageKeysMax; count += count < 900 ? 97 : 1) {
    std::vector<IndexKey> keys(count);
    for (IndexKey& key : keys) key = {prng.Next(), prng.Next()};

    const auto seed = search.Find(keys);

    ASSERT_TRUE(seed.has_value()) << count;
    std::vector<bool> is_taken(kPageSlots);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t slot = search.SlotOfKey(i);
      const std::uint64_t mixed_key = MixedKey(keys[i]);
      const std::uint8_t pilot = search.pilots()[BucketOf(mixed_key)];
      EXPECT_EQ(slot,
                SlotOf(PlaceOf(PlacesOf(mixed_key, *seed), pilot / kShifts), pilot % kShifts));
      EXPECT_FALSE(is_taken[slot]) << "key " << i << " of " << count;
      is_taken[slot] = true;
    }
  }
}

}  // namespace
}  // namespace permafrost::engine
