// The layout: paths as the reference draws them, the bijection over random keys, and hostile paths
// refused.
#include "engine/layout/layout.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/random_keys.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Layout Production() { return *Layout::Create(Geometry::Production(), Roots{}); }

TEST(Layout, PathsAreThoseOfTheReference) {
  const Layout layout = Production();

  EXPECT_THAT(layout.PathsOf({ChunkId{5350}, ArtifactKind::kLedgers}),
              ElementsAre("ledgers/00005/00005350.pack"));
  EXPECT_THAT(layout.PathsOf({ChunkId{5350}, ArtifactKind::kEvents}),
              ElementsAre("events/00005/00005350-events.pack", "events/00005/00005350-index.pack",
                          "events/00005/00005350-index.hash"));
  EXPECT_THAT(layout.PathsOf({ChunkId{5350}, ArtifactKind::kTxHash}),
              ElementsAre("txhash/raw/00005/00005350.bin"));
  EXPECT_EQ(layout.PathOf(Coverage{WindowId{5}, {ChunkId{5000}, ChunkId{5999}}}),
            "txhash/index/00000005/00005000-00005999.idx");
  EXPECT_EQ(layout.HotDir(ChunkId{5350}), "hot/00005350");
  EXPECT_EQ(layout.CatalogDir(), "catalog/rocksdb");
}

RC_GTEST_PROP(Layout, EveryArtifactPathHasExactlyItsOwner, ()) {
  const Geometry geometry = *testing::RandomGeometry();
  const Layout layout = *Layout::Create(geometry, Roots{});
  const ChunkArtifact artifact = *testing::RandomArtifact(geometry);
  const std::size_t file = *rc::gen::inRange<std::size_t>(0, Layout::FileCount(artifact.kind));

  const auto owner = layout.OwnerOf(layout.PathOf(ArtifactFile{artifact, file}));

  RC_ASSERT(owner.ok());
  RC_ASSERT(*owner == FileOwner(ArtifactFile{artifact, file}));
}

RC_GTEST_PROP(Layout, EveryCoveragePathHasExactlyItsOwner, ()) {
  const Geometry geometry = *testing::RandomGeometry();
  const Layout layout = *Layout::Create(geometry, Roots{});
  const Coverage coverage = *testing::RandomCoverage(geometry);

  const auto owner = layout.OwnerOf(layout.PathOf(coverage));

  RC_ASSERT(owner.ok());
  RC_ASSERT(*owner == FileOwner(coverage));
}

RC_GTEST_PROP(Layout, APathWithOneByteChangedIsAnotherPathOrRefused, ()) {
  const Geometry geometry = *testing::RandomGeometry();
  const Layout layout = *Layout::Create(geometry, Roots{});
  const ChunkArtifact artifact = *testing::RandomArtifact(geometry);
  std::string path = layout.PathOf(ArtifactFile{artifact, 0});
  path[*rc::gen::inRange<std::size_t>(0, path.size())] = *rc::gen::arbitrary<char>();

  const auto owner = layout.OwnerOf(path);

  if (owner.ok()) {
    const auto* file = std::get_if<ArtifactFile>(&*owner);
    RC_ASSERT(file != nullptr);
    RC_ASSERT(layout.PathOf(*file) == path);
  }
}

RC_GTEST_PROP(Layout, HotDirectoriesNameTheirChunk, ()) {
  const Geometry geometry = *testing::RandomGeometry();
  const Layout layout = *Layout::Create(geometry, Roots{});
  const ChunkId chunk = *testing::RandomChunk(geometry);

  RC_ASSERT(layout.HotChunkOfDir(layout.HotDir(chunk)) == std::optional(chunk));
  RC_ASSERT(*layout.OwnerOf(layout.HotDir(chunk) + "/CURRENT") == FileOwner(HotFile{chunk}));
}

TEST(Layout, DatabaseAndLockFilesAreExempt) {
  const Layout layout = Production();

  EXPECT_EQ(*layout.OwnerOf("catalog/rocksdb/MANIFEST-000001"), FileOwner(CatalogFile{}));
  EXPECT_EQ(*layout.OwnerOf("catalog/permafrost.lock"), FileOwner(LockFile{}));
  EXPECT_EQ(*layout.OwnerOf("txhash/raw/permafrost.lock"), FileOwner(LockFile{}));
}

TEST(Layout, HostilePathsAreRefused) {
  const Layout layout = Production();
  const std::vector<std::string> hostile = {
      "",
      "ledgers",
      "ledgers/00005350.pack",
      "ledgers/00006/00005350.pack",  // the wrong bucket
      "ledgers/5/00005350.pack",
      "ledgers/000005/00005350.pack",
      "ledgers/00005/5350.pack",
      "ledgers/00005/+0005350.pack",
      "ledgers/00005/00005350.pack.tmp",
      "ledgers/00005/00005350.PACK",
      "ledgers/00005/00005350",
      "ledgers/00005/00005350-events.pack",
      "ledgers/00005/x/00005350.pack",
      "ledgers/../ledgers/00005/00005350.pack",
      "ledgers//00005/00005350.pack",
      "/ledgers/00005/00005350.pack",
      "./ledgers/00005/00005350.pack",
      "events/00005/00005350.pack",
      "events/00005/00005350-index.bin",
      "txhash/00005/00005350.bin",
      "txhash/raw/00005/00005350.idx",
      "txhash/index/00000005/00005999-00005000.idx",  // lo > hi
      "txhash/index/00000005/00004999-00005000.idx",  // leaves the window
      "txhash/index/00000005/00005000-00006000.idx",
      "txhash/index/00005/00005000-00005999.idx",
      "txhash/index/00000005/00005000_00005999.idx",
      "hot/00005350",
      "hot/5350/CURRENT",
      "catalog/CURRENT",
      "catalog/rocksdb",
      "other/file",
      "permafrost.lock",
      "ledgers/00999/00999999.pack",  // beyond 32-bit sequences
      "ledgers/00005/0000535\xd9\xa0.pack",
      "ledgers/00005/" + std::string(100'000, '0') + ".pack",
  };
  for (const std::string& path : hostile) {
    EXPECT_FALSE(layout.OwnerOf(path).ok()) << path;
  }
}

TEST(Layout, RootsUnderOtherNamesKeepTheBijection) {
  Roots roots;
  roots.ledgers = "cold";
  roots.events = "cold/segments";
  roots.hot = "nvme/hot";
  ASSERT_OK_AND_ASSIGN(const Layout layout, Layout::Create(Geometry::Production(), roots));
  const ArtifactFile file{{ChunkId{1}, ArtifactKind::kEvents}, 2};

  EXPECT_EQ(layout.PathOf(file), "cold/segments/00000/00000001-index.hash");
  EXPECT_EQ(*layout.OwnerOf("cold/segments/00000/00000001-index.hash"), FileOwner(file));
}

TEST(Layout, TwoRootsOnOnePathAreRefused) {
  Roots roots;
  roots.events = "ledgers";

  EXPECT_ERROR(Layout::Create(Geometry::Production(), roots), absl::StatusCode::kInvalidArgument,
               "check roots: ledgers and events are both 'ledgers'; give each its own directory");
}

TEST(Layout, ARootInsideAHotDirectoryIsRefused) {
  Roots roots;
  roots.ledgers = "hot/00000003";

  EXPECT_ERROR(Layout::Create(Geometry::Production(), roots), absl::StatusCode::kInvalidArgument,
               HasSubstr("ledgers 'hot/00000003' stands on a name that hot 'hot' uses itself"));
}

TEST(Layout, AMalformedOrEmptyRootIsRefused) {
  Roots dotted;
  dotted.hot = "hot/../x";
  EXPECT_ERROR(Layout::Create(Geometry::Production(), dotted), absl::StatusCode::kInvalidArgument,
               HasSubstr("hot"));
  Roots empty;
  empty.hot = "";
  EXPECT_ERROR(Layout::Create(Geometry::Production(), empty), absl::StatusCode::kInvalidArgument,
               "check roots: hot is empty; give it a directory");
}

}  // namespace
}  // namespace permafrost::engine
