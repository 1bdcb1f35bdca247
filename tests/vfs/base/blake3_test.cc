// BLAKE3 against the official vectors, whole and in pieces; its text, back and forth.
#include "vfs/base/blake3.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tests/status_matchers.h"
#include "tests/vectors.h"

namespace permafrost::vfs {
namespace {

struct Case {
  std::string input;
  std::string hex;
};

// The input rule of the vectors.
std::string RisingBytes(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>(i % 251);
  return text;
}

// The first 32 bytes of a vector's long output are the hash.
std::vector<Case> Cases() {
  const nlohmann::json file = ReadVectors("blake3_test_vectors.json");
  std::vector<Case> cases;
  for (const nlohmann::json& entry : file["cases"]) {
    cases.push_back({RisingBytes(entry["input_len"].get<std::size_t>()),
                     entry["hash"].get<std::string>().substr(0, 64)});
  }
  return cases;
}

TEST(Blake3, MatchesTheOfficialVectors) {
  const std::vector<Case> cases = Cases();

  ASSERT_EQ(cases.size(), 35U);
  for (const Case& c : cases) EXPECT_EQ(Blake3Of(c.input).Hex(), c.hex) << c.input.size();
}

TEST(Blake3, ACutAtAnyPowerOfTwoGivesTheHashOfTheWhole) {
  std::size_t cuts = 0;

  for (const Case& c : Cases()) {
    const std::string_view text = c.input;
    for (std::size_t cut = 1; cut <= text.size(); cut *= 2, ++cuts) {
      const Blake3 hash =
          Blake3Hasher().Update(text.substr(0, cut)).Update(text.substr(cut)).Finish();
      EXPECT_EQ(hash.Hex(), c.hex) << text.size() << " cut at " << cut;
    }
  }

  EXPECT_EQ(cuts, 323U);
}

TEST(Blake3, PiecesOfAnyPowerOfTwoGiveTheHashOfTheWhole) {
  for (const Case& c : Cases()) {
    const std::string_view text = c.input;
    for (std::size_t piece = 1; piece <= text.size(); piece *= 2) {
      Blake3Hasher hasher;
      for (std::size_t at = 0; at < text.size(); at += piece) hasher.Update(text.substr(at, piece));
      EXPECT_EQ(hasher.Finish().Hex(), c.hex) << text.size() << " in pieces of " << piece;
    }
  }
}

TEST(Blake3, FinishLeavesTheHasherAsItWas) {
  Blake3Hasher hasher;
  const Blake3 of_nothing = hasher.Finish();
  const Blake3 of_first = hasher.Update("ab").Finish();
  const Blake3 of_both = hasher.Update("").Update("c").Finish();

  EXPECT_EQ(of_nothing, Blake3Of(""));
  EXPECT_EQ(of_first, Blake3Of("ab"));
  EXPECT_EQ(of_both, Blake3Of("abc"));
}

TEST(Blake3, OrderIsThatOfTheDigits) {
  std::vector<Blake3> hashes;
  for (const Case& c : Cases()) hashes.push_back(Blake3Of(c.input));
  std::sort(hashes.begin(), hashes.end());

  EXPECT_TRUE(std::is_sorted(hashes.begin(), hashes.end(),
                             [](const Blake3& a, const Blake3& b) { return a.Hex() < b.Hex(); }));
  EXPECT_NE(hashes.front(), hashes.back());
}

TEST(ParseBlake3, ReadsWhatHexWrites) {
  for (const Case& c : Cases()) {
    ASSERT_OK_AND_ASSIGN(const Blake3 hash, ParseBlake3(c.hex));
    EXPECT_EQ(hash, Blake3Of(c.input));
    EXPECT_EQ(hash.Hex(), c.hex);
  }
}

TEST(ParseBlake3, OtherLengthsAreRefused) {
  EXPECT_ERROR(ParseBlake3(""), absl::StatusCode::kInvalidArgument,
               "parse BLAKE3 hash '': 0 characters; give 64 lower-case hex digits");
  EXPECT_ERROR(ParseBlake3("af13\n"), absl::StatusCode::kInvalidArgument,
               "parse BLAKE3 hash 'af13\\x0a': 5 characters; give 64 lower-case hex digits");
  EXPECT_ERROR(ParseBlake3(std::string(63, '0')), absl::StatusCode::kInvalidArgument,
               ::testing::HasSubstr("': 63 characters; give 64 lower-case hex digits"));
  EXPECT_ERROR(ParseBlake3(std::string(65, '0')), absl::StatusCode::kInvalidArgument,
               ::testing::HasSubstr("': 65 characters; give 64 lower-case hex digits"));
}

TEST(ParseBlake3, OtherCharactersAreRefusedWithTheirPlace) {
  const std::string zeros(63, '0');

  EXPECT_ERROR(
      ParseBlake3("A" + zeros), absl::StatusCode::kInvalidArgument,
      "parse BLAKE3 hash 'A" + zeros + "': 'A' at character 1; give 64 lower-case hex digits");
  EXPECT_ERROR(
      ParseBlake3(zeros + "g"), absl::StatusCode::kInvalidArgument,
      "parse BLAKE3 hash '" + zeros + "g': 'g' at character 64; give 64 lower-case hex digits");
  EXPECT_ERROR(ParseBlake3(zeros + '\0'), absl::StatusCode::kInvalidArgument,
               ::testing::HasSubstr(": '\\x00' at character 64;"));
}

}  // namespace
}  // namespace permafrost::vfs
