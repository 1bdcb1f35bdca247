// CRC32C against published and generated vectors.
#include "vfs/base/crc32c.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

// Byte i is (i*i*7 + i*31 + 11) mod 256.
std::string Patterned(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text += static_cast<char>(static_cast<unsigned char>(i * i * 7 + i * 31 + 11));
  }
  return text;
}

TEST(Crc32c, MatchesThePublishedVectors) {
  std::string rising;
  for (int i = 0; i < 32; ++i) rising += static_cast<char>(i);
  const std::string falling(rising.rbegin(), rising.rend());
  const std::string command(
      "\x01\xc0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x14\0\0\0\0\0\x04\0\0\0\0\x14\0\0\0\x18\x28\0\0\0\0\0"
      "\0\0\x02\0\0\0\0\0\0\0",
      48);

  EXPECT_EQ(Crc32c("123456789"), 0xe3069283U);            // CRC catalogue check value
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aaU);  // RFC 3720 B.4, here and below
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(Crc32c(rising), 0x46dd794eU);
  EXPECT_EQ(Crc32c(falling), 0x113fdb5cU);
  EXPECT_EQ(Crc32c(command), 0xd9963a56U);
}

TEST(Crc32c, MatchesTheBitwiseTableAtEveryTailLength) {
  const std::pair<std::size_t, std::uint32_t> kVectors[] = {
      {0, 0x00000000},     {1, 0xcbf4f86a},     {2, 0x9a1ad641},     {3, 0xb5c05046},
      {4, 0x4393b818},     {7, 0x8abebad3},     {8, 0x3b1e1d3e},     {9, 0x1e006eea},
      {15, 0xe24884dc},    {16, 0xdf5fc65a},    {17, 0x02823a32},    {63, 0xfc93cdb4},
      {64, 0x04bd9f0f},    {65, 0x566e5f15},    {255, 0xaac28d9d},   {256, 0x9f69bd99},
      {257, 0x2171b60c},   {4095, 0xc1472a06},  {4096, 0x94236f12},  {4097, 0x3a056c9d},
      {32768, 0x972ac101}, {65535, 0x24fdbae4}, {65536, 0x96cd0d6f}, {70000, 0x93a1b058}};

  for (const auto& [bytes, crc] : kVectors) EXPECT_EQ(Crc32c(Patterned(bytes)), crc) << bytes;
}

TEST(Crc32c, ExtendingByPartsGivesTheCrcOfTheWhole) {
  const std::string text = Patterned(300);

  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::uint32_t head = Crc32c(text.substr(0, cut));
    EXPECT_EQ(Crc32cExtend(head, text.substr(cut)), Crc32c(text)) << cut;
  }
}

TEST(Crc32c, MaskIsTheLogFormatsAndComesBack) {
  EXPECT_EQ(MaskCrc(0x00000000U), 0xa282ead8U);
  EXPECT_EQ(MaskCrc(0x00000001U), 0xa284ead8U);
  EXPECT_EQ(MaskCrc(0xe3069283U), 0xc78ab0e5U);
  EXPECT_EQ(MaskCrc(0xffffffffU), 0xa282ead7U);
  for (const std::uint32_t crc : {0U, 1U, 0xe3069283U, 0x8a9136aaU, 0xffffffffU}) {
    EXPECT_EQ(UnmaskCrc(MaskCrc(crc)), crc);
  }
}

}  // namespace
}  // namespace permafrost::vfs
