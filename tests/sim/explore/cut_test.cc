// Cuts and records as values: what prints parses, what is encoded decodes, and nothing else does.
#include "sim/explore/cut.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "sim/explore/record.h"
#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

TEST(Cut, PrintsAPowerCutAndADeath) {
  const Cut power{.kind = CutKind::kPowerCut,
                  .point = 17,
                  .choice = "3:k 4:l",
                  .label = "freeze.write/rocksdb.log.append",
                  .lost = "write",
                  .ops = {"put a b"}};
  const Cut death{.kind = CutKind::kProcessDeath,
                  .point = 2,
                  .choice = "",
                  .label = "outside any step",
                  .lost = "",
                  .ops = {}};

  EXPECT_EQ(ToString(power), "power point=17 label=freeze.write/rocksdb.log.append choice=3:k 4:l");
  EXPECT_EQ(ToString(death), "death point=2 label=outside any step");
}

TEST(Cut, AnEmptyChoiceParses) {
  ASSERT_OK_AND_ASSIGN(const Cut cut, ParseCut("power point=0 label=x choice="));

  EXPECT_EQ(cut.choice, "");
  EXPECT_EQ(cut.label, "x");
}

TEST(Cut, HostileTextsAreRefusedWithWhatWasFound) {
  EXPECT_ERROR(ParseCut(""), kInvalid, Eq("'' begins with neither 'power' nor 'death'"));
  EXPECT_ERROR(ParseCut("power"), kInvalid, Eq("'power' begins with neither 'power' nor 'death'"));
  EXPECT_ERROR(ParseCut("brownout point=1 label=x"), kInvalid,
               Eq("'brownout point=1 label=x' begins with neither 'power' nor 'death'"));
  EXPECT_ERROR(ParseCut("power point=1 label=x"), kInvalid,
               Eq("'point=1 label=x' is not 'point=N label=LABEL choice=CHOICE'"));
  EXPECT_ERROR(ParseCut("power point=1 choice=a label=x"), kInvalid,
               Eq("'point=1 choice=a label=x' is not 'point=N label=LABEL choice=CHOICE'"));
  EXPECT_ERROR(ParseCut("death at=1 label=x"), kInvalid,
               Eq("'at=1 label=x' is not 'point=N label=LABEL'"));
  EXPECT_ERROR(ParseCut("death point=-1 label=x"), kInvalid, Eq("'-1' is not a number"));
  EXPECT_ERROR(ParseCut("death point= label=x"), kInvalid, Eq("'' is not a number"));
  EXPECT_ERROR(ParseCut("death point=99999999999999999999 label=x"), kInvalid,
               Eq("'99999999999999999999' is not a number"));
}

TEST(Cut, ItsStepIsTheInnermostOneThatIsNotRocksDbs) {
  EXPECT_EQ(StepOf({.label = "freeze.flip/rocksdb.wal.sync"}), "freeze.flip");
  EXPECT_EQ(StepOf({.label = "freeze.write/freeze.sync.file"}), "freeze.sync.file");
  EXPECT_EQ(StepOf({.label = "rocksdb.wal.create"}), "rocksdb.wal.create");
  EXPECT_EQ(StepOf({.label = ""}), "");
}

TEST(ParseNumber, TakesDecimalAndHexadecimal) {
  EXPECT_EQ(*ParseNumber("0"), 0U);
  EXPECT_EQ(*ParseNumber("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(*ParseNumber("0x00ff"), 255U);
  EXPECT_EQ(*ParseNumber("0XFF"), 255U);
}

TEST(ParseNumber, RefusesEverythingElse) {
  for (const char* text : {"", "0x", "+1", "-1", " 1", "1 ", "1e3", "ff", "0x1g", "seven"}) {
    EXPECT_ERROR(ParseNumber(text), kInvalid, HasSubstr("is not a number"));
  }
}

// Text as labels, choices and operations have it: no line ends, nothing that begins the next field.
std::string AnyText() {
  return *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab.c/01:, -+")));
}

Cut AnyCut() {
  Cut cut;
  cut.kind = *rc::gen::arbitrary<bool>() ? CutKind::kPowerCut : CutKind::kProcessDeath;
  cut.point = *rc::gen::arbitrary<std::uint64_t>();
  cut.label = AnyText();
  if (cut.kind == CutKind::kPowerCut) cut.choice = AnyText();
  return cut;
}

RC_GTEST_PROP(CutProperty, WhatPrintsParsesBack, ()) {
  const Cut cut = AnyCut();

  const auto parsed = ParseCut(ToString(cut));

  RC_ASSERT(parsed.ok());
  RC_ASSERT(parsed->kind == cut.kind);
  RC_ASSERT(parsed->point == cut.point);
  RC_ASSERT(parsed->label == cut.label);
  RC_ASSERT(parsed->choice == cut.choice);
}

RC_GTEST_PROP(CutProperty, AnyBytesParseOrAreRefusedAndNeverAbort, ()) {
  const auto bytes = *rc::gen::arbitrary<std::string>();
  const auto parsed = ParseCut("power " + bytes);

  RC_ASSERT(parsed.ok() || absl::IsInvalidArgument(parsed.status()));
}

Record AnyRecord() {
  const auto number = [] { return *rc::gen::arbitrary<std::uint64_t>(); };
  Record record;
  record.key = {number(), number()};
  record.trace_hash = {number(), number()};
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    record.events.push_back({static_cast<EventKind>(*rc::gen::inRange(0, 6)), AnyText(),
                             *rc::gen::arbitrary<std::string>()});
  }
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    Cut cut = AnyCut();
    cut.lost = AnyText();
    record.children.push_back({cut, static_cast<std::uint64_t>(i), {number(), number()}});
  }
  record.points = number();
  record.exhausted = number();
  record.candidates = number();
  record.opens = number();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) record.probes[AnyText()] = number();
  return record;
}

RC_GTEST_PROP(RecordProperty, WhatIsEncodedDecodesToTheSame, ()) {
  const Record record = AnyRecord();

  EventTable known;  // the explorer knows some of the events already
  for (const Event& event : record.events) {
    if (*rc::gen::arbitrary<bool>()) known.Intern(event);
  }

  const auto decoded = DecodeRecord(Encode(record, known), known);

  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded->key == record.key);
  RC_ASSERT(decoded->events == record.events);
  RC_ASSERT(decoded->trace_hash == record.trace_hash);
  RC_ASSERT(decoded->points == record.points);
  RC_ASSERT(decoded->exhausted == record.exhausted);
  RC_ASSERT(decoded->candidates == record.candidates);
  RC_ASSERT(decoded->opens == record.opens);
  RC_ASSERT(decoded->probes == record.probes);
  RC_ASSERT(decoded->children.size() == record.children.size());
  for (std::size_t i = 0; i < record.children.size(); ++i) {
    RC_ASSERT(ToString(decoded->children[i].cut) == ToString(record.children[i].cut));
    RC_ASSERT(decoded->children[i].cut.lost == record.children[i].cut.lost);
    RC_ASSERT(decoded->children[i].event_count == record.children[i].event_count);
    RC_ASSERT(decoded->children[i].key == record.children[i].key);
  }
}

RC_GTEST_PROP(RecordProperty, EveryShorterPrefixIsDataLoss, ()) {
  const std::string bytes = Encode(AnyRecord(), EventTable());
  const auto size = *rc::gen::inRange<std::size_t>(0, bytes.size());

  const auto decoded = DecodeRecord(std::string_view(bytes).substr(0, size), EventTable());

  RC_ASSERT(absl::IsDataLoss(decoded.status()));
}

RC_GTEST_PROP(RecordProperty, AnyFlippedByteDecodesOrIsDataLossAndNeverAborts, ()) {
  std::string bytes = Encode(AnyRecord(), EventTable());
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] = static_cast<char>(bytes[at] ^ *rc::gen::inRange(1, 256));

  const auto decoded = DecodeRecord(bytes, EventTable());

  RC_ASSERT(decoded.ok() || absl::IsDataLoss(decoded.status()));
}

TEST(Record, TrailingBytesAreDataLoss) {
  EXPECT_ERROR(DecodeRecord(Encode(Record(), EventTable()) + "x", EventTable()),
               absl::StatusCode::kDataLoss, HasSubstr("record"));
}

}  // namespace
}  // namespace permafrost::sim
