// Event segments: every event is found by its id, its ledger and each of its terms.
#include <array>
#include <map>
#include <memory>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/cold/event_segment_reader.h"
#include "engine/cold/event_segment_writer.h"
#include "engine/cold/portable_bitmap.h"
#include "engine/cold/term_postings.h"
#include "engine/ledger/event_payload.h"
#include "tests/engine/cold/cold_disk.h"
#include "tests/engine/ledger/event_makers.h"
#include "tests/status_matchers.h"
#include "tests/worked_example.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/metered_file_system.h"

namespace permafrost::engine {
namespace {

using testing::ColdDisk;
using testing::MadeLedger;
using testing::SomeColdFile;
using ::testing::StrEq;

const EventSegmentReader::Paths kPaths{
    .events = "3-events.pack", .bitmaps = "3-index.pack", .directory = "3-index.hash"};
constexpr LedgerSeq kFirst{26};

using Ledgers = std::vector<std::unique_ptr<MadeLedger>>;

Ledgers SomeLedgers(std::uint64_t seed, std::uint32_t count, std::uint32_t events_max) {
  Ledgers ledgers;
  for (std::uint32_t i = 0; i < count; ++i) {
    ledgers.push_back(
        std::make_unique<MadeLedger>(seed * 1'000 + i, LedgerSeq{kFirst.value() + i}, events_max));
  }
  return ledgers;
}

void WriteSegment(ColdDisk& disk, const Ledgers& ledgers) {
  TermPostings postings;
  std::uint32_t events = 0;
  disk.Write(kPaths.events, [&](vfs::File& file) {
    EventPackWriter writer(&file, SomeColdFile(), kFirst);
    for (const auto& ledger : ledgers) {
      postings.AddLedger(ledger->view(), writer.event_count());
      VFS_RETURN_IF_ERROR(writer.AddLedger(ledger->view()));
    }
    events = writer.event_count();
    return writer.Finish();
  });
  disk.Write(kPaths.bitmaps, [&](vfs::File& file) {
    TermBitmapWriter writer(&file, SomeColdFile());
    VFS_RETURN_IF_ERROR(
        postings.ForEach([&](const EventTerm& term, auto ids) { return writer.Add(term, ids); }));
    return writer.Finish();
  });
  disk.Write(kPaths.directory, [&](vfs::File& file) {
    TermDirectoryWriter writer(&file, SomeColdFile());
    VFS_RETURN_IF_ERROR(
        postings.ForEach([&](const EventTerm& term, auto ids) { return writer.Add(term, ids); }));
    return writer.Finish(events);
  });
}

absl::StatusOr<EventSegmentReader> OpenSegment(vfs::FileSystem& fs) {
  return EventSegmentReader::Open(fs, kPaths, SomeColdFile());
}

// What a segment should know, by other means.
struct Model {
  std::vector<std::string> payloads;
  std::vector<LedgerSeq> ledgers;  // of each event
  std::map<EventTerm, Roaring> terms;
};

Model ModelOf(const Ledgers& ledgers) {
  Model model;
  for (const auto& ledger : ledgers) {
    for (const EventView& event : ledger->view().events) {
      const auto id = static_cast<std::uint32_t>(model.payloads.size());
      AppendEventPayload(model.payloads.emplace_back(), ledger->view(), event);
      model.ledgers.push_back(ledger->view().sequence);
      ForEachTerm(ledger->view(), event, [&](const EventTerm& term) { model.terms[term].add(id); });
    }
  }
  return model;
}

// Reads all that is in a segment.
absl::Status ReadAll(vfs::FileSystem& fs, const Model& model) {
  VFS_ASSIGN_OR_RETURN(const EventSegmentReader segment, OpenSegment(fs));
  VFS_RETURN_IF_ERROR(segment.Payloads({.begin = 0, .end = segment.event_count()},
                                       [&model](std::uint32_t id, std::string_view payload) {
                                         EXPECT_EQ(payload, model.payloads.at(id));
                                         return absl::OkStatus();
                                       }));
  for (const auto& [term, ids] : model.terms) {
    VFS_ASSIGN_OR_RETURN(const Roaring found, segment.IdsOf(term));
    EXPECT_EQ(found, ids);
  }
  return absl::OkStatus();
}

RC_GTEST_PROP(EventSegment, EveryEventIsFound, ()) {
  const Ledgers ledgers = SomeLedgers(*rc::gen::inRange<std::uint64_t>(0, 1'000),
                                      *rc::gen::inRange(0U, 12U), *rc::gen::inRange(0U, 300U));
  const Model model = ModelOf(ledgers);
  ColdDisk disk;
  WriteSegment(disk, ledgers);

  RC_ASSERT(ReadAll(disk.fs(), model).ok());
  const auto segment = OpenSegment(disk.fs());
  RC_ASSERT(segment->first_ledger() == kFirst);
  RC_ASSERT(segment->ledger_count() == ledgers.size());
  RC_ASSERT(segment->event_count() == model.payloads.size());
  std::uint32_t begin = 0;
  for (const auto& ledger : ledgers) {
    const auto end = begin + static_cast<std::uint32_t>(ledger->view().events.size());
    RC_ASSERT((segment->IdsOf(ledger->view().sequence) ==
               EventSegmentReader::IdRange{.begin = begin, .end = end}));
    begin = end;
  }
  for (std::uint32_t id = 0; id < model.payloads.size(); id += 17) {
    RC_ASSERT(segment->LedgerOf(id) == model.ledgers[id]);
    RC_ASSERT(*segment->Payload(id) == model.payloads[id]);
  }
  for (std::uint64_t i = 0; i < 20; ++i) {
    const EventTerm absent = TopicTerm(3, fmt::format("absent {}", i));
    RC_ASSERT(segment->IdsOf(absent)->isEmpty());
  }
}

TEST(EventSegment, SomePayloadsAreThoseAskedFor) {
  const Ledgers ledgers = SomeLedgers(1, 8, 300);
  const Model model = ModelOf(ledgers);
  ColdDisk disk;
  WriteSegment(disk, ledgers);
  ASSERT_OK_AND_ASSIGN(const EventSegmentReader segment, OpenSegment(disk.fs()));
  const std::vector<std::uint32_t> ids = {0, 1, 127, 128, 500, segment.event_count() - 1};
  std::vector<std::uint32_t> found;

  ASSERT_OK(segment.Payloads(ids, [&](std::uint32_t id, std::string_view payload) {
    EXPECT_EQ(payload, model.payloads[id]);
    found.push_back(id);
    return absl::OkStatus();
  }));

  EXPECT_EQ(found, ids);
}

// A ledger without events, and one of 300; the term 01 00.. is one of two events, 02 00.. of many.
void WriteExample(ColdDisk& disk) {
  disk.Write(kPaths.events, [](vfs::File& file) {
    EventPackWriter writer(&file, SomeColdFile(), kFirst);
    VFS_RETURN_IF_ERROR(writer.FinishLedger(LedgerSeq{26}));
    for (int i = 0; i < 300; ++i) VFS_RETURN_IF_ERROR(writer.Add({}));
    VFS_RETURN_IF_ERROR(writer.FinishLedger(LedgerSeq{27}));
    return writer.Finish();
  });
  std::vector<std::uint32_t> many(200);
  for (std::uint32_t i = 0; i < 200; ++i) many[i] = 10 + i;
  const std::vector<std::uint32_t> few = {3, 258};
  const auto add = [&](auto& writer) -> absl::Status {
    VFS_RETURN_IF_ERROR(writer.Add(EventTerm{1}, few));
    return writer.Add(EventTerm{2}, many);
  };
  disk.Write(kPaths.bitmaps, [&](vfs::File& file) {
    TermBitmapWriter writer(&file, SomeColdFile());
    VFS_RETURN_IF_ERROR(add(writer));
    return writer.Finish();
  });
  disk.Write(kPaths.directory, [&](vfs::File& file) {
    TermDirectoryWriter writer(&file, SomeColdFile());
    VFS_RETURN_IF_ERROR(add(writer));
    return writer.Finish(300);
  });
}

void ExpectEveryByteOfTheSegmentMatters(ColdDisk& disk, const Model& model) {
  for (const std::string& path : {kPaths.events, kPaths.bitmaps, kPaths.directory})
    ExpectEveryByteMatters(disk, path, [&] { return ReadAll(disk.fs(), model); });
}

TEST(EventSegment, EveryByteOfEachFileMatters) {
  const Ledgers ledgers = SomeLedgers(3, 3, 20);
  ColdDisk disk;
  WriteSegment(disk, ledgers);

  ExpectEveryByteOfTheSegmentMatters(disk, ModelOf(ledgers));
}

TEST(EventSegment, EveryByteMattersWithoutEvents) {
  ColdDisk disk;
  WriteSegment(disk, SomeLedgers(3, 3, 0));

  ExpectEveryByteOfTheSegmentMatters(disk, {});
}

TEST(EventSegment, EveryByteMattersWithBitmaps) {
  ColdDisk disk;
  WriteExample(disk);
  Model model{.payloads = std::vector<std::string>(300)};
  model.terms[EventTerm{1}] = Roaring::bitmapOf(2, 3, 258);
  for (std::uint32_t id = 10; id < 210; ++id) model.terms[EventTerm{2}].add(id);

  ExpectEveryByteOfTheSegmentMatters(disk, model);
}

TEST(EventSegment, ATermIsFoundByOneReadOrTwo) {
  const Ledgers ledgers = SomeLedgers(1, 4, 3'000);
  ColdDisk disk;
  WriteSegment(disk, ledgers);
  vfs::CallMeter meter;
  vfs::RecordingFileSystem metered(&disk.fs(), &meter);
  ASSERT_OK_AND_ASSIGN(const EventSegmentReader segment, OpenSegment(metered));
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kRead].calls, 3U);

  std::map<std::uint64_t, int> terms_by_reads;
  for (const auto& [term, ids] : ModelOf(ledgers).terms) {
    meter.Reset();
    ASSERT_OK(segment.IdsOf(term));
    ++terms_by_reads[meter.Counts()[vfs::CallKind::kRead].calls];
  }
  EXPECT_EQ(terms_by_reads.size(), 2U);
  EXPECT_GT(terms_by_reads[1], 1'000);
  EXPECT_GT(terms_by_reads[2], 5);
}

// Files that are good but do not belong together.
TEST(EventSegment, FilesThatDoNotFitAreRefused) {
  ColdDisk disk;
  WriteSegment(disk, SomeLedgers(1, 4, 200));
  ColdDisk other;
  WriteSegment(other, SomeLedgers(2, 4, 3'000));
  const auto refusal_with = [&](const std::string& path) {
    const sim::DiskState saved = disk.Saved();
    disk.Replace(path, other.Bytes(path));
    const std::string text = vfs::Message(OpenSegment(disk.fs()).status());
    disk.Restore(saved);
    return text;
  };

  EXPECT_THAT(refusal_with(kPaths.events),
              ::testing::MatchesRegex("read 3-index.hash: trailer at byte [0-9]*: terms of [0-9]* "
                                      "events, expected [0-9]*"));
  EXPECT_THAT(refusal_with(kPaths.bitmaps),
              ::testing::MatchesRegex("read 3-index.hash: trailer at byte [0-9]*: [0-9]* bitmaps, "
                                      "expected [0-9]*"));
}

TEST(EventSegment, ABitmapThatIsAnotherTermsOrNoneIsRefused) {
  std::vector<std::uint32_t> ids(1'000);
  for (std::uint32_t i = 0; i < 1'000; ++i) ids[i] = i * 3;
  const auto refusal = [&](const std::string& item) {
    ColdDisk disk;
    disk.Write(kPaths.events, [](vfs::File& file) {
      EventPackWriter writer(&file, SomeColdFile(), kFirst);
      for (int i = 0; i < 3'000; ++i) VFS_RETURN_IF_ERROR(writer.Add("payload"));
      VFS_RETURN_IF_ERROR(writer.FinishLedger(kFirst));
      return writer.Finish();
    });
    disk.Write(kPaths.bitmaps, [&](vfs::File& file) {
      PackWriter writer(&file, SomeColdFile(), ColdFileKind::kTermBitmaps, {});
      VFS_RETURN_IF_ERROR(writer.Add(item));
      return writer.Finish({});
    });
    disk.Write(kPaths.directory, [&](vfs::File& file) {
      TermDirectoryWriter writer(&file, SomeColdFile());
      VFS_RETURN_IF_ERROR(writer.Add(EventTerm{}, ids));
      return writer.Finish(3'000);
    });
    const auto segment = OpenSegment(disk.fs());
    EXPECT_OK(segment);
    return vfs::Message(segment->IdsOf(EventTerm{}).status());
  };
  std::string item(16, '\0');
  AppendPortableBitmap(item, ids);
  EXPECT_EQ(refusal(item), "");
  std::string renamed = item;
  renamed[3] = 'x';
  EXPECT_EQ(refusal(renamed), "read 3-index.pack: record 0 at byte 0: it is another term's");
  item.pop_back();
  EXPECT_EQ(refusal(item), "read 3-index.pack: record 0 at byte 0: no bitmap of 3000 events");
}

// Freezing copies: what was compressed when a ledger was ingested stands in the pack as it was,
// but for records of few events, which share one.
TEST(EventPackWriter, CopiesRecordsAndGathersSmallOnes) {
  std::uint64_t seed = 1;
  while (MadeLedger(seed, kFirst, 400).view().events.size() < 200) ++seed;
  const MadeLedger made(seed, kFirst, 400);
  RecordCompressor compressor;
  ColdDisk disk;
  std::vector<StoredEvents> stored;
  const std::vector<std::size_t> counts = {128 + 40, 128 + 31, 5, 0, 20, 128 + 32};
  disk.Write(kPaths.events, [&](vfs::File& file) -> absl::Status {
    EventPackWriter writer(&file, SomeColdFile(), kFirst);
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
      LedgerView ledger = made.view();
      ledger.sequence = LedgerSeq{kFirst.value() + i};
      ledger.events.resize(counts[i]);
      VFS_ASSIGN_OR_RETURN(StoredEvents events, StoredEvents::Of(ledger, compressor));
      VFS_RETURN_IF_ERROR(writer.AddLedger(ledger.sequence, events));
      stored.push_back(std::move(events));
    }
    return writer.Finish();
  });

  const std::string bytes = disk.Bytes(kPaths.events);
  for (const StoredEvents& events : stored) {
    for (std::size_t i = 0; i < events.record_count(); ++i)
      EXPECT_EQ(bytes.find(events.record(i)) != std::string::npos, events.events_of(i) >= 32);
  }
  ASSERT_OK_AND_ASSIGN(
      const ColdFileReader file,
      ColdFileReader::Open(disk.fs(), kPaths.events, SomeColdFile(), ColdFileKind::kEvents));
  // 128, 40, 128, 31 + 5 + 20, 128, 32.
  EXPECT_EQ(file.numbers()[kPackRecords], 6U);
}

TEST(EventPackWriter, ADamagedSmallRecordIsNamed) {
  const MadeLedger made(3, kFirst, 20);
  ASSERT_FALSE(made.view().events.empty());
  ColdDisk disk;
  disk.Write("other", [&](vfs::File& file) -> absl::Status {
    RecordCompressor compressor;
    VFS_ASSIGN_OR_RETURN(const StoredEvents good, StoredEvents::Of(made.view(), compressor));
    // Another ledger's count over it, with a checksum that fits.
    std::string bytes = good.bytes().substr(0, good.bytes().size() - 4);
    bytes[1] = static_cast<char>(bytes[1] + 1);
    std::string checked;
    vfs::AppendLittleEndian(checked, kFirst.value());
    vfs::AppendLittleEndian(bytes, vfs::Crc32c(checked + bytes));
    VFS_ASSIGN_OR_RETURN(const StoredEvents events, StoredEvents::Parse(kFirst, bytes));
    EventPackWriter writer(&file, SomeColdFile(), kFirst);
    EXPECT_ERROR(writer.AddLedger(kFirst, events), absl::StatusCode::kDataLoss,
                 ::testing::HasSubstr("add events of ledger 26: "));
    return absl::OkStatus();
  });
}

TEST(EventPackWriter, RefusesWhatWouldNotBeASegment) {
  ColdDisk disk;
  disk.Write("other", [](vfs::File& file) {
    EventPackWriter gap(&file, SomeColdFile(), kFirst);
    EXPECT_ERROR(gap.FinishLedger(LedgerSeq{27}), absl::StatusCode::kInvalidArgument,
                 StrEq("finish events of ledger 27: expected 26"));
    EventPackWriter open(&file, SomeColdFile(), kFirst);
    EXPECT_OK(open.Add("payload"));
    EXPECT_ERROR(open.Finish(), absl::StatusCode::kInvalidArgument,
                 StrEq("finish event pack: the ledger of the last 1 events is open"));
    TermDirectoryWriter terms(&file, SomeColdFile());
    const std::array<std::uint32_t, 1> ids = {1};
    EXPECT_OK(terms.Add(EventTerm{2}, ids));
    EXPECT_ERROR(terms.Add(EventTerm{1}, ids), absl::StatusCode::kInvalidArgument,
                 StrEq("add term 1 to directory: it is not above the one before"));
    return absl::OkStatus();
  });
}

TEST(EventSegment, IsTheBytesOfTheWorkedExample) {
  ColdDisk disk;
  WriteExample(disk);

  ASSERT_OK_AND_ASSIGN(
      const PackReader events,
      PackReader::Open(disk.fs(), kPaths.events, SomeColdFile(), ColdFileKind::kEvents));
  ExpectOnPage(events.app_data(), std::array<std::size_t, 5>{4, 4, 1, 4, 3});
}

TEST(TermBitmaps, AreTheBytesOfTheWorkedExample) {
  ColdDisk disk;
  WriteExample(disk);

  const std::string bytes = disk.Bytes(kPaths.bitmaps);
  ExpectOnPage(bytes.substr(0, bytes.size() - kColdTrailerBytes),
               std::array<std::size_t, 6>{16, 15, 4, 5, 4, 4});
}

TEST(TermDirectory, IsTheBytesOfTheWorkedExample) {
  ColdDisk disk;
  WriteExample(disk);

  std::string bytes = disk.Bytes(kPaths.directory);
  EXPECT_EQ(bytes.substr(43, 4'049), std::string(4'049, '\0'));
  bytes.erase(43, 4'049);
  ExpectOnPage(bytes, std::array<std::size_t, 14>{2, 16, 1, 3, 16, 1, 4, 4, 16, 4, 36, 16, 8, 4});
}

}  // namespace
}  // namespace permafrost::engine
