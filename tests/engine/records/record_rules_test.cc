// What a record must satisfy beyond its syntax, and the texts of refusals.
#include "engine/records/record_rules.h"

#include <gmock/gmock.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

absl::Status CheckJson(std::string_view type, std::string_view json) {
  const auto record = RecordFactory::FromJson(type, json);
  return record.ok() ? CheckRecord(*record) : record.status();
}

TEST(RecordRules, AnEmptyBodyIsEnoughOnlyForTypesWithoutKeysOfTheirOwn) {
  for (const RecordType type : RecordTypes()) {
    const bool has_rules = type == RecordType::kAssertion || type == RecordType::kVote ||
                           type == RecordType::kEpoch || type == RecordType::kReconciliation ||
                           type == RecordType::kSkipMark;
    EXPECT_EQ(CheckJson(ToString(type), "{}").ok(), !has_rules) << ToString(type);
  }
}

TEST(RecordRules, AllowedRecordsPass) {
  EXPECT_OK(CheckJson("assertion", R"({"subject":"a:b"})"));
  EXPECT_OK(
      CheckJson("vote", R"({"assertion_hash":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})"));
  EXPECT_OK(CheckJson("epoch", R"({"epoch_id":"AA=="})"));
  EXPECT_OK(CheckJson("reconciliation", R"({"account":{"account":"a","balance":"-1"}})"));
  EXPECT_OK(CheckJson("reconciliation_batch", R"({"part_index":1,"part_count":2})"));
  EXPECT_OK(CheckJson("skip_mark", R"({"skipped_lsn":"1","reason":"why"})"));
}

TEST(RecordRules, RefusalsNameTypeFieldAndRule) {
  constexpr auto kCode = absl::StatusCode::kInvalidArgument;
  EXPECT_ERROR(CheckJson("assertion", R"({"subject":"\n"})"), kCode,
               "check assertion: subject '\\x0a': control byte 0x0a at 0, expected none");
  EXPECT_ERROR(CheckJson("vote", R"({"assertion_hash":"AAAA"})"), kCode,
               "check vote: assertion_hash: 3 bytes, expected 32");
  EXPECT_ERROR(CheckJson("epoch", "{}"), kCode, "check epoch: epoch id: 0 bytes, expected 1 to 64");
  EXPECT_ERROR(CheckJson("account_sync", R"({"accounts":[{"account":"a","balance":"1"},{}]})"),
               kCode, "check account_sync: account '': 0 bytes, expected 1 to 256");
  EXPECT_ERROR(CheckJson("account_sync", R"({"accounts":[{"account":"a","balance":"01"}]})"), kCode,
               "check account_sync: balance of account 'a': expected -?[0-9]{1,78}, no leading "
               "zero");
  EXPECT_ERROR(CheckJson("reconciliation", "{}"), kCode,
               "check reconciliation: account: absent, expected one");
  EXPECT_ERROR(
      CheckJson("reconciliation_batch", R"({"part_index":2,"part_count":2})"), kCode,
      "check reconciliation_batch: part_index 2 of part_count 2: expected less, or 0 of 0");
  EXPECT_ERROR(CheckJson("reconciliation_batch", R"({"accounts":[{"account":"a"}]})"), kCode,
               "check reconciliation_batch: balance of account 'a': expected -?[0-9]{1,78}, no "
               "leading zero");
  EXPECT_ERROR(CheckJson("skip_mark", R"({"reason":"x"})"), kCode,
               "check skip_mark: skipped_lsn: 0, expected from 1");
  EXPECT_ERROR(CheckJson("skip_mark", R"({"skipped_lsn":"1"})"), kCode,
               "check skip_mark: reason: empty, expected a text");
}

TEST(RecordRules, BalancesHaveOneSpelling) {
  for (const char* good : {"0", "7", "-7", "10", "340282366920938463463374607431768211456"}) {
    EXPECT_TRUE(IsBalance(good)) << good;
  }
  EXPECT_TRUE(IsBalance("-" + std::string(78, '9')));
  EXPECT_FALSE(IsBalance(std::string(79, '9')));
  for (const char* bad :
       {"", "-", "-0", "00", "01", "-01", "+1", "1.0", " 1", "1 ", "1e3", "0x1"}) {
    EXPECT_FALSE(IsBalance(bad)) << bad;
  }
}

}  // namespace
}  // namespace permafrost::engine
