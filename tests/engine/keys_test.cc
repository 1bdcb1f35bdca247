// Catalog keys: the text form, the round trip over random ids, and hostile keys refused.
#include "engine/layout/keys.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/random_keys.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;

TEST(Keys, PrintAsTheSchemaSays) {
  EXPECT_EQ(KeyText(ChunkArtifact{ChunkId{7}, ArtifactKind::kLedgers}), "chunk:00000007:ledgers");
  EXPECT_EQ(KeyText(Coverage{WindowId{1}, {ChunkId{3}, ChunkId{5}}}),
            "index:00000001:00000003:00000005");
  EXPECT_EQ(KeyText(HotChunkKey{ChunkId{12}}), "hot:chunk:00000012");
  EXPECT_EQ(KeyText(Pin::kEarliestLedger), "config:earliest_ledger");
}

RC_GTEST_PROP(Keys, EveryKeyParsesBack, ()) {
  const Geometry geometry = *testing::RandomGeometry();
  const Key key = *testing::RandomKey(geometry);

  const absl::StatusOr<Key> parsed = ParseKey(geometry, KeyText(key));

  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == key);
}

RC_GTEST_PROP(Keys, AKeyWithOneByteChangedIsAnotherKeyOrRefused, ()) {
  const Geometry geometry = *testing::RandomGeometry();
  std::string text = KeyText(*testing::RandomKey(geometry));
  text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();

  const absl::StatusOr<Key> parsed = ParseKey(geometry, text);

  if (parsed.ok()) RC_ASSERT(KeyText(*parsed) == text);
}

TEST(Keys, HostileKeysAreRefused) {
  const Geometry geometry =
      *Geometry::Create({.ledgers_per_chunk = 8, .chunks_per_window = 3, .chunks_per_bucket = 2});
  const std::string nul("chunk:0000000\0:ledgers", 22);
  const std::vector<std::string> hostile = {
      "",
      "chunk",
      "chunk:",
      "chunk:7:ledgers",
      "chunk:0000007:ledgers",
      "chunk:000000007:ledgers",
      "chunk:+0000007:ledgers",
      "chunk:-0000007:ledgers",
      "chunk: 0000007:ledgers",
      "chunk:0000000a:ledgers",
      "chunk:00000007",
      "chunk:00000007:",
      "chunk:00000007:Ledgers",
      "chunk:00000007:ledgers ",
      "chunk:00000007:ledgers\n",
      "chunk:00000007:pack",
      "chunk:00000007:ledgers:x",
      "chunk:99999999:ledgers",  // buckets of 2 end at chunk 199,999
      "Chunk:00000007:ledgers",
      "chunk:\xd9\xa0\xd9\xa0\xd9\xa0\xd9\xa7:ledgers",  // Arabic-Indic digits, eight bytes
      nul,
      "index:00000001:00000005:00000003",  // lo > hi
      "index:00000001:00000002:00000004",  // lo outside the window
      "index:00000001:00000003:00000006",  // hi outside the window
      "index:00000000:00000003:00000005",
      "index:1:3:5",
      "index:00000001:00000003",
      "index:00000001:00000003:00000005:",
      "index:00000001-00000003-00000005",
      "hot:00000003",
      "hot:chunk:3",
      "hot:chunk:000000030",
      "hot:chunk:00000003 ",
      "config:",
      "config:nothing",
      "config:store_id2",
      std::string(100'000, 'x'),
      "chunk:" + std::string(100'000, '0') + ":ledgers",
  };
  for (const std::string& text : hostile) {
    EXPECT_ERROR(ParseKey(geometry, text), absl::StatusCode::kDataLoss, HasSubstr("not a key"));
  }
}

TEST(Keys, ARefusalNamesTheKeyOnOnePrintableLine) {
  const absl::Status status = ParseKey(Geometry::Production(), "chunk:\n0\xff").status();

  EXPECT_ERROR(status, absl::StatusCode::kDataLoss,
               R"(parse catalog key 'chunk:\x0a0\xff': not a key of geometry 10000/1000/1000)");
}

TEST(Keys, AnOverlongKeyIsCutInTheText) {
  const absl::Status status = ParseKey(Geometry::Production(), std::string(100'000, 'x')).status();

  EXPECT_LT(vfs::Message(status).size(), 200U);
}

}  // namespace
}  // namespace permafrost::engine
