// An index that was written once, when the format was new, is read for ever.
#include "tests/engine/cold/golden_index.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>

#include "tests/engine/cold/window_index_world.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

using testing::CandidatesOf;
using ::testing::ElementsAre;
using testing::GoldenEntries;
using testing::GoldenIdentity;
using testing::IndexWorld;
using testing::kGoldenIndex;
using testing::kIndexPath;
using testing::MemoryEntries;

TEST(GoldenIndex, EveryHashIsFound) {
  IndexWorld world;
  ASSERT_OK_AND_ASSIGN(const auto file, world.disk().Create(kIndexPath));
  ASSERT_OK(file->Append(ReadText(kGoldenIndex)));

  ASSERT_OK_AND_ASSIGN(const auto index,
                       WindowIndex::Open(&world.disk(), kIndexPath, GoldenIdentity()));

  const std::vector<IndexEntry> entries = GoldenEntries();
  EXPECT_EQ(index->keys(), 3U);
  EXPECT_THAT(*CandidatesOf(*index, entries[0].hash), ElementsAre(LedgerSeq{2}));
  EXPECT_THAT(*CandidatesOf(*index, entries[1].hash), ElementsAre(LedgerSeq{7}, LedgerSeq{20'001}));
  EXPECT_THAT(*CandidatesOf(*index, entries[3].hash), ElementsAre(LedgerSeq{515}));
  EXPECT_THAT(*CandidatesOf(*index, entries[4].hash), ElementsAre(LedgerSeq{515}, LedgerSeq{516}));
}

TEST(GoldenIndex, TheWriterMakesTheSameBytes) {
  const std::vector<IndexEntry> entries = GoldenEntries();
  MemoryEntries stream(entries);
  IndexWorld world;

  ASSERT_OK(world.Build({.identity = GoldenIdentity(), .entries = entries.size()}, stream));

  EXPECT_TRUE(world.Bytes() == ReadText(kGoldenIndex));
}

// "00003000  01 00 00 00 02 00 00 00": eight bytes of a file and their place.
std::string HexLine(std::string_view bytes, std::size_t at) {
  std::string line = fmt::format("{:08x} ", at);
  for (const char c : bytes.substr(at, 8))
    line += fmt::format(" {:02x}", static_cast<std::uint8_t>(c));
  return line;
}

// Zeros and empty slots are left out of the page.
TEST(GoldenIndex, TheWorkedExampleIsAllThatItHolds) {
  const std::string page = ReadText("engine/FORMATS.md");
  const std::string bytes = ReadText(kGoldenIndex);

  int lines = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 8) {
    const std::string_view piece = std::string_view(bytes).substr(at, 8);
    if (piece == std::string(8, '\0') || piece == std::string(8, '\xff')) continue;
    const std::string line = HexLine(bytes, at);
    EXPECT_NE(page.find("\n" + line), std::string::npos) << "engine/FORMATS.md lacks " << line;
    ++lines;
  }
  EXPECT_GT(lines, 20);
}

}  // namespace
}  // namespace permafrost::engine
