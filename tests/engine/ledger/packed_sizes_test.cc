// Packed sizes: round trips, and that no bytes make them read or allocate beyond what is there.
#include "engine/ledger/packed_sizes.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/vectors.h"

namespace permafrost::engine {
namespace {

std::string Packed(const std::vector<std::uint32_t>& sizes) {
  std::string out;
  AppendPackedSizes(out, sizes);
  return out;
}

TEST(PackedSizes, AreTheBytesOfTheWorkedExample) {
  EXPECT_EQ(Packed({1'000, 1'003, 1'001, 1'007, 1'000}), BytesOfHex("03e8030000580e"));
  EXPECT_EQ(Packed({17}), BytesOfHex("0011000000"));
  EXPECT_EQ(Packed({}), "");
}

RC_GTEST_PROP(PackedSizes, ComeBackAsTheyWere, ()) {
  const auto width = *rc::gen::inRange(0U, 33U);
  const auto max = static_cast<std::uint32_t>((std::uint64_t{1} << width) - 1);
  std::vector<std::uint32_t> sizes(*rc::gen::inRange<std::size_t>(0, 300));
  for (std::uint32_t& size : sizes) size = *rc::gen::arbitrary<std::uint32_t>() & max;
  if (sizes.size() > 2) sizes[1] = ~std::uint32_t{0};
  const std::string packed = Packed(sizes);

  const auto parsed = ParsePackedSizes(packed + "more", sizes.size());

  RC_ASSERT(parsed.has_value());
  RC_ASSERT(parsed->sizes == sizes);
  RC_ASSERT(parsed->bytes == packed.size());
  if (!packed.empty())
    RC_ASSERT(!ParsePackedSizes(packed.substr(0, packed.size() - 1), sizes.size()).has_value());
}

RC_GTEST_PROP(PackedSizes, RandomBytesAreRefusedOrBounded, (const std::string& bytes)) {
  const auto count = *rc::gen::arbitrary<std::size_t>();

  const auto parsed = ParsePackedSizes(bytes, count);

  RC_ASSERT(!parsed.has_value() || parsed->bytes <= bytes.size());
}

TEST(PackedSizes, FormsThatNobodyWritesAreRefused) {
  EXPECT_FALSE(ParsePackedSizes(BytesOfHex("21e8030000") + std::string(40, '\0'), 1));  // width 33
  EXPECT_FALSE(ParsePackedSizes(BytesOfHex("01ffffffff01"), 1));                        // 2^32
  EXPECT_FALSE(ParsePackedSizes(BytesOfHex("010000000003"), 1));  // a bit behind the last
  EXPECT_TRUE(ParsePackedSizes(BytesOfHex("010000000001"), 1));
  EXPECT_FALSE(ParsePackedSizes("", ~std::size_t{0}));
}

}  // namespace
}  // namespace permafrost::engine
