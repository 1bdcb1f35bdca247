// The rows of the crash matrix on stores that are written down by hand: each holds where it should
// and nowhere else; and the page that lists them.
#include "sim/oracle/crash_matrix.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAreArray;

constexpr std::uint32_t kLedgers = 4;
constexpr FilesImage kNone{.named = 1, .has_directory = true};
constexpr FilesImage kNoDirectory{.named = 1};
constexpr FilesImage kTorn{.named = 1, .there = 1, .has_directory = true};
constexpr FilesImage kWhole{.named = 1, .there = 1, .whole = 1, .has_directory = true};
constexpr FilesImage kSomeOfThree{.named = 3, .there = 1, .whole = 1, .has_directory = true};

// Three chunks a window.
class Image {
 public:
  Image() {
    image_.ledgers_per_chunk = kLedgers;
    image_.chunks_per_window = 3;
    image_.has_all_roots = image_.has_catalog = image_.is_pinned = true;
  }

  Image& Kind(std::uint32_t chunk, const char* kind, const char* state, FilesImage files = kWhole) {
    image_.chunks[chunk].rows[kind] = {.chunk = chunk, .kind = kind, .state = state, .value = ""};
    image_.chunks[chunk].files[kind] = files;
    return *this;
  }
  Image& Chunk(std::uint32_t chunk, const char* state, FilesImage files = kWhole) {
    for (const char* kind : {"ledgers", "events", "txhash"}) Kind(chunk, kind, state, files);
    return *this;
  }
  Image& Index(std::uint32_t first,
               std::uint32_t last,
               const char* state,
               FilesImage files = kWhole) {
    const IndexRow row{
        .window = first / 3, .first = first, .last = last, .state = state, .value = ""};
    image_.indexes.push_back({.row = row, .files = files});
    return *this;
  }
  Image& Ready(std::uint32_t chunk, std::uint32_t ledgers) {
    image_.hot[chunk] = {
        .state = "ready", .names = {"CURRENT"}, .has_directory = true, .ledgers = ledgers};
    return *this;
  }
  Image& Transient(std::uint32_t chunk, std::set<std::string> names, bool has_directory = true) {
    image_.hot[chunk] = {
        .state = "transient", .names = std::move(names), .has_directory = has_directory};
    return *this;
  }
  StoreImage* operator->() { return &image_; }

  std::vector<std::string> Rows() const {
    std::vector<std::string> rows;
    for (const CrashRow& row : CrashMatrix())
      if (row.holds(image_)) rows.emplace_back(row.id);
    return rows;
  }

 private:
  StoreImage image_;
};

void ExpectRows(const Image& image, const std::vector<std::string>& expected) {
  EXPECT_THAT(image.Rows(), UnorderedElementsAreArray(expected));
}

TEST(CrashMatrix, FirstStart) {
  Image nothing;
  nothing->has_all_roots = nothing->has_catalog = nothing->is_pinned = false;
  ExpectRows(nothing, {"F1"});
  Image empty;
  empty->is_pinned = false;
  ExpectRows(empty, {"F2"});
  ExpectRows(Image(), {"F3"});
}

TEST(CrashMatrix, HotChunks) {
  ExpectRows(Image().Transient(0, {"LOCK"}), {"H1", "H3"});
  ExpectRows(Image().Transient(0, {}, false), {"H2"});
  ExpectRows(Image().Transient(0, {"CURRENT"}), {"H1", "H4"});
  ExpectRows(Image().Ready(0, 0), {"H5"});
  ExpectRows(Image().Ready(0, 1), {"L2"});
  Image cut = Image().Ready(0, 1);
  cut->hot[0].was_log_cut = true;
  ExpectRows(cut, {"L1"});
  Image flushed = Image().Ready(0, 1);
  flushed->hot[0].names.insert("000012.sst");
  ExpectRows(flushed, {"L2", "L4"});
}

TEST(CrashMatrix, Boundaries) {
  const Image full = Image().Ready(0, kLedgers);
  ExpectRows(full, {"L2", "B1", "P1"});
  ExpectRows(Image(full).Transient(1, {}, false), {"L2", "B2", "P1", "H2"});
  ExpectRows(Image(full).Ready(1, 0), {"L2", "B6", "P1", "H5"});
  ExpectRows(Image(full).Ready(1, 1), {"L2", "B7", "P1"});
}

TEST(CrashMatrix, Freezes) {
  // Of a complete hot chunk.
  const Image hot = Image().Ready(0, kLedgers).Ready(1, 1);
  ExpectRows(Image(hot).Chunk(0, "freezing", kNone), {"L2", "B7", "P2", "P4"});
  ExpectRows(Image(hot).Chunk(0, "freezing", kNoDirectory), {"L2", "B7", "P2", "P5"});
  ExpectRows(Image(hot).Chunk(0, "freezing", kTorn), {"L2", "B7", "P3"});
  ExpectRows(Image(hot).Chunk(0, "freezing"), {"L2", "B7", "P6"});
  ExpectRows(Image(hot).Chunk(0, "frozen"), {"L2", "P7", "I1"});
  // From a source.
  ExpectRows(Image().Chunk(0, "frozen").Kind(0, "txhash", "freezing", kTorn),
             {"P3", "P8", "P10", "D5"});
  Image given = Image().Chunk(0, "freezing");
  given->bulk_ledgers = kLedgers;
  ExpectRows(given, {"P6"});
  given->bulk_ledgers = 2 * kLedgers;
  given->retention_chunks = 1;
  ExpectRows(given, {"P6", "P9"});
}

TEST(CrashMatrix, Indexes) {
  const Image cold = Image().Chunk(0, "frozen");
  ExpectRows(Image(cold).Index(0, 0, "freezing", kNone), {"D5", "I2"});
  ExpectRows(Image(cold).Index(0, 0, "freezing", kTorn), {"D5", "I3"});
  ExpectRows(Image(cold).Index(0, 0, "freezing"), {"D5", "I4"});
  const Image two = Image(cold).Chunk(1, "frozen").Index(0, 1, "frozen");
  ExpectRows(Image(two).Index(0, 0, "pruning"), {"D5", "I5"});
  ExpectRows(Image(two).Index(0, 0, "pruning", kNone), {"D5", "I5", "I9"});
  const Image three = Image(cold).Chunk(1, "frozen").Chunk(2, "frozen").Index(0, 2, "frozen");
  ExpectRows(three, {"D5", "R2"});
  Image swept = Image(three).Kind(0, "txhash", "pruning", kNone).Kind(1, "txhash", "pruning");
  ExpectRows(swept, {"D5", "R2", "I5", "I6", "I7", "Q1", "Q3"});
  for (const std::uint32_t chunk : {0U, 1U, 2U}) {
    swept->chunks[chunk].rows.erase("txhash");
    swept->chunks[chunk].files.erase("txhash");
  }
  ExpectRows(swept, {"D5", "I8"});
  swept->empty_windows = {"00000001"};
  ExpectRows(swept, {"D5", "I8", "I10"});
}

TEST(CrashMatrix, Discards) {
  const Image cold = Image().Chunk(0, "frozen").Index(0, 0, "frozen");
  ExpectRows(Image(cold).Ready(0, kLedgers), {"L2", "P7", "D1"});
  ExpectRows(Image(cold).Transient(0, {"CURRENT"}), {"H4", "D2"});
  ExpectRows(Image(cold).Transient(0, {"LOCK"}), {"H3", "D3"});
  ExpectRows(Image(cold).Transient(0, {}, false), {"D4"});
  ExpectRows(Image(cold), {"D5"});
  ExpectRows(Image(cold).Transient(1, {}, false), {"D5", "D6", "H2"});
}

TEST(CrashMatrix, RetentionAndPruning) {
  ExpectRows(Image().Kind(0, "events", "pruning", kSomeOfThree), {"Q4"});
  ExpectRows(Image().Kind(0, "ledgers", "pruning").Kind(0, "events", "pruning", kNone),
             {"Q1", "Q2", "Q3"});
  Image two = Image().Kind(0, "ledgers", "pruning").Kind(1, "ledgers", "pruning", kNone);
  ExpectRows(two, {"Q1", "Q3"});
  two->bulk_ledgers = 3 * kLedgers;
  two->retention_chunks = 1;
  ExpectRows(two, {"Q1", "Q3", "R1"});
  ExpectRows(Image().Index(0, 1, "frozen").Kind(3, "ledgers", "pruning"), {"Q1", "R3"});
}

TEST(CrashMatrix, ThePageListsEveryRowAndItsImages) {
  const std::string page = ReadText("engine/INVARIANTS.md");
  for (const CrashRow& row : CrashMatrix()) {
    const std::string line = fmt::format("| {} | {} | ", row.id, row.predicate);
    EXPECT_THAT(page, HasSubstr(line));
    EXPECT_EQ(page.find(line + "0 |"), std::string::npos) << row.id;
  }
}

}  // namespace
}  // namespace permafrost::sim
