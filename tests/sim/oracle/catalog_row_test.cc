// The oracle's own parser of catalog rows: one spelling of each row, and nothing else.
#include "sim/oracle/catalog_row.h"

#include <gtest/gtest.h>

namespace permafrost::sim {
namespace {

constexpr CatalogShape kShape{.chunks_per_window = 3, .chunks_per_bucket = 2};

std::optional<CatalogRow> Parsed(std::string_view key, std::string_view value) {
  return ParseCatalogRow(key, value, kShape);
}

TEST(CatalogRow, ArtifactRowsAreRead) {
  const auto chunk = Parsed("chunk:00000004:ledgers", "v1 frozen 00000004.pack=9:e3069283");
  const auto index = Parsed("index:00000001:00000003:00000005", "v1 pruning");
  const auto events =
      Parsed("chunk:00000004:events", "v1 frozen a=0:00000000 b=1:00000001 c=22:abcdef09");

  ASSERT_TRUE(chunk && index && events);
  EXPECT_EQ(std::get<ChunkRow>(*chunk).chunk, 4U);
  EXPECT_EQ(std::get<ChunkRow>(*chunk).kind, "ledgers");
  EXPECT_EQ(std::get<ChunkRow>(*chunk).state, "frozen");
  EXPECT_EQ(std::get<IndexRow>(*index).window, 1U);
  EXPECT_EQ(std::get<IndexRow>(*index).last, 5U);
  EXPECT_EQ(std::get<IndexRow>(*index).state, "pruning");
}

TEST(CatalogRow, HotRowsAreRead) {
  EXPECT_EQ(std::get<HotRow>(*Parsed("hot:chunk:00000007", "v1 transient")).state, "transient");
  EXPECT_EQ(std::get<HotRow>(*Parsed("hot:chunk:00000007", "v1 ready")).chunk, 7U);
}

TEST(CatalogRow, EveryPinIsRead) {
  EXPECT_TRUE(Parsed("config:store_id", "0123456789abcdef0123456789abcdef"));
  EXPECT_TRUE(Parsed("config:format", "1"));
  EXPECT_TRUE(Parsed("config:geometry", "8/3/2"));
  EXPECT_TRUE(Parsed("config:network", ""));
  EXPECT_TRUE(Parsed("config:network", std::string(64, 'f')));
  EXPECT_TRUE(Parsed("config:earliest_ledger", "2"));
}

TEST(CatalogRow, AnotherVersionThanOneIsRefused) {
  for (const char* value : {"freezing", "v2 freezing", "v freezing", "V1 freezing", "v1freezing",
                            "v1", "", " v1 freezing", "v10 freezing"}) {
    EXPECT_FALSE(Parsed("chunk:00000004:ledgers", value)) << value;
    EXPECT_FALSE(Parsed("index:00000001:00000003:00000005", value)) << value;
  }
  for (const char* value : {"ready", "v2 ready", "v1  ready", "v1 ready ", "v1 ready x", ""})
    EXPECT_FALSE(Parsed("hot:chunk:00000004", value)) << value;
}

TEST(CatalogRow, FilesStandUnderFrozenAndTaintedOnlyAndAreAllThere) {
  EXPECT_EQ(std::get<ChunkRow>(*Parsed("chunk:00000004:ledgers", "v1 freezing a=1:00000000")).state,
            "freezing");
  for (const char* value :
       {"v1 frozen", "v1 frozen ", "v1 freezing ", "v1 freezing a=1:00000000 b=1:00000000",
        "v1 pruning ", "v1 pruning a=1:00000000", "v1 frozen a=1:00000000 b=1:00000000",
        "v1 frozen a=01:00000000", "v1 frozen a=1:0000000", "v1 frozen a=1:0000000G",
        "v1 frozen =1:00000000", "v1 frozen a:1=00000000", "v1 frozen a=:00000000",
        "v1 frozen a"}) {
    EXPECT_FALSE(Parsed("chunk:00000004:ledgers", value)) << value;
  }
  EXPECT_FALSE(Parsed("chunk:00000004:events", "v1 frozen a=1:00000000"));
}

TEST(CatalogRow, AKeyThatIsSpelledOtherwiseIsRefused) {
  for (const char* key : {"chunk:4:ledgers", "chunk:00000004", "chunk:00000004:shadows",
                          "chunk:00000004:ledgers:x", "index:00000001:00000005:00000003",
                          "index:00000000:00000003:00000003", "index:00000001:00000003:00000006",
                          "index:00000001:00000003", "stray", "", ":", "Chunk:00000004:ledgers"}) {
    EXPECT_FALSE(Parsed(key, "v1 freezing")) << key;
  }
  for (const char* key : {"hot:4", "hot:chunk:4", "hot:chunk", "hot:chunk:00000004:x"})
    EXPECT_FALSE(Parsed(key, "v1 ready")) << key;
}

TEST(CatalogRow, AConfigurationKeyOrValueOfAnotherFormIsRefused) {
  EXPECT_FALSE(Parsed("config", ""));
  EXPECT_FALSE(Parsed("config:", ""));
  EXPECT_FALSE(Parsed("config:colour", "1"));
  EXPECT_FALSE(Parsed("config:network:x", ""));
  EXPECT_FALSE(Parsed("config:store_id", ""));
  EXPECT_FALSE(Parsed("config:store_id", "0123456789ABCDEF0123456789ABCDEF"));
  EXPECT_FALSE(Parsed("config:store_id", "0123456789abcdef0123456789abcde"));
  EXPECT_FALSE(Parsed("config:format", "2"));
  EXPECT_FALSE(Parsed("config:format", "v1"));
  EXPECT_FALSE(Parsed("config:network", "f"));
  for (const char* value : {"2 ", "02", "-2", "", "18446744073709551616"})
    EXPECT_FALSE(Parsed("config:earliest_ledger", value)) << value;
  for (const char* value : {"8/3", "8/3/2/1", "0/3/2", "8/03/2", "8/3/", "a/3/2", "8/4/2", "8/3/3"})
    EXPECT_FALSE(Parsed("config:geometry", value)) << value;
}

}  // namespace
}  // namespace permafrost::sim
