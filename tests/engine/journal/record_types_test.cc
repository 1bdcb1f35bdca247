// The table of record types, decoding, fields that this build does not know, and JSON.
#include "engine/journal/record_types.h"

#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>

#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/journal/journal_format.h"
#include "engine/journal/records.pb.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::uint8_t NumberOf(RecordType type) { return static_cast<std::uint8_t>(type); }

TEST(RecordTypes, NumbersAndNamesStayAsTheyAreOnDisk) {
  std::string table;
  for (const RecordType type : RecordTypes()) {
    table += std::to_string(NumberOf(type)) + " " + std::string(ToString(type)) + "\n";
  }

  EXPECT_EQ(table,
            "1 ledger\n2 assertion\n3 vote\n4 epoch\n5 header_sync\n6 data_sync\n7 merkle_sync\n"
            "8 prior_sync\n9 account_sync\n10 reconciliation\n11 reconciliation_batch\n12 block\n"
            "13 skip_mark\n");
}

TEST(RecordTypes, EachIsFoundByItsNumberAndItsNameAndNothingElseIs) {
  std::set<int> found;
  for (int number = 0; number <= 255; ++number) {
    const auto type = FindRecordType(static_cast<std::uint8_t>(number));
    if (!type.has_value()) continue;
    found.insert(number);
    EXPECT_EQ(NumberOf(*type), number);
    EXPECT_EQ(FindRecordType(ToString(*type)), type);
  }

  EXPECT_EQ(found.size(), RecordTypes().size());
  EXPECT_FALSE(found.contains(0));
  EXPECT_LT(*found.rbegin(), journal::kFirstOwnType);
  EXPECT_EQ(FindRecordType(std::string_view("Ledger")), std::nullopt);
  EXPECT_EQ(FindRecordType(std::string_view("")), std::nullopt);
}

TEST(RecordTypes, EachDecodesToTheMessageOfItsName) {
  for (const RecordType type : RecordTypes()) {
    const auto record = RecordFactory::Decode(NumberOf(type), "");
    ASSERT_OK(record);
    EXPECT_EQ(record->type(), type);
    // "header_sync" and permafrost.records.HeaderSync.
    std::string squeezed;
    for (const char c : ToString(type)) {
      if (c != '_') squeezed.push_back(c);
    }
    std::string lower(record->message().GetDescriptor()->name());
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    EXPECT_EQ(lower, squeezed);
  }
}

TEST(RecordFactory, ABodyBecomesAMessageOfItsClassOnly) {
  records::Vote vote;
  vote.set_assertion_hash(std::string(32, 'h'));
  vote.set_choice(records::Vote::CHOICE_AGAINST);

  ASSERT_OK_AND_ASSIGN(const Record record, RecordFactory::Decode(3, vote.SerializeAsString()));

  ASSERT_NE(record.As<records::Vote>(), nullptr);
  EXPECT_EQ(record.As<records::Vote>()->choice(), records::Vote::CHOICE_AGAINST);
  EXPECT_EQ(record.As<records::Epoch>(), nullptr);
  EXPECT_EQ(record.Encode(), vote.SerializeAsString());
}

TEST(RecordFactory, AnUnknownTypeIsNamedWithTheKnownOnes) {
  EXPECT_ERROR(RecordFactory::Decode(77, "x"), absl::StatusCode::kDataLoss,
               "decode record of type 77: no such type, known are 1 to 13");
  EXPECT_ERROR(RecordFactory::Decode(0, ""), absl::StatusCode::kDataLoss,
               "decode record of type 0: no such type, known are 1 to 13");
}

TEST(RecordFactory, BytesThatDoNotParseAreNamedWithTheirLength) {
  EXPECT_ERROR(RecordFactory::Decode(2, "\xff\xff\xff"), absl::StatusCode::kDataLoss,
               "decode assertion: its 3 bytes do not parse as permafrost.records.Assertion");
}

TEST(RecordFactory, ASubjectThatIsNotUtf8DoesNotParseAndNothingIsPrinted) {
  ::testing::internal::CaptureStderr();
  const auto record = RecordFactory::Decode(2, "\x0a\x01\xff");

  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_ERROR(record, absl::StatusCode::kDataLoss,
               "decode assertion: its 3 bytes do not parse as permafrost.records.Assertion");
}

RC_GTEST_PROP(RecordFactory, AnyBytesDecodeOrAreRefusedWithOneLine, (std::string body)) {
  for (const RecordType type : RecordTypes()) {
    const auto record = RecordFactory::Decode(NumberOf(type), body);
    if (record.ok()) continue;
    RC_ASSERT(record.status().code() == absl::StatusCode::kDataLoss);
    RC_ASSERT(vfs::Message(record.status()).find('\n') == std::string::npos);
  }
}

// A later release's fields, of each wire type, between, before and after those that are known.
RC_GTEST_PROP(Record, UnknownFieldsSurviveDecodeAndEncode, ()) {
  records::Epoch known;
  known.set_epoch_id(*rc::gen::arbitrary<std::string>());
  known.set_first_ledger(*rc::gen::arbitrary<std::uint32_t>());
  records::Epoch unknown;
  auto* const fields = unknown.GetReflection()->MutableUnknownFields(&unknown);
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    const int number = *rc::gen::inRange(100, 5000);
    switch (*rc::gen::inRange(0, 4)) {
      case 0: fields->AddVarint(number, *rc::gen::arbitrary<std::uint64_t>()); break;
      case 1: fields->AddFixed32(number, *rc::gen::arbitrary<std::uint32_t>()); break;
      case 2: fields->AddFixed64(number, *rc::gen::arbitrary<std::uint64_t>()); break;
      default: fields->AddLengthDelimited(number, *rc::gen::arbitrary<std::string>());
    }
  }
  const std::string unknown_bytes = unknown.SerializeAsString();
  const bool is_first = *rc::gen::arbitrary<bool>();
  const std::string body = is_first ? unknown_bytes + known.SerializeAsString()
                                    : known.SerializeAsString() + unknown_bytes;

  const auto record = RecordFactory::Decode(NumberOf(RecordType::kEpoch), body);
  RC_ASSERT(record.ok());
  const auto again = RecordFactory::Decode(NumberOf(RecordType::kEpoch), record->Encode());
  RC_ASSERT(again.ok());

  const auto& kept = again->message().GetReflection()->GetUnknownFields(again->message());
  std::string kept_bytes;
  RC_ASSERT(kept.SerializeToString(&kept_bytes));
  RC_ASSERT(kept_bytes == unknown_bytes);
  RC_ASSERT(again->As<records::Epoch>()->epoch_id() == known.epoch_id());
  RC_ASSERT(again->As<records::Epoch>()->first_ledger() == known.first_ledger());
}

TEST(RecordJson, PrintsEveryFieldOnOneLineAndParsesBack) {
  records::SkipMark mark;
  mark.set_skipped_lsn(18446744073709551615ULL);
  mark.set_reason("line\nbreak");
  ASSERT_OK_AND_ASSIGN(const Record record, RecordFactory::Decode(13, mark.SerializeAsString()));

  const std::string json = record.Json();

  EXPECT_EQ(json, R"({"skipped_lsn":"18446744073709551615","reason":"line\nbreak",)"
                  R"("operator_name":""})");
  ASSERT_OK_AND_ASSIGN(const Record back, RecordFactory::FromJson("skip_mark", json));
  EXPECT_EQ(back.Encode(), record.Encode());
}

TEST(RecordJson, TakesBothSpellingsOfFieldNamesAndNumbersAsNumbers) {
  ASSERT_OK_AND_ASSIGN(const Record snake,
                       RecordFactory::FromJson("epoch", R"({"first_ledger":7})"));
  ASSERT_OK_AND_ASSIGN(const Record camel,
                       RecordFactory::FromJson("epoch", R"({"firstLedger":7})"));

  EXPECT_EQ(snake.As<records::Epoch>()->first_ledger(), 7U);
  EXPECT_EQ(camel.Encode(), snake.Encode());
}

TEST(RecordJson, AMistypedTypeIsRefusedWithTheNearestName) {
  EXPECT_ERROR(RecordFactory::FromJson("assertoin", "{}"), absl::StatusCode::kInvalidArgument,
               "make record of type 'assertoin': no such type; did you mean 'assertion'?");
}

TEST(RecordJson, WhatIsNotJsonOfTheMessageIsRefusedOnOneShortLine) {
  for (const std::string& json : std::vector<std::string>{
           "", "{", "[]", R"({"first_ledger":"x"})", R"({"nothing":1})", R"({"epoch_id":"%%"})",
           R"({"first_ledger":-1})", "{\"a\n" + std::string(5000, 'b') + "\":1}"}) {
    const auto record = RecordFactory::FromJson("epoch", json);
    EXPECT_ERROR(
        record, absl::StatusCode::kInvalidArgument,
        AllOf(StartsWith("make epoch of " + std::to_string(json.size()) + " bytes of JSON: "),
              ::testing::Not(HasSubstr("\n"))));
    EXPECT_LT(vfs::Message(record.status()).size(), 200U);
  }
  EXPECT_ERROR(RecordFactory::FromJson("epoch", R"({"nothing":1})"),
               absl::StatusCode::kInvalidArgument, HasSubstr("nothing"));
}

RC_GTEST_PROP(RecordJson, AnyTextIsParsedOrRefused, (std::string json)) {
  for (const RecordType type : RecordTypes()) {
    const auto record = RecordFactory::FromJson(ToString(type), json);
    if (!record.ok()) RC_ASSERT(record.status().code() == absl::StatusCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace permafrost::engine
