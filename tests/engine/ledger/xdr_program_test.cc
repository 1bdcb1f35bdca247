// Tables of a line or two, and values that keep or break each of their rules.
#include "engine/ledger/xdr_program.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ledger/xdr_walk.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/status_matchers.h"
#include "tests/vectors.h"

namespace permafrost::engine {
namespace {

using Finding = XdrWalkEnd::Finding;
using ::testing::ElementsAre;
using ::testing::Pair;

absl::StatusOr<XdrProgram> Compile(std::string_view text, const std::vector<XdrMark>& marks = {}) {
  VFS_ASSIGN_OR_RETURN(const XdrSchema schema, ParseXdrSchema(text));
  constexpr std::string_view kQuiet[] = {"Quiet"};
  return CompileXdr(schema, "A", marks, kQuiet);
}

// How a walk along the table ends: what was found, and where.
std::pair<Finding, std::size_t> Walk(std::string_view table, std::string_view hex) {
  const auto program = Compile(table);
  EXPECT_OK(program);
  if (!program.ok()) return {Finding::kWhole, 0};
  const std::string bytes = BytesOfHex(hex);
  const XdrWalkEnd end = WalkXdr(*program, bytes, [](std::uint32_t, const char*) { return true; });
  return {end.finding, end.at};
}

TEST(XdrProgram, FixedFieldsAreAsLongAsTheySay) {
  EXPECT_THAT(Walk("A s a:i b:h c:o8", std::string(40, '7')), Pair(Finding::kWhole, 20U));
  EXPECT_THAT(Walk("A s a:i b:h c:o8", std::string(38, '7')), Pair(Finding::kTruncated, 0U));
  EXPECT_THAT(Walk("A s a:(3 o4)", std::string(24, '7')), Pair(Finding::kWhole, 12U));
}

TEST(XdrProgram, FlagsAreZeroOrOne) {
  EXPECT_THAT(Walk("A s a:b", "00000001"), Pair(Finding::kWhole, 4U));
  EXPECT_THAT(Walk("A s a:b", "00000002"), Pair(Finding::kFlag, 0U));
  EXPECT_THAT(Walk("A s a:?i", "00000000"), Pair(Finding::kWhole, 4U));
  EXPECT_THAT(Walk("A s a:?i", "0000000100000009"), Pair(Finding::kWhole, 8U));
  EXPECT_THAT(Walk("A s a:?i", "00000001"), Pair(Finding::kTruncated, 4U));
  EXPECT_THAT(Walk("A s a:?i", "01000000"), Pair(Finding::kFlag, 0U));
}

TEST(XdrProgram, WhatFollowsAnOptionalFieldIsThereWithAndWithoutIt) {
  EXPECT_THAT(Walk("A s a:?i b:h", "000000001111111111111111"), Pair(Finding::kWhole, 12U));
  EXPECT_THAT(Walk("A s a:?i b:h", "00000001222222221111111111111111"), Pair(Finding::kWhole, 16U));
  EXPECT_THAT(Walk("A s a:?b b:h", "00000001000000011111111111111111"), Pair(Finding::kWhole, 16U));
}

TEST(XdrProgram, OpaquesKeepTheirLimitAndArePaddedWithZeros) {
  EXPECT_THAT(Walk("A s a:O4",
                   "000000026162"
                   "0000"),
              Pair(Finding::kWhole, 8U));
  EXPECT_THAT(Walk("A s a:O4",
                   "000000026162"
                   "0001"),
              Pair(Finding::kPadding, 7U));
  EXPECT_THAT(Walk("A s a:O4",
                   "0000000561626364"
                   "65000000"),
              Pair(Finding::kTooLong, 0U));
  EXPECT_THAT(Walk("A s a:O4",
                   "000000026162"
                   "00"),
              Pair(Finding::kTruncated, 0U));
  EXPECT_THAT(Walk("A s a:O", "ffffffff6162"), Pair(Finding::kTruncated, 0U));
}

TEST(XdrProgram, ListsKeepTheirLimitAndAreNoLongerThanTheBytes) {
  EXPECT_THAT(Walk("A s a:[2 i]",
                   "00000002"
                   "00000005"
                   "00000006"),
              Pair(Finding::kWhole, 12U));
  EXPECT_THAT(Walk("A s a:[2 i]",
                   "00000003"
                   "00000005"
                   "00000006"
                   "00000007"),
              Pair(Finding::kTooLong, 0U));
  EXPECT_THAT(Walk("A s a:[ i]",
                   "40000000"
                   "00000005"),
              Pair(Finding::kTruncated, 0U));
  EXPECT_THAT(Walk("A s a:[ [ i]]",
                   "00000001"
                   "00000001"
                   "00000009"),
              Pair(Finding::kWhole, 12U));
}

TEST(XdrProgram, EnumsAndUnionsHaveTheirMembersOnly) {
  constexpr std::string_view kUnion = "A u E 0=v 1=a:i 300=b:O8\nE e 0 1 300";
  EXPECT_THAT(Walk(kUnion, "00000000"), Pair(Finding::kWhole, 4U));
  EXPECT_THAT(Walk(kUnion, "0000000100000007"), Pair(Finding::kWhole, 8U));
  EXPECT_THAT(Walk(kUnion, "00000001"), Pair(Finding::kTruncated, 4U));
  EXPECT_THAT(Walk(kUnion, "0000012c00000000"), Pair(Finding::kWhole, 8U));
  EXPECT_THAT(Walk(kUnion, "00000002"), Pair(Finding::kUnknown, 0U));
  EXPECT_THAT(Walk(kUnion, "0000012d"), Pair(Finding::kUnknown, 0U));
  EXPECT_THAT(Walk(kUnion, "ffffffff"), Pair(Finding::kUnknown, 0U));
  EXPECT_THAT(Walk("A s e:E\nE e -2 -1 0", "fffffffe"), Pair(Finding::kWhole, 4U));
  EXPECT_THAT(Walk("A s e:E\nE e -2 -1 0", "fffffffd"), Pair(Finding::kUnknown, 0U));
  EXPECT_THAT(Walk("A s e:E\nE e 0 5", "00000005"), Pair(Finding::kWhole, 4U));
  EXPECT_THAT(Walk("A s e:E\nE e 0 5", "00000004"), Pair(Finding::kUnknown, 0U));
  EXPECT_THAT(Walk("A s e:B c:i\nB u i 7=h:h",
                   "00000007"
                   "1122334455667788"
                   "00000000"),
              Pair(Finding::kWhole, 16U));
  EXPECT_THAT(Walk("A s e:B c:i\nB u i 7=h:h", "00000006"), Pair(Finding::kUnknown, 0U));
}

TEST(XdrProgram, DepthHasALimit) {
  std::string hex;
  for (std::size_t i = 0; i < kXdrDepthMax; ++i) hex += "00000001";

  EXPECT_THAT(Walk("A s a:[ A]", hex + "00000000"), Pair(Finding::kWhole, 4 * kXdrDepthMax + 4));
  EXPECT_THAT(Walk("A s a:[ A]", hex + "0000000100000000"),
              Pair(Finding::kTooDeep, 4 * kXdrDepthMax + 4));
}

TEST(XdrProgram, MarksAreReportedInOrderAndNotWithinUnmarkedTypes) {
  constexpr std::string_view kTable = "A s a:i list:[ B] quiet:Quiet\nQuiet s b:B\nB s x:i y:i";
  ASSERT_OK_AND_ASSIGN(const XdrProgram program,
                       Compile(kTable, {{"A", "list", XdrMark::Where::kEachElement, 1},
                                        {"B", "y", XdrMark::Where::kBefore, 2},
                                        {"A", "list", XdrMark::Where::kAfter, 3}}));
  const std::string bytes(4 + 4 + 16 + 8, '\0');
  std::string two = bytes;
  two[7] = '\2';
  std::vector<std::pair<std::uint32_t, std::ptrdiff_t>> seen;

  const XdrWalkEnd end = WalkXdr(program, two, [&](std::uint32_t meaning, const char* at) {
    seen.emplace_back(meaning, at - two.data());
    return true;
  });

  EXPECT_EQ(end.finding, Finding::kWhole);
  EXPECT_EQ(end.at, two.size());
  EXPECT_THAT(seen, ElementsAre(Pair(1, 8), Pair(2, 12), Pair(1, 16), Pair(2, 20), Pair(3, 24)));
}

TEST(XdrProgram, TablesThatSayNothingSensibleAreRefused) {
  const std::vector<std::pair<std::string_view, std::string_view>> tables = {
      {"A s", "schema line 1: 'A s' defines nothing"},
      {"A s a:i\nA s b:i", "schema line 2: A is defined twice"},
      {"A x a:i", "schema line 1: 'x' is no s, u or e"},
      {"A s a", "schema line 1: 'a' is no field"},
      {"A s a:o3", "schema line 1: 'o3' is no opaque of 4, 8, ... bytes"},
      {"A s a:[i]", "schema line 1: '[i]' is no list"},
      {"A s a:[x i]", "schema line 1: '[x i]' is a list without a sane count"},
      {"A s a:[ v]", "schema line 1: '[ v]' is a list of nothing"},
      {"A s a:q", "schema line 1: 'q' is no type"},
      {"A u i x=v", "schema line 1: 'x=v' is no arm"},
      {"A e 0 y", "schema line 1: 'y' is no member"},
      {"A s a:B", "B is not defined"},
      {"A s a:B\nB s a:A", "A contains itself"},
      {"A s a:[ B]\nB s a:v", "A has a list of elements without bytes"},
      {"A u i 0=v 9999=a:i", "A has values from 0 to 9999, too far apart"},
  };
  for (const auto& [table, text] : tables)
    EXPECT_ERROR(Compile(table), absl::StatusCode::kInvalidArgument, text);
  EXPECT_ERROR(Compile("A s a:i", {{"A", "b", XdrMark::Where::kAfter, 1}}),
               absl::StatusCode::kInvalidArgument, "A has no field 'b' to mark");
}

}  // namespace
}  // namespace permafrost::engine
