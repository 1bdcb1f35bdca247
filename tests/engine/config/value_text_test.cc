// Values as text: units, bounds, quotes, and what is refused.
#include "engine/config/value_text.h"

#include <gtest/gtest.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

const Leaf& Wait() { return *FindLeaf("backfill.bsb.retry_wait"); }
const Leaf& Reserve() { return *FindLeaf("storage.reserve_bytes"); }
const Leaf& Workers() { return *FindLeaf("backfill.workers"); }
const Leaf& LakePath() { return *FindLeaf("backfill.datastore.params.path"); }

std::uint64_t NumberOf(const Leaf& leaf, std::string_view written) {
  const absl::StatusOr<Value> value = ParseText(leaf, written);
  EXPECT_OK(value);
  return value.ok() ? std::get<std::uint64_t>(*value) : 0;
}

std::string RefusalOf(const Leaf& leaf, std::string_view text) {
  return vfs::Message(ParseText(leaf, text).status());
}

TEST(ValueText, DurationsAreMilliseconds) {
  EXPECT_EQ(NumberOf(Wait(), "250ms"), 250U);
  EXPECT_EQ(NumberOf(Wait(), "5s"), 5'000U);
  EXPECT_EQ(NumberOf(Wait(), "2m"), 120'000U);
  EXPECT_EQ(NumberOf(Wait(), "24h"), 86'400'000U);
}

TEST(ValueText, BytesHaveBinaryUnitsOrNone) {
  EXPECT_EQ(NumberOf(Reserve(), "1000"), 1'000U);
  EXPECT_EQ(NumberOf(Reserve(), "3KiB"), 3U << 10);
  EXPECT_EQ(NumberOf(Reserve(), "64MiB"), 64U << 20);
  EXPECT_EQ(NumberOf(Reserve(), "2GiB"), std::uint64_t{2} << 30);
  EXPECT_EQ(NumberOf(Reserve(), "1TiB"), std::uint64_t{1} << 40);
}

TEST(ValueText, OtherSpellingsOfDurationsAreRefused) {
  for (const char* text : {"5", "", "s", "1.5s", "1m30s", "5 s", "5S", "+5s", "500us", "0x5s"}) {
    EXPECT_EQ(RefusalOf(Wait(), text),
              "backfill.bsb.retry_wait is '" + std::string(text) +
                  "': must be a duration from 1ms to 24h; write a unit: ms, s, m or h");
  }
}

TEST(ValueText, OtherSpellingsOfBytesAreRefused) {
  for (const char* text : {"", "MiB", "64MB", "64M", "1.5GiB", "64 MiB", "1e9"}) {
    EXPECT_EQ(RefusalOf(Reserve(), text),
              "storage.reserve_bytes is '" + std::string(text) +
                  "': must be bytes from 0 to 1024TiB; write bytes, or a unit: KiB, MiB, "
                  "GiB or TiB");
  }
}

TEST(ValueText, OtherSpellingsOfNumbersAreRefused) {
  for (const char* text : {"", "four", "4.0", "0x4", " 4", "4k"}) {
    EXPECT_EQ(RefusalOf(Workers(), text),
              "backfill.workers is '" + std::string(text) +
                  "': must be a whole number from 1 to 1024; write digits only");
  }
}

TEST(ValueText, NumbersBeyondSixtyFourBitsAreTooLarge) {
  EXPECT_EQ(RefusalOf(Workers(), "99999999999999999999999"),
            "backfill.workers is '99999999999999999999999': must be a whole number from 1 to 1024; "
            "lower it to 1024");
  EXPECT_EQ(RefusalOf(Wait(), "18446744073709551615h"),
            "backfill.bsb.retry_wait is '18446744073709551615h': must be a duration from 1ms to "
            "24h; lower it to 24h");
  EXPECT_EQ(RefusalOf(Reserve(), "16777216TiB"),
            "storage.reserve_bytes is '16777216TiB': must be bytes from 0 to 1024TiB; "
            "lower it to 1024TiB");
}

TEST(ValueText, BothBoundsAreAllowedAndTheirNeighboursAreNot) {
  EXPECT_EQ(NumberOf(Workers(), "1"), 1U);
  EXPECT_EQ(NumberOf(Workers(), "1024"), 1'024U);
  EXPECT_FALSE(ParseText(Workers(), "0").ok());
  EXPECT_FALSE(ParseText(Workers(), "1025").ok());
  EXPECT_FALSE(ParseText(Wait(), "0s").ok());
  EXPECT_FALSE(ParseText(Wait(), "86400001ms").ok());
}

TEST(ValueText, TextsAreUtf8WithoutControlCharacters) {
  EXPECT_OK(ParseText(LakePath(), "/data/\xc3\xa9t\xc3\xa9"));
  EXPECT_EQ(RefusalOf(LakePath(), std::string_view("a\0b", 3)),
            "backfill.datastore.params.path is 'a\\x00b': must not hold control characters; take "
            "them out");
  EXPECT_EQ(RefusalOf(LakePath(), "a\xff"),
            "backfill.datastore.params.path is 'a\\xff': must be UTF-8; write it in UTF-8");
}

TEST(ValueText, NumbersPrintWithTheLargestUnitThatDividesThem) {
  EXPECT_EQ(TomlText(Wait(), std::uint64_t{90'000}), "\"90s\"");
  EXPECT_EQ(TomlText(Wait(), std::uint64_t{3'600'000}), "\"1h\"");
  EXPECT_EQ(TomlText(Wait(), std::uint64_t{1'001}), "\"1001ms\"");
  EXPECT_EQ(TomlText(Reserve(), std::uint64_t{0}), "0");
  EXPECT_EQ(TomlText(Reserve(), std::uint64_t{1'025}), "1025");
  EXPECT_EQ(TomlText(Reserve(), std::uint64_t{1'536} << 10), "\"1536KiB\"");
  EXPECT_EQ(TomlText(Workers(), std::uint64_t{4}), "4");
}

TEST(ValueText, TextsPrintQuoted) {
  EXPECT_EQ(TomlString("a\"b\\c\n\x7f\xc3\xa9"), "\"a\\\"b\\\\c\\u000A\\u007F\xc3\xa9\"");
}

}  // namespace
}  // namespace permafrost::engine
