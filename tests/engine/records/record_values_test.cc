// Record-store values: the worked example, the round trip, and that no damaged byte goes unseen.
#include "engine/records/record_values.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/records/record_keys.h"
#include "tests/status_matchers.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/hex.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using vfs::HexOf;

ContentAddress Filled(std::uint8_t byte) {
  ContentAddress address;
  address.bytes.fill(byte);
  return address;
}

// A frame made here, with any version and payload.
std::string Framed(std::string_view key, char version, std::string_view payload) {
  std::string value(1, version);
  value += payload;
  vfs::AppendLittleEndian(value, vfs::Crc32cExtend(vfs::Crc32c(key), value));
  return value;
}

TEST(RecordValues, AreTheBytesOfTheWorkedExample) {
  EXPECT_EQ(HexOf(AccountValue("A:alice", {.balance = "100", .nonce = 7, .lsn = 3})),
            "01"
            "0300000000000000"
            "0700000000000000"
            "313030"
            "55acdd9a");
  EXPECT_EQ(HexOf(CursorValue(4)),
            "01"
            "0400000000000000"
            "2c86dfc1");
  EXPECT_EQ(HexOf(IndexValue(LsnKey(3), {.type = 9, .hash = Filled(0xab)})),
            "01"
            "09" +
                Filled(0xab).Hex() + "af3a6524");
  EXPECT_EQ(HexOf(SubjectValue("S:x", {Filled(1), Filled(2)})),
            "01" + Filled(1).Hex() + Filled(2).Hex() + "a4e55d90");
  EXPECT_EQ(HexOf(FrameValue("H:k", "body")),
            "01"
            "626f6479"
            "22d33b62");
}

TEST(RecordValues, ComeBackAsTheyWere) {
  const AccountRow account{.balance = "-12", .nonce = ~std::uint64_t{0}, .lsn = 9};
  const IndexRow index{.type = 255, .hash = Filled(7)};
  const std::vector<ContentAddress> subject = {Filled(0), Filled(1), Filled(255)};

  EXPECT_EQ(*ParseAccount("A:a", AccountValue("A:a", account)), account);
  EXPECT_EQ(*ParseIndex("L:1", IndexValue("L:1", index)), index);
  EXPECT_EQ(*ParseSubject("S:s", SubjectValue("S:s", subject)), subject);
  EXPECT_EQ(*ParseCursor(CursorValue(77)), 77U);
}

RC_GTEST_PROP(RecordValues, AFrameGivesItsPayloadBack, (std::string key, std::string payload)) {
  const std::string value = FrameValue(key, payload);
  RC_ASSERT(UnframeValue(key, value).ok());
  RC_ASSERT(*UnframeValue(key, value) == payload);
}

TEST(RecordValues, EveryFlippedBitAndEveryCutIsSeen) {
  const std::string value = AccountValue("A:alice", {.balance = "100", .nonce = 7, .lsn = 3});

  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string damaged = value;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_ERROR(ParseAccount("A:alice", damaged), absl::StatusCode::kDataLoss,
                 HasSubstr("parse record row 'A:alice': checksum 0x"));
  }
  for (std::size_t bytes = 0; bytes < value.size(); ++bytes) {
    EXPECT_ERROR(ParseAccount("A:alice", value.substr(0, bytes)), absl::StatusCode::kDataLoss,
                 HasSubstr("parse record row 'A:alice': "));
  }
}

TEST(RecordValues, AValueUnderAnotherKeyIsRefused) {
  const std::string value = AccountValue("A:alice", {.balance = "100", .nonce = 7, .lsn = 3});

  EXPECT_ERROR(ParseAccount("A:bob", value), absl::StatusCode::kDataLoss,
               "parse record row 'A:bob': checksum 0x9addac55, expected 0xeec31a39");
}

TEST(RecordValues, RefusalsSayWhatWasFound) {
  constexpr auto kCode = absl::StatusCode::kDataLoss;
  EXPECT_ERROR(UnframeValue("A:a", "1234"), kCode,
               "parse record row 'A:a': 4 bytes, expected at least 5");
  EXPECT_ERROR(UnframeValue("A:a", Framed("A:a", 2, "x")), kCode,
               "parse record row 'A:a': version 2, expected 1; a newer release wrote it");
  EXPECT_ERROR(ParseCursor(Framed(kCursorKey, 1, "1234567")), kCode,
               "parse record row 'meta:cursor': its 7 bytes are not a cursor");
  EXPECT_ERROR(ParseCursor(Framed(kCursorKey, 1, std::string(8, '\0'))), kCode,
               "parse record row 'meta:cursor': its 8 bytes are not a cursor");
  EXPECT_ERROR(ParseAccount("A:a", Framed("A:a", 1, std::string(16, 'x'))), kCode,
               "parse record row 'A:a': its 16 bytes are not an account");
  EXPECT_ERROR(ParseAccount("A:a", Framed("A:a", 1, std::string(17, 'x'))), kCode,
               "parse record row 'A:a': its 17 bytes are not an account");
  EXPECT_ERROR(ParseIndex("L:1", Framed("L:1", 1, std::string(33, '\0'))), kCode,
               "parse record row 'L:1': its 33 bytes are not a type and an address");
  EXPECT_ERROR(ParseIndex("L:1", Framed("L:1", 1, std::string(32, 'x'))), kCode,
               "parse record row 'L:1': its 32 bytes are not a type and an address");
  EXPECT_ERROR(ParseSubject("S:s", Framed("S:s", 1, "")), kCode,
               "parse record row 'S:s': its 0 bytes are not an ascending set of addresses");
  EXPECT_ERROR(ParseSubject("S:s", Framed("S:s", 1, std::string(33, 'x'))), kCode,
               "parse record row 'S:s': its 33 bytes are not an ascending set of addresses");
  EXPECT_ERROR(ParseSubject("S:s", Framed("S:s", 1, std::string(64, 'x'))), kCode,
               "parse record row 'S:s': its 64 bytes are not an ascending set of addresses");
}

}  // namespace
}  // namespace permafrost::engine
