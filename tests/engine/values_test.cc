// Catalog values and pins: round trips, and hostile values refused by key.
#include "engine/catalog/values.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/catalog/pins.h"
#include "engine/catalog/view.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;

TEST(CatalogValues, PrintAsFormatsMdShows) {
  const ArtifactRecord frozen{
      .state = ArtifactState::kFrozen,
      .files = {{.name = "00000007.pack", .bytes = 9, .crc32c = 0xe3069283}}};

  EXPECT_EQ(ValueText(frozen), "v1 frozen 00000007.pack=9:e3069283");
  EXPECT_EQ(ValueText(ArtifactRecord{.state = ArtifactState::kPruning, .files = {}}), "v1 pruning");
  EXPECT_EQ(ValueText(HotState::kTransient), "v1 transient");
}

TEST(CatalogValues, ATaintedOneKeepsWhatItHadRecorded) {
  const ArtifactRecord tainted{
      .state = ArtifactState::kFreezing,
      .files = {{.name = "00000007.pack", .bytes = 9, .crc32c = 0xe3069283}}};
  const Layout layout = *Layout::Create(Geometry::Production(), Roots{});
  const ChunkArtifact artifact{ChunkId{7}, ArtifactKind::kLedgers};

  EXPECT_EQ(ValueText(tainted), "v1 freezing 00000007.pack=9:e3069283");
  EXPECT_EQ(*ParseArtifactValue(layout, artifact, ValueText(tainted)), tainted);
  EXPECT_TRUE(tainted.is_tainted());
  EXPECT_FALSE(ArtifactRecord{}.is_tainted());
  EXPECT_FALSE(ParseArtifactValue(layout, artifact, "v1 freezing 00000008.pack=9:e3069283").ok());
}

RC_GTEST_PROP(CatalogValues, EveryRecordParsesBack, ()) {
  ArtifactRecord record{
      .state = *rc::gen::element(ArtifactState::kFrozen, ArtifactState::kFreezing), .files = {}};
  const int count = *rc::gen::inRange(1, 4);
  for (int i = 0; i < count; ++i) {
    record.files.push_back({.name = "f" + std::to_string(i),
                            .bytes = *rc::gen::arbitrary<std::uint64_t>(),
                            .crc32c = *rc::gen::arbitrary<std::uint32_t>()});
  }

  RC_ASSERT(ParseArtifactRecord(ValueText(record)) == std::optional(record));
}

TEST(CatalogValues, OtherSpellingsDoNotParse) {
  for (const char* text : {"",
                           "frozen",
                           "v1",
                           "v1 ",
                           "v1 frozen",
                           "v2 freezing",
                           "v1 Freezing",
                           "v1 freezing ",
                           "v1 freezing a=1:0000000G",
                           "v1 pruning a=1:00000000",
                           "v1 frozen a=01:00000000",
                           "v1 frozen a=1:0",
                           "v1 frozen a=1:0000000G",
                           "v1 frozen a=1:E3069283",
                           "v1 frozen =1:00000000",
                           "v1 frozen a=:00000000",
                           "v1 frozen a=-1:00000000",
                           "v1 frozen  a=1:00000000",
                           "v1 frozen a=99999999999999999999:00000000",
                           "v1 frozen a=1:00000000 ",
                           "v1 ready"}) {
    EXPECT_FALSE(ParseArtifactRecord(text).has_value()) << text;
  }
  EXPECT_FALSE(ParseHotState("v1 frozen").has_value());
}

TEST(CatalogValues, AValueOfOtherFilesNamesItsKey) {
  const Layout layout = *Layout::Create(Geometry::Production(), Roots{});
  const ChunkArtifact artifact{ChunkId{7}, ArtifactKind::kLedgers};

  EXPECT_ERROR(ParseArtifactValue(layout, artifact, "v1 frozen 00000008.pack=9:e3069283"),
               absl::StatusCode::kDataLoss,
               "parse catalog value of chunk:00000007:ledgers: 'v1 frozen "
               "00000008.pack=9:e3069283' is not a value of this key");
  EXPECT_FALSE(ParseArtifactValue(layout, {ChunkId{7}, ArtifactKind::kEvents},
                                  "v1 frozen 00000007-events.pack=9:e3069283")
                   .ok());
}

Pins SomePins() {
  return {.store_id = std::string(32, 'a'),
          .format = 1,
          .geometry = Geometry::Production(),
          .network = std::string(64, '0'),
          .earliest_ledger = LedgerSeq{10'002}};
}

TEST(Pins, RowsParseBack) { EXPECT_EQ(*ParsePins(PinRows(SomePins())), SomePins()); }

TEST(Pins, AMissingPinIsNamed) {
  auto rows = PinRows(SomePins());
  rows.pop_back();

  EXPECT_ERROR(ParsePins(rows), absl::StatusCode::kDataLoss,
               "read config:store_id: missing from the catalog");
}

TEST(Pins, AnotherFormatIsRefusedWithBothNumbers) {
  auto rows = PinRows(SomePins());
  rows[1].second = "2";

  EXPECT_ERROR(ParsePins(rows), absl::StatusCode::kFailedPrecondition,
               "compare config:format: the store has '2', the configuration says '1'; use the "
               "version of permafrost that wrote the store");
}

TEST(Pins, EveryDifferenceNamesBothValuesAndTheRemedy) {
  const ExpectedPins same{.geometry = Geometry::Production(),
                          .network = std::string(64, '0'),
                          .earliest_ledger = LedgerSeq{10'002}};
  ExpectedPins other_earliest = same;
  other_earliest.earliest_ledger = LedgerSeq{2};
  ExpectedPins other_network = same;
  other_network.network = "";
  ExpectedPins other_geometry = same;
  other_geometry.geometry = *Geometry::Parse("8/3/2");

  EXPECT_OK(ComparePins(SomePins(), same));
  EXPECT_ERROR(ComparePins(SomePins(), other_earliest), absl::StatusCode::kFailedPrecondition,
               "compare config:earliest_ledger: the store has '10002', the configuration says "
               "'2'; configure the store's earliest ledger or another data directory");
  EXPECT_ERROR(ComparePins(SomePins(), other_geometry), absl::StatusCode::kFailedPrecondition,
               HasSubstr("the store has '10000/1000/1000', the configuration says '8/3/2'"));
  EXPECT_ERROR(ComparePins(SomePins(), other_network), absl::StatusCode::kFailedPrecondition,
               HasSubstr("compare config:network"));
}

TEST(Pins, AnEarliestLedgerInsideAChunkIsRefused) {
  EXPECT_ERROR(CheckExpected({.earliest_ledger = LedgerSeq{3}}), absl::StatusCode::kInvalidArgument,
               "check earliest ledger: 3 does not begin a chunk of 10000 ledgers");
  EXPECT_ERROR(
      CheckExpected(
          {.geometry = *Geometry::Parse("4/2/2"), .earliest_ledger = LedgerSeq{63'092'982}}),
      absl::StatusCode::kInvalidArgument,
      "check earliest ledger: 63092982 lies behind the last chunk of 4 ledgers a chunk and "
      "2 chunks a bucket, which ends at ledger 800001; choose larger ones");
}

}  // namespace
}  // namespace permafrost::engine
