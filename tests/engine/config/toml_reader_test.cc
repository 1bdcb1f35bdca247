// TOML as entries with places; what is no TOML is one error with its place.
#include "engine/config/toml_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace permafrost::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

// "LINE:COLUMN PATH KIND" of every entry, or "LINE:COLUMN FINDING".
std::vector<std::string> Read(std::string_view text) {
  const auto read = ReadToml(text);
  if (const auto* const error = std::get_if<TomlError>(&read))
    return {fmt::format("{}:{} {}", error->place.line, error->place.column, error->finding)};
  std::vector<std::string> lines;
  for (const TomlEntry& entry : std::get<std::vector<TomlEntry>>(read)) {
    lines.push_back(fmt::format("{}:{} {} {}", entry.place.line, entry.place.column, entry.path,
                                ToString(entry.kind)));
  }
  return lines;
}

TEST(TomlReader, EntriesComeInTheOrderOfTheText) {
  EXPECT_THAT(Read("[b]\nz = 1\na = 'x'\n[a]\nc.d = true\n"),
              ElementsAre("1:2 b a table", "2:1 b.z an integer", "3:1 b.a a string",
                          "4:2 a a table", "5:1 a.c a table", "5:3 a.c.d a boolean"));
}

TEST(TomlReader, KindsAreTold) {
  EXPECT_THAT(Read("a = 1.5\nb = []\nc = 1979-05-27\n[[d]]\ne = 1\n[f]\n"),
              ElementsAre("1:1 a a float", "2:1 b an array", "3:1 c a date or time",
                          "4:3 d an array", "6:2 f a table"));
}

TEST(TomlReader, AQuotedKeyIsNoPath) {
  EXPECT_THAT(Read("\"storage.hot\" = 1\n\"a\\nb\" = 2\n"),
              ElementsAre("1:1 'storage.hot' an integer", "2:1 'a\\x0ab' an integer"));
}

TEST(TomlReader, CrlfAndAByteOrderMarkAreNothingSpecial) {
  EXPECT_THAT(Read("\xef\xbb\xbf"
                   "a = 1\r\nb = 2\r\n"),
              ElementsAre("1:1 a an integer", "2:1 b an integer"));
}

TEST(TomlReader, SyntaxErrorsHaveAPlace) {
  EXPECT_THAT(Read("a = 1\n[b\n"),
              ElementsAre("2:3 not TOML: error while parsing table header: expected ']', saw "
                          "'\\n'; correct it"));
  EXPECT_THAT(Read("a ="), ElementsAre(StartsWith("1:4 not TOML: ")));
  EXPECT_THAT(Read("a = 99999999999999999999\n"), ElementsAre(StartsWith("1:25 not TOML: ")));
}

TEST(TomlReader, AKeyGivenTwiceIsAnError) {
  EXPECT_THAT(Read("a = 1\na = 2\n"),
              ElementsAre("2:5 not TOML: error while parsing key-value pair: cannot redefine "
                          "existing integer 'a'; correct it"));
  EXPECT_THAT(Read("[a]\n[a]\n"), ElementsAre(StartsWith("2:1 not TOML: ")));
}

TEST(TomlReader, BytesThatTomlDoesNotKnowAreErrors) {
  EXPECT_THAT(Read(std::string_view("a = \"x\0y\"\n", 10)),
              ElementsAre(StartsWith("1:7 not TOML: ")));
  EXPECT_THAT(Read(std::string_view("\0", 1)), ElementsAre(StartsWith("1:1 not TOML: ")));
  EXPECT_THAT(Read("a = \"\xff\"\n"),
              ElementsAre("1:5 not TOML: encountered invalid utf-8 sequence; correct it"));
}

TEST(TomlReader, NestingIsBounded) {
  std::string deep = "a";
  while (deep.size() + 6 <= kTomlLineBytesMax) deep += ".a";

  EXPECT_GT(Read(deep + " = 1\n").size(), 2'000U);
  EXPECT_THAT(Read("b = 1\n" + deep + ".a.a.a.a = 1\n"), ElementsAre(StartsWith("2:1 line of 41")));
  EXPECT_THAT(Read("a = " + std::string(4'000, '[')), ElementsAre(StartsWith("1:261 not TOML: ")));
}

TEST(TomlReader, OnlyOneQuotedStringIsAString) {
  EXPECT_TRUE(IsTomlString("\"a\""));
  for (const char* text : {"a", "1", "\"a", "\"a\"\nb = 1", "\"\xff\""})
    EXPECT_FALSE(IsTomlString(text)) << text;
}

}  // namespace
}  // namespace permafrost::engine
