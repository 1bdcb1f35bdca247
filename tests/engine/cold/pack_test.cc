// Packs: every shape comes back, every damaged byte is found, reads are few.
#include <array>
#include <map>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/cold/pack_reader.h"
#include "engine/cold/pack_writer.h"
#include "tests/engine/cold/cold_disk.h"
#include "tests/status_matchers.h"
#include "tests/worked_example.h"
#include "vfs/metered_file_system.h"

namespace permafrost::engine {
namespace {

using testing::ColdDisk;
using ::testing::ElementsAre;
using testing::SomeColdFile;
using ::testing::StrEq;

constexpr ColdFileKind kKind = ColdFileKind::kEvents;

void WritePack(ColdDisk& disk,
               const std::vector<std::string>& items,
               const PackOptions& options,
               std::string_view app_data = "app data",
               const ColdFileId& id = SomeColdFile()) {
  disk.Write("a.pack", [&](vfs::File& file) {
    PackWriter writer(&file, id, kKind, options);
    for (const std::string& item : items) VFS_RETURN_IF_ERROR(writer.Add(item));
    return writer.Finish(app_data);
  });
}

absl::StatusOr<PackReader> OpenPack(vfs::FileSystem& fs) {
  return PackReader::Open(fs, "a.pack", SomeColdFile(), kKind);
}

absl::StatusOr<std::vector<std::string>> AllItems(const PackReader& pack) {
  std::vector<std::string> items;
  VFS_RETURN_IF_ERROR(
      pack.Items(0, pack.item_count(), [&items](std::uint32_t item, std::string_view bytes) {
        EXPECT_EQ(item, items.size());
        items.emplace_back(bytes);
        return absl::OkStatus();
      }));
  return items;
}

RC_GTEST_PROP(Pack,
              ComesBackAsItWas,
              (const std::vector<std::string>& items, const std::string& app_data)) {
  const PackOptions options{.items_per_record = *rc::gen::inRange(1U, 6U),
                            .codec = *rc::gen::element(PackCodec::kPlain, PackCodec::kZstd)};
  ColdDisk disk;
  WritePack(disk, items, options, app_data);

  const auto pack = OpenPack(disk.fs());

  RC_ASSERT(pack.ok());
  RC_ASSERT(pack->item_count() == items.size());
  RC_ASSERT(pack->items_per_record() == options.items_per_record);
  RC_ASSERT(pack->codec() == options.codec);
  RC_ASSERT(pack->app_data() == app_data);
  RC_ASSERT(*AllItems(*pack) == items);
  for (std::uint32_t i = 0; i < items.size(); ++i) RC_ASSERT(*pack->Item(i) == items[i]);
}

RC_GTEST_PROP(Pack, SomeItemsAreThoseAskedFor, ()) {
  std::vector<std::string> items;
  for (int i = 0; i < 100; ++i) items.push_back(fmt::format("item {}", i));
  ColdDisk disk;
  WritePack(disk, items, {.items_per_record = *rc::gen::inRange(1U, 20U)});
  std::vector<std::uint32_t> asked;
  for (std::uint32_t i = 0; i < 100; ++i) {
    if (*rc::gen::arbitrary<bool>()) asked.push_back(i);
  }
  const auto pack = OpenPack(disk.fs());
  RC_ASSERT(pack.ok());

  std::vector<std::uint32_t> found;
  RC_ASSERT(pack->Items(asked,
                        [&](std::uint32_t item, std::string_view bytes) {
                          RC_ASSERT(bytes == items[item]);
                          found.push_back(item);
                          return absl::OkStatus();
                        })
                .ok());

  RC_ASSERT(found == asked);
}

// Items that are added, and among them records that were made elsewhere.
void WriteVaryingPack(ColdDisk& disk,
                      const std::vector<std::string>& items,
                      const std::vector<bool>& is_copied) {
  disk.Write("a.pack", [&](vfs::File& file) -> absl::Status {
    PackWriter writer(&file, SomeColdFile(), kKind,
                      {.items_per_record = 3,
                       .codec = PackCodec::kZstd,
                       .records = PackOptions::Records::kVarying});
    RecordCompressor compressor;
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (!is_copied[i]) {
        VFS_RETURN_IF_ERROR(writer.Add(items[i]));
        continue;
      }
      // Of one or two.
      std::string both = items[i];
      std::vector<std::uint32_t> sizes = {static_cast<std::uint32_t>(both.size())};
      if (i + 1 < items.size() && is_copied[i + 1]) {
        ++i;
        both += items[i];
        sizes.push_back(static_cast<std::uint32_t>(items[i].size()));
      }
      std::string record;
      VFS_RETURN_IF_ERROR(compressor.Append(record, sizes, both));
      VFS_RETURN_IF_ERROR(writer.AddRecord(record, static_cast<std::uint32_t>(sizes.size())));
    }
    return writer.Finish("app data");
  });
}

RC_GTEST_PROP(Pack, OfVaryingRecordsComesBack, (const std::vector<std::string>& items)) {
  std::vector<bool> is_copied;
  for (std::size_t i = 0; i < items.size(); ++i) is_copied.push_back(*rc::gen::arbitrary<bool>());
  ColdDisk disk;
  WriteVaryingPack(disk, items, is_copied);

  const auto pack = OpenPack(disk.fs());

  RC_ASSERT(pack.ok());
  RC_ASSERT(pack->item_count() == items.size());
  RC_ASSERT(pack->items_per_record() == 0U);
  RC_ASSERT(*AllItems(*pack) == items);
  for (std::uint32_t i = 0; i < items.size(); ++i) RC_ASSERT(*pack->Item(i) == items[i]);
}

TEST(Pack, EveryByteOfVaryingRecordsMatters) {
  ColdDisk disk;
  WriteVaryingPack(disk, {"one", "two", "", "four", "five", "six", "seven"},
                   {false, true, true, true, false, false, false});
  ExpectEveryByteMatters(disk, "a.pack", [&disk]() -> absl::Status {
    VFS_ASSIGN_OR_RETURN(const PackReader pack, OpenPack(disk.fs()));
    return AllItems(pack).status();
  });
}

TEST(Pack, OfVaryingRecordsIsTheBytesOfTheWorkedExample) {
  ColdDisk disk;
  WriteVaryingPack(disk, {"one", "two", "three"}, {true, true, false});

  // Record 0: sizes, frame; record 1; the index: sizes, numbers of items; app data.
  const std::string whole = disk.Bytes("a.pack");
  ExpectOnPage(whole.substr(0, whole.size() - kColdTrailerBytes),
               std::array<std::size_t, 11>{5, 15, 4, 5, 14, 4, 6, 6, 4, 8, 4});
}

TEST(Pack, IsTheBytesOfTheWorkedExample) {
  ColdDisk disk;
  WritePack(disk, {"one", "two", "three"}, {.items_per_record = 2}, "app");

  // Two records, index, app data, trailer.
  ExpectOnPage(disk.Bytes("a.pack"), std::array<std::size_t, 19>{5, 6, 4, 5, 5, 4, 6, 4, 3, 4, 8, 4,
                                                                 4, 16, 4, 12, 4, 8, 4});
}

TEST(Pack, EveryByteMatters) {
  const std::vector<std::string> items = {"one", "two", "", "four", "five", "six", "seven"};
  for (const PackCodec codec : {PackCodec::kPlain, PackCodec::kZstd}) {
    for (const std::uint32_t items_per_record : {1U, 3U}) {
      ColdDisk disk;
      WritePack(disk, items, {.items_per_record = items_per_record, .codec = codec});
      ExpectEveryByteMatters(disk, "a.pack", [&disk]() -> absl::Status {
        VFS_ASSIGN_OR_RETURN(const PackReader pack, OpenPack(disk.fs()));
        return AllItems(pack).status();
      });
    }
  }
}

TEST(Pack, ARecordDoesNotPassInAnotherPlaceOrFile) {
  ColdDisk disk;
  WritePack(disk, {"aaaa", "bbbb"}, {});
  const std::string whole = disk.Bytes("a.pack");
  const std::string swapped = whole.substr(8, 8) + whole.substr(0, 8) + whole.substr(16);
  disk.Replace("a.pack", swapped);
  ASSERT_OK_AND_ASSIGN(const PackReader pack, OpenPack(disk.fs()));
  EXPECT_ERROR(pack.Item(0), absl::StatusCode::kDataLoss,
               StrEq("read a.pack: record 0 at byte 0: checksum 0xa59806b5, expected 0x94e9d285"));

  ColdDisk other;
  ColdFileId id = SomeColdFile();
  id.chunk = ChunkId{4};
  WritePack(other, {"aaaa", "bbbb"}, {}, "app data", id);
  disk.Replace("a.pack", other.Bytes("a.pack").substr(0, 8) + whole.substr(8));
  ASSERT_OK_AND_ASSIGN(const PackReader mixed, OpenPack(disk.fs()));
  EXPECT_ERROR(mixed.Item(0), absl::StatusCode::kDataLoss,
               ::testing::HasSubstr("read a.pack: record 0 at byte 0: checksum"));
}

TEST(Pack, OfAnotherStoreChunkKindOrSizeIsRefused) {
  ColdDisk disk;
  WritePack(disk, {"one"}, {});
  ColdFileId store = SomeColdFile();
  store.store_id[15] = 0;
  ColdFileId chunk = SomeColdFile();
  chunk.chunk = ChunkId{4};

  EXPECT_ERROR(PackReader::Open(disk.fs(), "a.pack", store, kKind), absl::StatusCode::kDataLoss,
               StrEq("read a.pack: trailer at byte 28: a file of another store"));
  EXPECT_ERROR(PackReader::Open(disk.fs(), "a.pack", chunk, kKind), absl::StatusCode::kDataLoss,
               StrEq("read a.pack: trailer at byte 28: a file of chunk 3, expected 4"));
  EXPECT_ERROR(PackReader::Open(disk.fs(), "a.pack", SomeColdFile(), ColdFileKind::kLedgers),
               absl::StatusCode::kDataLoss,
               StrEq("read a.pack: trailer at byte 28: a file of kind 2, expected 1"));
  disk.Replace("a.pack", "short");
  EXPECT_ERROR(OpenPack(disk.fs()), absl::StatusCode::kDataLoss,
               StrEq("read a.pack: trailer at byte 0: the file has 5 bytes, expected at least 64"));
  EXPECT_ERROR(PackReader::Open(disk.fs(), "b.pack", SomeColdFile(), kKind),
               absl::StatusCode::kNotFound, ::testing::HasSubstr("b.pack"));
}

// The trailer of a pack that was written well, with other numbers and a checksum that fits them.
void Renumber(ColdDisk& disk, const std::map<std::size_t, std::uint32_t>& changes) {
  const std::string whole = disk.Bytes("a.pack");
  ASSERT_OK_AND_ASSIGN(const ColdFileReader file,
                       ColdFileReader::Open(disk.fs(), "a.pack", SomeColdFile(), kKind));
  ColdNumbers numbers = file.numbers();
  for (const auto& [place, number] : changes) numbers[place] = number;
  disk.Write("b.pack", [&](vfs::File& out) {
    return ColdFileWriter(&out, SomeColdFile(), kKind).Finish(numbers);
  });
  disk.Replace("a.pack", whole.substr(0, whole.size() - kColdTrailerBytes) + disk.Bytes("b.pack"));
  ASSERT_OK(disk.fs().Unlink("b.pack"));
}

TEST(Pack, NumbersThatCannotBeAreRefusedBeforeMemoryIsTaken) {
  const auto refusal = [](const std::map<std::size_t, std::uint32_t>& changes) {
    ColdDisk disk;
    WritePack(disk, {"one", "two", "three"}, {});
    Renumber(disk, changes);
    return vfs::Message(OpenPack(disk.fs()).status());
  };
  constexpr std::uint32_t kMax = ~std::uint32_t{0};
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({{kPackItemsPerRecord, 0}}),
            "read a.pack: index at byte 23: 6 bytes are not the numbers of items of 3 records");
  EXPECT_EQ(refusal({{kPackCodec, 2}}),
            "read a.pack: trailer at byte 45: codec 2; a newer release wrote it");
  EXPECT_EQ(refusal({{kPackItems, kMax}}),
            "read a.pack: trailer at byte 45: 3 records, expected 4294967295 of 4294967295 items");
  EXPECT_EQ(refusal({{kPackItems, kMax}, {kPackRecords, kMax}}),
            "read a.pack: index at byte 23: 6 bytes are not the sizes of 4294967295 records");
  EXPECT_EQ(refusal({{kPackIndexBytes, kMax}}),
            "read a.pack: trailer at byte 45: an index of 4294967299 and app data of 12 bytes do "
            "not fit");
}

TEST(Pack, ReadsAreFew) {
  ColdDisk disk;
  std::vector<std::string> items;
  for (int i = 0; i < 64; ++i) items.push_back(std::string(100'000, static_cast<char>('A' + i)));
  WritePack(disk, items, {});
  vfs::CallMeter meter;
  vfs::RecordingFileSystem metered(&disk.fs(), &meter);
  ASSERT_OK_AND_ASSIGN(const PackReader pack, OpenPack(metered));
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].calls, 1U);
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].bytes, 256U << 10);
  meter.Reset();

  ASSERT_OK(pack.Item(7));
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].calls, 1U);
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].bytes, 100'004U);
  meter.Reset();

  ASSERT_OK(AllItems(pack));
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].calls, 7U);  // ten at a time: 1 MiB
}

TEST(Pack, AnErrorOfTheVisitorEndsTheReading) {
  ColdDisk disk;
  WritePack(disk, {"one", "two", "three"}, {});
  ASSERT_OK_AND_ASSIGN(const PackReader pack, OpenPack(disk.fs()));
  std::vector<std::string> seen;

  const absl::Status status = pack.Items(0, 3, [&seen](std::uint32_t, std::string_view bytes) {
    seen.emplace_back(bytes);
    return seen.size() == 2 ? vfs::Aborted("enough") : absl::OkStatus();
  });

  EXPECT_ERROR(status, absl::StatusCode::kAborted, StrEq("enough"));
  EXPECT_THAT(seen, ElementsAre("one", "two"));
}

TEST(PackWriter, KeepsItsFirstError) {
  ColdDisk disk;
  WritePack(disk, {}, {});
  ASSERT_OK_AND_ASSIGN(const auto file, disk.fs().Open("a.pack", vfs::OpenMode::kRead));
  PackWriter writer(file.get(), SomeColdFile(), kKind, {});

  const absl::Status first = writer.Add(std::string(2 << 20, 'x'));

  EXPECT_EQ(first.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(writer.Add("y"), first);
  EXPECT_EQ(writer.Finish(""), first);
}

}  // namespace
}  // namespace permafrost::engine
