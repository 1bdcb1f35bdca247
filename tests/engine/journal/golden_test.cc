// A journal that was written once, when the format was new, is read for ever.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "engine/journal/journal_format.h"
#include "engine/journal/recovery.h"
#include "engine/journal/segment_encode.h"
#include "tests/engine/journal/journal_world.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"

namespace permafrost::engine::journal {
namespace {

using ::testing::ElementsAre;
using testing::JournalWorld;
using testing::kDir;
using ::testing::SizeIs;

constexpr std::string_view kGolden = "corpus/formats/v2/journal/";
constexpr std::array<std::string_view, 6> kFiles = {"00000000000000000000.seg",
                                                    "00000000000000000960.seg",
                                                    "00000000000000001104.seg",
                                                    "checkpoint",
                                                    "durable",
                                                    "writer.lock"};
constexpr Lsn kLast = 15;

struct Golden {
  std::uint8_t type;
  std::int64_t unix_micros;
  std::uint64_t offset;  // where the last of its copies stands
  std::string body;
};

// Record n stands at n - 1.
std::vector<Golden> Records() {
  return {
      {1, 2'000'000, 64, "first"},
      {2, 3'000'000, 136, "second record"},
      {1, 4'000'000, 216, "a"},
      {3, 5'000'000, 288, std::string("\0zeros\0", 7)},
      {0xef, 6'000'000, 360, "a batch of three"},
      {1, 7'000'000, 440, "record 6"},
      {1, 8'000'000, 512, "record 7"},
      {1, 9'000'000, 584, "record 8"},
      {1, 10'000'000, 656, "record 9"},
      {1, 11'000'000, 728, "record 10"},
      {1, 12'000'000, 808, "record 11"},
      {1, 13'000'000, 1024, "record 12"},
      {1, 14'000'000, 1168, "record 13"},
      {1, 16'000'000, 1312, "record 14"},
      {1, 17'000'000, 1456, "record 15"},
  };
}

JournalOptions Options() {
  JournalOptions options;
  options.store_id.fill(0x11);
  options.segment_bytes = 1024;
  return options;
}

// Its files on a disk of this world.
void Load(JournalWorld& world) {
  ASSERT_OK(world.disk().MakeDir(kDir));
  for (const std::string_view name : kFiles) {
    ASSERT_OK_AND_ASSIGN(const auto file, world.disk().Create(vfs::JoinPath(kDir, name)));
    ASSERT_OK(file->Append(ReadText(fmt::format("{}{}", kGolden, name))));
  }
}

TEST(Golden, EveryRecordComesBack) {
  JournalWorld world;
  ASSERT_NO_FATAL_FAILURE(Load(world));

  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(Options()));
  ASSERT_OK_AND_ASSIGN(const std::vector<JournalRecord> records, journal->Read(1, 100));

  const std::vector<Golden> golden = Records();
  ASSERT_THAT(records, SizeIs(kLast));
  for (std::size_t i = 0; i < records.size(); ++i) {
    SCOPED_TRACE(i + 1);
    EXPECT_EQ(records[i].lsn, i + 1);
    EXPECT_EQ(records[i].type, golden[i].type);
    EXPECT_EQ(records[i].unix_micros, golden[i].unix_micros);
    EXPECT_EQ(records[i].body, golden[i].body);
    EXPECT_EQ(records[i].hash, ContentAddressOf(golden[i].type, golden[i].body));
    // The last was tail: this open gave it another place.
    EXPECT_EQ(records[i].offset, golden[i].offset + (i + 1 == kLast ? kHeaderBytes : 0));
  }
}

TEST(Golden, ItsReportAndItsStateAreRead) {
  JournalWorld world;
  ASSERT_NO_FATAL_FAILURE(Load(world));

  ASSERT_OK_AND_ASSIGN(const Recovered found, Inspect(world.Env(), kDir, Options()));

  EXPECT_EQ(ToString(found.report),
            "tail above LSN 14: 80 bytes kept (LSN 15 to 15), 0 bytes dropped, provably "
            "unacknowledged");
  EXPECT_THAT(found.segments, SizeIs(3));
  EXPECT_EQ(found.state.first_needed, JournalPlace{});
  EXPECT_THAT(found.state.checkpoints, ElementsAre(JournalPlace{.lsn = 4, .offset = 288}));
  EXPECT_THAT(found.state.cursors, ElementsAre(std::pair<const std::string, Lsn>("ingest", 6),
                                               std::pair<const std::string, Lsn>("replica-1", 4)));
}

TEST(Golden, InTheBootOfItsWriterTheLastRecordIsKnownToBeDurable) {
  JournalWorld world;
  ASSERT_NO_FATAL_FAILURE(Load(world));
  JournalOptions options = Options();
  options.boot_id.fill(0x22);

  ASSERT_OK_AND_ASSIGN(const Recovered found, Inspect(world.Env(), kDir, options));

  EXPECT_EQ(found.report.proved, kLast);
  EXPECT_EQ(found.report.kept_bytes, 0U);
}

// The records of a segment, the journal's own too, encoded again at their places.
absl::StatusOr<std::string> EncodedAgain(SegmentReader& reader) {
  std::string bytes = EncodeHeader(reader.header());
  while (true) {
    const std::uint64_t offset = reader.header().base + bytes.size();
    VFS_ASSIGN_OR_RETURN(const SegmentReader::Answer at, reader.At(offset, HashCheck::kYes));
    if (!at.is_valid) return bytes;
    AppendRecord(bytes,
                 {.type = at.record.type,
                  .batch_index = at.record.batch_index,
                  .lsn = at.record.lsn,
                  .unix_micros = at.record.unix_micros,
                  .hash = at.record.hash,
                  .body = at.record.body},
                 reader.header().nonce, offset);
  }
}

TEST(Golden, TheWriterMakesTheSameBytes) {
  JournalWorld world;
  ASSERT_NO_FATAL_FAILURE(Load(world));
  ASSERT_OK_AND_ASSIGN(const Recovered found, Inspect(world.Env(), kDir, Options()));

  for (std::size_t i = 0; i < found.segments.size(); ++i) {
    const Segment& segment = found.segments[i];
    std::string golden = ReadText(fmt::format("{}{}", kGolden, kFiles[i]));
    SegmentReader reader(segment.file.get(), segment.header, segment.file_bytes);
    ASSERT_OK_AND_ASSIGN(std::string again, EncodedAgain(reader));
    EXPECT_GT(again.size(), kHeaderBytes + kMarkBytes);
    again.resize(golden.size(), '\0');
    EXPECT_EQ(again, golden) << segment.path;
  }
}

// "00000040  1d 00 00 00 f2 ea 36 d0": eight bytes of a file and their place.
std::string HexLine(std::string_view bytes, std::size_t at) {
  std::string line = fmt::format("{:08x} ", at);
  for (const char c : bytes.substr(at, 8))
    line += fmt::format(" {:02x}", static_cast<std::uint8_t>(c));
  return line;
}

TEST(Golden, TheWorkedExampleIsItsHeaderAndItsFirstTwoRecords) {
  const std::string page = ReadText("engine/FORMATS.md");
  const std::string bytes = ReadText(fmt::format("{}{}", kGolden, kFiles[0]));

  for (std::size_t at = 0; at < Records()[2].offset; at += 8) {
    const std::string line = HexLine(bytes, at);
    EXPECT_NE(page.find("\n" + line), std::string::npos) << "engine/FORMATS.md lacks " << line;
  }
}

}  // namespace
}  // namespace permafrost::engine::journal
