// Record-store keys: their text, which names are allowed, and that different things have different
// keys.
#include "engine/records/record_keys.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;

ContentAddress AddressOf(std::uint8_t first) {
  ContentAddress address = {};
  address.bytes.front() = first;
  address.bytes.back() = 0xef;
  return address;
}

TEST(RecordKeys, PrintAsTheSchemaSays) {
  const std::string zeros(60, '0');

  EXPECT_EQ(AssertionKey(AddressOf(0xab)), "H:ab" + zeros + "ef");
  EXPECT_EQ(VoteKey(AddressOf(1), AddressOf(2)), "V:01" + zeros + "ef:02" + zeros + "ef");
  EXPECT_EQ(VotePrefix(AddressOf(1)), "V:01" + zeros + "ef:");
  EXPECT_EQ(EpochKey(std::string_view("\0e:", 3)), "E:00653a");
  EXPECT_EQ(SubjectKey("a:b"), "S:a:b");
  EXPECT_EQ(AccountKey("G\xc3\xa4ste"), "A:G\xc3\xa4ste");
  EXPECT_EQ(LsnKey(42), "L:00000000000000000042");
  EXPECT_EQ(LsnKey(18446744073709551615ULL), "L:18446744073709551615");
  EXPECT_EQ(kCursorKey, "meta:cursor");
}

TEST(RecordKeys, NamesAtTheLimitsAreAllowed) {
  EXPECT_OK(CheckName("subject", "s"));
  EXPECT_OK(CheckName("subject", std::string(256, 's')));
  EXPECT_OK(CheckName("subject", " :~\x80\xff"));
  EXPECT_OK(CheckEpochId(std::string(1, '\0')));
  EXPECT_OK(CheckEpochId(std::string(64, '\xff')));
}

TEST(RecordKeys, OtherNamesAreRefusedWithTheRule) {
  constexpr auto kCode = absl::StatusCode::kInvalidArgument;
  EXPECT_ERROR(CheckName("subject", ""), kCode, "subject '': 0 bytes, expected 1 to 256");
  EXPECT_ERROR(CheckName("account", std::string(257, 'x')), kCode,
               HasSubstr("'...: 257 bytes, expected 1 to 256"));
  EXPECT_ERROR(CheckName("account", "a\nb"), kCode,
               "account 'a\\x0ab': control byte 0x0a at 1, expected none");
  EXPECT_ERROR(CheckName("account", std::string_view("\0", 1)), kCode,
               "account '\\x00': control byte 0x00 at 0, expected none");
  EXPECT_ERROR(CheckName("account", "del\x7f"), kCode,
               "account 'del\\x7f': control byte 0x7f at 3, expected none");
  EXPECT_ERROR(CheckEpochId(""), kCode, "epoch id: 0 bytes, expected 1 to 64");
  EXPECT_ERROR(CheckEpochId(std::string(65, 'e')), kCode, "epoch id: 65 bytes, expected 1 to 64");
}

TEST(RecordKeys, AddressesParseOnlyAsTheyPrint) {
  const std::string hex = AddressOf(0xab).Hex();

  EXPECT_EQ(ParseAddress(hex), AddressOf(0xab));
  EXPECT_EQ(ParseAddress(hex.substr(1)), std::nullopt);
  EXPECT_EQ(ParseAddress(hex + "0"), std::nullopt);
  EXPECT_EQ(ParseAddress("AB" + hex.substr(2)), std::nullopt);
  EXPECT_EQ(ParseAddress("g" + hex.substr(1)), std::nullopt);
  EXPECT_EQ(AddressOfBytes(BytesOf(AddressOf(3))), AddressOf(3));
  EXPECT_EQ(AddressOfBytes(std::string(31, 'x')), std::nullopt);
  EXPECT_EQ(AddressOfBytes(std::string(33, 'x')), std::nullopt);
}

rc::Gen<std::string> NameWithColons() {
  return rc::gen::nonEmpty(
      rc::gen::container<std::string>(rc::gen::elementOf(std::string(":aHV0"))));
}

RC_GTEST_PROP(RecordKeys, DifferentThingsHaveDifferentKeys, ()) {
  const std::string name = *NameWithColons();
  const std::string other = *NameWithColons();
  RC_PRE(name.size() <= kEpochIdBytesMax && other.size() <= kEpochIdBytesMax);
  const std::string keys[] = {SubjectKey(name), AccountKey(name), EpochKey(name)};
  const std::string others[] = {SubjectKey(other), AccountKey(other), EpochKey(other)};

  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      RC_ASSERT((keys[i] == others[j]) == (i == j && name == other));
    }
    RC_ASSERT(keys[i] != kCursorKey);
  }
}

RC_GTEST_PROP(RecordKeys, IndexKeysSortAsTheirNumbers, (std::uint64_t a, std::uint64_t b)) {
  RC_ASSERT((LsnKey(a) < LsnKey(b)) == (a < b));
}

}  // namespace
}  // namespace permafrost::engine
