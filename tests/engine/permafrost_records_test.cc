// permafrost journal replay and permafrost records as a shell sees them.
#include <unistd.h>

#include <string>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/engine/permafrost_journal.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

using PermafrostRecords = JournalDirectory;

TEST_F(PermafrostRecords, WhatIsNotProvablyDurableIsMarkedAndNotReplayed) {
  Fill();
  Overwrite(first_segment_, 296, std::string(64, '\0'));  // the close mark
  const std::string tail =
      "tail above LSN 0: 232 bytes kept (LSN 1 to 3), 0 bytes dropped, provably unacknowledged\n";

  const Ran verify = Verify("--deep");
  const Ran dump = Command("journal dump --json --dir " + dir_);
  const Ran replay = Command("journal replay --dir " + dir_ + " --records " + store_);

  EXPECT_EQ(verify.code, 0) << verify.err;
  EXPECT_THAT(verify.out, HasSubstr("1 segments, 3 records, 0 damages\n" + tail));
  EXPECT_EQ(dump.err, "permafrost: " + tail);
  for (const nlohmann::json& line : JsonLines(dump.out)) EXPECT_EQ(line["durable"], false);
  EXPECT_EQ(replay.out,
            "0 records applied, 0 of them skipped; the cursor is 1\n"
            "3 records behind it are not provably durable; left\n");
}

TEST_F(PermafrostRecords, ReplayAppliesWhatIsThereOnceAndRecordsAnswers) {
  Fill();
  const std::string replay = "journal replay --dir " + dir_ + " --records " + store_;

  EXPECT_EQ(Command(replay).out, "3 records applied, 0 of them skipped; the cursor is 4\n");
  EXPECT_EQ(Command(replay + " --json").out,
            "{\"applied\":0,\"skipped\":0,\"cursor\":4,\"not_provably_durable\":0}\n");

  const std::string get = "records get --dir " + store_;
  EXPECT_EQ(Command(get + " --account alice").out, "balance 100 nonce 7 lsn 2\n");
  EXPECT_EQ(Command(get + " --lsn 1").out, std::string("assertion ") + kAddress + "\n");
  EXPECT_THAT(Command(get + " --epoch 0102").out, StartsWith("{\"epoch_id\":\"AQI=\""));
  EXPECT_THAT(Command(get + " " + kAddress).out, StartsWith("{\"subject\":\"tx/1\""));
  EXPECT_EQ(Command("records subject --dir " + store_ + " tx/1").out, std::string(kAddress) + "\n");
  EXPECT_EQ(Command("records subject --json --dir " + store_ + " tx/2").out,
            "{\"subject\":\"tx/2\",\"assertions\":[]}\n");
}

TEST_F(PermafrostRecords, RecordsGetPrintsTheVotesOfAnAssertion) {
  const std::string put = "records put --journal.segment_bytes 65536 --dir " + dir_;
  ASSERT_EQ(Command(put + " '" + kAssertion + "'").out, "1\n");
  // The content address of the assertion in base64.
  const std::string vote = R"({"assertion_hash":"a9LN4eSGTU5BIeShG2gh2oQXWUmSM34O0WK6D2kLV0o=",)"
                           R"("choice":"CHOICE_FOR","weight":"3"})";
  ASSERT_EQ(Command(put + " --type vote '" + vote + "'").out, "2\n");
  ASSERT_EQ(Command("journal replay --dir " + dir_ + " --records " + store_).code, 0);

  const nlohmann::json json =
      nlohmann::json::parse(Command("records get --json --dir " + store_ + " " + kAddress).out);

  EXPECT_EQ(json["body"]["subject"], "tx/1");
  ASSERT_THAT(json["votes"], SizeIs(1));
  EXPECT_EQ(json["votes"][0]["body"]["weight"], "3");
}

TEST_F(PermafrostRecords, RecordsRefusesWhatIsNotThereOrNotAsked) {
  Fill();
  const std::string get = "records get --dir " + store_;
  ExpectUsage(Command(get + " --account alice"),
              "permafrost: open record store r: there is none; permafrost journal replay makes "
              "one\n");
  ASSERT_EQ(Command("journal replay --dir " + dir_ + " --records " + store_).code, 0);

  ExpectAbsent(Command(get + " --account bob"), "permafrost: get 'A:bob' of r: no such row\n");
  ExpectUsage(Command(get + " 12ab"),
              "permafrost: get '12ab': expected 64 lower-case hex digits\n");
  ExpectUsage(Command(get + " --epoch 0x1"),
              "permafrost: --epoch '0x1': expected pairs of lower-case hex digits\n");
  ExpectUsage(Command(get + " --lsn 1 --account alice"),
              "permafrost: records get: give one of HASH, --account, --epoch and --lsn; see "
              "permafrost records get --help\n");
  ExpectUsage(Command("records put --dir " + scratch_.Join("new") + " --type vote '{}'"),
              "permafrost: check vote: assertion_hash: 0 bytes, expected 32\n");
  EXPECT_NE(::access(scratch_.Join("new").c_str(), F_OK), 0);  // no journal was made
}

TEST_F(PermafrostRecords, ASkippedRecordIsJournaledAndLeftOut) {
  Fill();
  const std::string replay =
      "journal replay --journal.segment_bytes 65536 --dir " + dir_ + " --records " + store_;

  const Ran ran = Command(replay + " --skip-lsn 2");
  const auto marks = JsonLines(Command("journal dump --json --type skip_mark --dir " + dir_).out);

  EXPECT_EQ(ran.out, "4 records applied, 1 of them skipped; the cursor is 5\n") << ran.err;
  ASSERT_THAT(marks, SizeIs(1));
  EXPECT_EQ(marks[0]["body"]["skipped_lsn"], "2");
  EXPECT_EQ(Command("records get --dir " + store_ + " --account alice").code, 1);
  ExpectUsage(Command(replay + " --skip-lsn 2"),
              "permafrost: --skip-lsn 2: not between the cursor 5 and the last LSN 4\n");
}

TEST_F(PermafrostRecords, AStoreThatIsAheadOfTheJournalIsDataLoss) {
  Fill();
  ASSERT_EQ(Command("journal replay --dir " + dir_ + " --records " + store_).code, 0);
  const std::string other = scratch_.Join("other");
  ASSERT_EQ(
      Command("records put --journal.segment_bytes 65536 --dir " + other + " '" + kEpoch + "'")
          .code,
      0);

  const Ran ran = Command("journal replay --dir " + other + " --records " + store_);

  EXPECT_EQ(ran.code, 4);
  EXPECT_EQ(ran.err,
            "permafrost: replay into record store: its cursor is 4, the journal ends with LSN 1; "
            "it is another journal's, or the journal lost records\n");
}

}  // namespace
}  // namespace permafrost::engine
