// Integers as bytes.
#include "vfs/base/bytes.h"

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

TEST(Bytes, AppendWritesTheLowByteFirst) {
  std::string out = ">";

  AppendLittleEndian<std::uint32_t>(out, 0x04030201U);
  AppendLittleEndian<std::uint16_t>(out, 0x0605U);
  AppendLittleEndian<std::uint8_t>(out, 7);

  EXPECT_EQ(out, ">\x01\x02\x03\x04\x05\x06\x07");
}

TEST(Bytes, LoadReadsBackAtAnyOffset) {
  std::string out = "odd";
  AppendLittleEndian<std::uint64_t>(out, 0xfedcba9876543210ULL);

  EXPECT_EQ(LoadLittleEndian<std::uint64_t>(out, 3), 0xfedcba9876543210ULL);
  EXPECT_EQ(LoadLittleEndian<std::uint16_t>(out, 9), 0xfedcU);
}

TEST(BytesDeathTest, LoadPastTheEndIsOurMistake) {
  EXPECT_DEATH(static_cast<void>(LoadLittleEndian<std::uint32_t>("abc", 0)),
               "load of 4 bytes at 0 of 3");
  EXPECT_DEATH(static_cast<void>(LoadLittleEndian<std::uint32_t>("abcdef", SIZE_MAX)),
               "check failed");
}

}  // namespace
}  // namespace permafrost::vfs
