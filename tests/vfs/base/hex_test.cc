// Bytes to digits and back; what is no digit.
#include "vfs/base/hex.h"

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

constexpr std::string_view kBytes("\x00\x01\x9a\xff", 4);

TEST(Hex, EveryByteComesBackFromItsTwoDigits) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);

  EXPECT_EQ(HexOf(kBytes), "00019aff");
  EXPECT_EQ(HexOf(all).size(), 512U);
  EXPECT_EQ(ParseHex(HexOf(all)), all);
  EXPECT_EQ(HexOf(""), "");
  EXPECT_EQ(ParseHex(""), "");
}

TEST(Hex, OtherTextsAreNothing) {
  for (const char* text : {"0", "abc", "0A", "0g", "g0", "0x", " 0", "-1", "0\n"})
    EXPECT_EQ(ParseHex(text), std::nullopt) << text;
  EXPECT_EQ(ParseHex(std::string_view("0\0", 2)), std::nullopt);
}

TEST(Hex, AFixedSizeTakesJustItsDigits) {
  constexpr std::array<std::uint8_t, 4> kArray = {0x00, 0x01, 0x9a, 0xff};

  EXPECT_EQ(HexOf(kArray), "00019aff");
  EXPECT_EQ(ParseHex<4>("00019aff"), kArray);
  EXPECT_EQ(ParseHex<4>("00019a"), std::nullopt);
  EXPECT_EQ(ParseHex<4>("00019aff00"), std::nullopt);
  EXPECT_TRUE(IsHex("00019aff", 8));
  EXPECT_FALSE(IsHex("00019aff", 7));
  EXPECT_FALSE(IsHex("00019afF", 8));
}

}  // namespace
}  // namespace permafrost::vfs
