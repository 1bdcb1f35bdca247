// CRC32C against published and generated vectors.
#include "vfs/base/crc32c.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/vectors.h"

namespace permafrost::vfs {
namespace {

constexpr char kVectors[] = "crc32c_vectors.json";

// Byte i is (i*i*7 + i*31 + 11) mod 256: the rule of the patterned vectors.
std::string Patterned(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text += static_cast<char>(static_cast<unsigned char>(i * i * 7 + i * 31 + 11));
  }
  return text;
}

std::uint32_t Value(const nlohmann::json& hex) {
  return static_cast<std::uint32_t>(std::stoul(hex.get<std::string>(), nullptr, 16));
}

// Bit by bit, for lengths that the vectors leave out.
std::uint32_t BitwiseCrc32c(std::uint32_t crc, std::string_view bytes) {
  crc = ~crc;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) * 0x82f63b78U);
  }
  return ~crc;
}

TEST(Crc32c, MatchesThePublishedVectors) {
  const nlohmann::json cases = ReadVectors(kVectors)["cases"];

  ASSERT_EQ(cases.size(), 6U);
  for (const nlohmann::json& row : cases) {
    EXPECT_EQ(Crc32c(BytesOfHex(row["hex"].get<std::string>())), Value(row["crc32c"])) << row;
  }
}

TEST(Crc32c, MatchesThePatternedVectors) {
  const nlohmann::json rows = ReadVectors(kVectors)["patterned"]["values"];

  ASSERT_EQ(rows.size(), 26U);
  for (const nlohmann::json& row : rows) {
    EXPECT_EQ(Crc32c(Patterned(row[0].get<std::size_t>())), Value(row[1])) << row;
  }
}

// Short and long texts are summed by different code.
TEST(Crc32c, MatchesTheBitwiseSumAtEveryShortLengthAndAlignment) {
  const std::string owned = Patterned(300);
  const std::string_view text = owned;

  for (std::size_t start = 0; start < 8; ++start) {
    for (std::size_t bytes = 0; bytes <= 200; ++bytes) {
      const std::string_view piece = text.substr(start, bytes);
      EXPECT_EQ(Crc32c(piece), BitwiseCrc32c(0, piece)) << start << "+" << bytes;
      EXPECT_EQ(Crc32cExtend(0x9c3a51e7U, piece), BitwiseCrc32c(0x9c3a51e7U, piece))
          << start << "+" << bytes;
    }
  }
}

TEST(Crc32c, ExtendingMatchesTheVectorsInTwoParts) {
  const nlohmann::json rows = ReadVectors(kVectors)["extend"];

  ASSERT_EQ(rows.size(), 7U);
  for (const nlohmann::json& row : rows) {
    const std::uint32_t head = Crc32c(BytesOfHex(row["a"].get<std::string>()));
    EXPECT_EQ(Crc32cExtend(head, BytesOfHex(row["b"].get<std::string>())), Value(row["crc32c"]))
        << row;
  }
}

TEST(Crc32c, ExtendingByPartsGivesTheCrcOfTheWhole) {
  const std::string text = Patterned(300);

  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const std::uint32_t head = Crc32c(text.substr(0, cut));
    EXPECT_EQ(Crc32cExtend(head, text.substr(cut)), Crc32c(text)) << cut;
  }
}

TEST(Crc32c, MaskIsTheLogFormatsAndComesBack) {
  const nlohmann::json rows = ReadVectors(kVectors)["leveldbMask"]["values"];

  ASSERT_EQ(rows.size(), 6U);
  for (const nlohmann::json& row : rows) {
    EXPECT_EQ(MaskCrc(Value(row[0])), Value(row[1])) << row;
    EXPECT_EQ(UnmaskCrc(Value(row[1])), Value(row[0])) << row;
  }
}

}  // namespace
}  // namespace permafrost::vfs
