// Names of objects, worked by hand and drawn.
#include "engine/ledger/lake_layout.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

std::string KeyOf(const LakeLayout& layout, std::uint32_t ledger) {
  return LakeKey(layout, BatchOf(layout, LedgerSeq{ledger}), "zst");
}

TEST(LakeLayout, NamesAreThoseOfTheSpecification) {
  EXPECT_EQ(KeyOf({1, 1}, 999), "FFFFFC18--999.xdr.zst");
  EXPECT_EQ(KeyOf({1, 64'000}, 999), "FFFFFFFF--0-63999/FFFFFC18--999.xdr.zst");
  EXPECT_EQ(KeyOf({1, 64'000}, 53'312'000),
            "FCD285FF--53312000-53375999/FCD285FF--53312000.xdr.zst");
  EXPECT_EQ(KeyOf({64, 10}, 2), "FFFFFFFF--0-639/FFFFFFFF--0-63.xdr.zst");
  EXPECT_EQ(KeyOf({2, 1}, 2), "FFFFFFFD--2-3.xdr.zst");
}

TEST(LakeLayout, TheLastBatchEndsWithTheLargestSequence) {
  constexpr std::uint32_t kMax = std::numeric_limits<std::uint32_t>::max();

  EXPECT_EQ(BatchOf({64'000, 1}, LedgerSeq{kMax}), (LakeBatch{4'294'912'000, kMax}));
  EXPECT_EQ(KeyOf({64'000, kMax}, kMax),
            "FFFFFFFF--0-4294967295/0000D7FF--4294912000-4294967295.xdr.zst");
}

TEST(LakeLayout, NamesThatAreNotExactlySuchAreNone) {
  for (const char* const name :
       {"", ".config.json", "FFFFFC18--999.xdr", "FFFFFC18--999.xdr.gz", "FFFFFC18--0999.xdr.zst",
        "fffffc18--999.xdr.zst", "FFFFFC18-999.xdr.zst", "FFFFFC18--999-.xdr.zst",
        "FFFFFC18--999.xdr.zst.tmp", "FFFFFC18--99999999999.xdr.zst", "FFFFFC18--+9.xdr.zst",
        "FFFFC18--999.xdr.zst", "FFFFFC18--.xdr.zst"})
    EXPECT_FALSE(ParseLakeName(name).has_value()) << name;
  EXPECT_TRUE(IsLakePartition("FFFFFFFF--0-63999"));
  EXPECT_FALSE(IsLakePartition("FFFFFFFF--0"));
  EXPECT_FALSE(IsLakePartition("FFFFFFFF--0-63999.tmp"));
  EXPECT_FALSE(IsLakePartition("lost+found"));
}

TEST(LakeLayout, EveryNameSaysItsBatchAndNewerOnesSortFirst) {
  vfs::Prng prng(4);
  for (int i = 0; i < 2'000; ++i) {
    const LakeLayout layout{static_cast<std::uint32_t>(prng.Between(1, 1 << prng.Below(20))),
                            static_cast<std::uint32_t>(prng.Between(1, 1 << prng.Below(20)))};
    const auto ledger = static_cast<std::uint32_t>(prng.Next() >> prng.Between(32, 60));
    const LakeBatch batch = BatchOf(layout, LedgerSeq{ledger});
    const std::string key = LakeKey(layout, batch, "zstd");
    const std::size_t slash = key.find('/');
    const auto name = ParseLakeName(key.substr(slash == std::string::npos ? 0 : slash + 1));

    ASSERT_TRUE(name.has_value()) << key;
    ASSERT_EQ(name->batch, batch) << key;
    ASSERT_EQ(name->suffix, "zstd");
    ASSERT_LE(batch.first, ledger);
    ASSERT_GE(batch.last, ledger);
    if (batch.first == 0) continue;
    ASSERT_LT(key, KeyOf(layout, batch.first - 1));
  }
}

}  // namespace
}  // namespace permafrost::engine
