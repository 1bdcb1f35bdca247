// permafrost journal as a shell sees it: lines, error texts, exit codes, and what is on the disk
// afterwards.
#include "tests/engine/permafrost_journal.h"

#include <sys/stat.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "engine/config/load.h"
#include "engine/config/schema.h"
#include "engine/journal/journal_options.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;
using ::testing::StartsWith;

using PermafrostJournal = JournalDirectory;

TEST_F(PermafrostJournal, AppendPrintsTheLsnOfEachLine) {
  const Ran text = Append({kAssertion, "", kAccounts});
  const Ran json = Append({kEpoch}, "--json");

  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(text.out, "1\n2\n");
  EXPECT_EQ(json.code, 0) << json.err;
  const nlohmann::json line = nlohmann::json::parse(json.out);
  EXPECT_EQ(line["lsn"], 3);
  EXPECT_EQ(line["hash"], "1a93e65158cb86bb57f3ece36fc05f499272aabb6715f28e99ad2eb6ddb31597");
  EXPECT_THAT(line, SizeIs(3));
}

TEST_F(PermafrostJournal, ABadLineIsNamedAndWhatStoodBeforeItIsThere) {
  const Ran ran = Append({kEpoch, R"({"type":"epochs","body":{}})", kEpoch});

  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "1\n");
  EXPECT_EQ(ran.err,
            "permafrost: append line 2: make record of type 'epochs': no such type; did you mean "
            "'epoch'?\n");
  EXPECT_THAT(JsonLines(Command("journal dump --json --dir " + dir_).out), SizeIs(1));
}

TEST_F(PermafrostJournal, EveryKindOfBadLineIsRefusedWithItsReason) {
  const std::vector<std::pair<std::string, std::string>> lines = {
      {"7",
       "'7': expected a JSON object with \"type\" (a name) and \"body\" (an object); --type gives "
       "the type of every line"},
      {R"({"type":"epoch","body":{},"hsah":1})",
       "key 'hsah' is none of a record; did you mean 'hash'?"},
      {R"({"type":"epoch","body":{"epoch_id":""}})",
       "check epoch: epoch id: 0 bytes, expected 1 to 64"},
      {R"({"type":"vote","body":{"choice":"CHOICE_FOR"}})",
       "check vote: assertion_hash: 0 bytes, expected 32"},
      {R"({"type":"epoch","body":{"x":)" + std::string(200, '['), "nested deeper than 100 levels"},
  };
  for (const auto& [line, why] : lines)
    ExpectUsage(Append({line}), "permafrost: append line 1: " + why + "\n");
}

TEST_F(PermafrostJournal, ATypeForEveryLineMakesTheLineTheBody) {
  EXPECT_EQ(Append({R"({"epoch_id":"AQI="})"}, "--type epoch").out, "1\n");
  ExpectUsage(Append({"{}"}, "--type epohc"),
              "permafrost: --type 'epohc': no such type; did you mean 'epoch'?; known: ledger "
              "assertion vote epoch header_sync data_sync merkle_sync prior_sync account_sync "
              "reconciliation reconciliation_batch block skip_mark\n");
}

TEST_F(PermafrostJournal, AppendReadsStandardInputAndTheLastLineNeedsNoEnd) {
  const Ran ran = RunBinary(scratch_, "journal append --journal.segment_bytes 65536 --dir " + dir_ +
                                          " <" + scratch_.Write("in", kEpoch));

  EXPECT_EQ(ran.out, "1\n") << ran.err;
}

TEST_F(PermafrostJournal, TheStoreIdIsOfTheFirstOpenAndAnotherIsRefused) {
  const std::string id(32, 'a');
  ASSERT_EQ(Append({kEpoch}, "--store-id " + id).code, 0);

  EXPECT_EQ(nlohmann::json::parse(Verify("--json").out)["store_id"], id);
  EXPECT_EQ(Append({kEpoch}).out, "2\n");
  ExpectUsage(Append({kEpoch}, "--store-id " + std::string(32, 'b')),
              "permafrost: open journal segment j/" + first_segment_ +
                  ": it belongs to another store; give this journal its own directory\n");
  ExpectUsage(Append({kEpoch}, "--store-id xyz"),
              "permafrost: --store-id 'xyz': expected 32 lower-case hex digits\n");
}

TEST_F(PermafrostJournal, SizesComeFromFlagsOverTheFileOverDefaults) {
  const std::string file =
      scratch_.Write("config.toml", "[journal]\nsegment_bytes = \"32KiB\"\nbatch_size = 7\n");
  const std::string put = "records put '" + std::string(kEpoch) + "' --dir ";
  const auto segment_bytes = [&](const std::string& name, const std::string& flags) {
    const Ran ran = Command(put + scratch_.Join(name) + " " + flags);
    EXPECT_EQ(ran.out, "1\n") << ran.err;
    return ReadText(scratch_.Join(name) + "/" + first_segment_).size();
  };

  EXPECT_EQ(segment_bytes("file", "--config " + file), std::size_t{32} << 10);
  EXPECT_EQ(segment_bytes("flag", "--journal.segment_bytes 16KiB --config " + file),
            std::size_t{16} << 10);
  EXPECT_EQ(segment_bytes("default", ""), std::size_t{64} << 20);
  ExpectUsage(Command(put + dir_ + " --journal.segment_bytes 1001"),
              "permafrost: --journal.segment_bytes: journal.segment_bytes is '1001': must be bytes "
              "from 1KiB to 4GiB; raise it to 1KiB\n");
  ExpectUsage(Command(put + dir_ + " --journal.segment_bytes 2001"),
              "permafrost: --journal.segment_bytes: journal.segment_bytes is 2001: must be a "
              "multiple of 8; take 2000\n");
  ExpectUsage(Command(put + dir_ + " --config /no/file"),
              "permafrost: --config: open file /no/file: No such file or directory (errno 2); name "
              "a TOML file\n");
  EXPECT_NE(Command("version; ls " + dir_).code, 0);
}

TEST(JournalConfig, DefaultsAndBoundsAreThoseOfAJournal) {
  const JournalConfig config =
      LoadedConfig::Load({.required = RequiredKeys::kMayBeMissing}).config().journal;
  const journal::JournalOptions options;
  EXPECT_EQ(config.segment_bytes, options.segment_bytes);
  EXPECT_EQ(config.max_batch_bytes, options.max_batch_bytes);
  EXPECT_EQ(config.max_delay_us, options.max_delay_us);
  EXPECT_EQ(config.batch_size, options.batch_size);
  EXPECT_EQ(config.max_checkpoints, options.max_checkpoints);
  const Bounds sizes = FindLeaf("journal.segment_bytes")->bounds;
  for (const auto& [bytes, is_good] : {std::pair{sizes.min, true},
                                       {sizes.max, true},
                                       {sizes.min - 8, false},
                                       {sizes.max + 8, false}})
    EXPECT_EQ(journal::CheckOptions({.segment_bytes = bytes}).ok(), is_good) << bytes;
}

TEST_F(PermafrostJournal, DumpPrintsRecordsAndChangesNothing) {
  Fill();
  const auto before = Listing(dir_);

  const Ran text = Command("journal dump --from 2 --limit 1 --dir " + dir_);
  const Ran json = Command("journal dump --json --type epoch --dir " + dir_);

  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, MatchesRegex("2 144 account_sync [0-9a-f]{64} .*\"alice\".*\n"));
  const auto lines = JsonLines(json.out);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0]["lsn"], 3);
  EXPECT_EQ(lines[0]["durable"], true);
  EXPECT_EQ(lines[0]["body"]["epoch_id"], "AQI=");
  EXPECT_EQ(Listing(dir_), before);
}

TEST_F(PermafrostJournal, ADumpCanBeAppendedAgain) {
  Fill();
  const std::string dumped = Command("journal dump --json --dir " + dir_).out;
  const std::string copy = scratch_.Join("copy");

  const Ran ran = Command("journal append --json --journal.segment_bytes 65536 --dir " + copy +
                          " --json-file " + scratch_.Write("dumped", dumped));

  const auto from = JsonLines(dumped);
  const auto to = JsonLines(ran.out);
  ASSERT_THAT(to, SizeIs(3)) << ran.err;
  for (std::size_t i = 0; i < to.size(); ++i) EXPECT_EQ(to[i]["hash"], from[i]["hash"]);
}

TEST_F(PermafrostJournal, TheRawRecordHasItsContentAddressAsB3sum) {
  ASSERT_EQ(std::system("command -v b3sum >/dev/null"), 0)
      << "install the package b3sum (.ci/packages)";
  Fill();
  const std::string file = scratch_.Join("raw");
  const std::string sum = scratch_.Join("sum");

  EXPECT_EQ(Command("journal dump --raw 1 " + file + " --dir " + dir_).code, 0);
  ASSERT_EQ(std::system(("b3sum --no-names " + file + " >" + sum).c_str()), 0);

  EXPECT_EQ(ReadText(sum), std::string(kAddress) + "\n");
  EXPECT_EQ(Command("journal dump --raw 1 - --dir " + dir_).out, ReadText(file));
  ExpectUsage(Command("journal dump --raw 1 " + file + " --dir " + dir_),
              "permafrost: --raw '" + file + "': it exists; name a new file\n");
  ExpectUsage(Command("journal dump --raw 9 - --dir " + dir_),
              "permafrost: read journal: LSN 9 is behind the end of the log, LSN 3\n");
}

TEST_F(PermafrostJournal, AReaderThatLeavesEndsADump) {
  // 1800 lines of more than 100 bytes do not fit in a pipe.
  ASSERT_EQ(Append(std::vector<std::string>(600, kEpoch)).code, 0);
  ASSERT_EQ(Append(std::vector<std::string>(600, kEpoch)).code, 0);
  ASSERT_EQ(Append(std::vector<std::string>(600, kEpoch)).code, 0);
  const std::string code = scratch_.Join("code");

  const Ran ran = Command("version >/dev/null; (" + BinaryPath() + " journal dump --dir " + dir_ +
                          "; echo $? >" + code + ") | head -n 1");

  EXPECT_THAT(ran.out, StartsWith("1 64 epoch "));
  EXPECT_EQ(ReadText(code), "141\n");
}

TEST_F(PermafrostJournal, AFullStandardOutputIsOneLineAndSeventy) {
  Fill();
  for (const char* command : {"journal dump", "journal verify", "journal verify --json"}) {
    const Ran ran = Command(command + (" --dir " + dir_ + " >/dev/full"));
    EXPECT_EQ(ran.code, 70);
    EXPECT_EQ(ran.err,
              "permafrost: write standard output: No space left on device (errno 28); free space "
              "on this volume, then restart\n");
  }
}

TEST_F(PermafrostJournal, VerifyNamesEverySegmentAndTheTail) {
  Fill();
  ASSERT_EQ(Append({kEpoch}).code, 0);

  const Ran text = Verify("--deep");
  const nlohmann::json json = nlohmann::json::parse(Verify("--json").out);

  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_EQ(text.out,
            "j/00000000000000000000.seg: LSN 1 to 3, 296 bytes, ends at offset 360: the end of the "
            "segment\n"
            "j/00000000000000000360.seg: LSN 4 to 4, 136 bytes, ends at offset 560: expected a "
            "length of 24 to 16777216, found 0\n"
            "2 segments, 4 records, 0 damages\n"
            "tail above LSN 4: 0 bytes kept (no record), 0 bytes dropped, provably "
            "unacknowledged\n");
  EXPECT_EQ(json["valid"], true);
  EXPECT_EQ(json["segments"][0]["records"], 3);
  EXPECT_EQ(json["tail"]["proved_lsn"], 4);
}

TEST_F(PermafrostJournal, VerifyFindsDamageWhereItIsAndChangesNothing) {
  Fill();
  ASSERT_EQ(Append({kEpoch}).code, 0);
  Overwrite(first_segment_, 150, "damage");
  const auto before = Listing(dir_);

  const Ran text = Verify();
  const nlohmann::json json = nlohmann::json::parse(Verify("--deep --json").out);

  EXPECT_EQ(text.code, 4);
  EXPECT_THAT(text.out, HasSubstr("2 segments, 2 records, 1 damages\n"));
  EXPECT_THAT(text.err,
              MatchesRegex("permafrost: verify journal segment j/00000000000000000000.seg: damage "
                           "at byte 144 \\(offset 144\\): expected crc32c [0-9a-f]{8}, computed "
                           "[0-9a-f]{8}; LSN 2 was durable \\(segment "
                           "j/00000000000000000360.seg follows\\)\n"));
  EXPECT_EQ(json["valid"], false);
  EXPECT_EQ(json["damages"][0]["file"], "j/00000000000000000000.seg");
  EXPECT_EQ(json["damages"][0]["offset"], 144);
  EXPECT_EQ(Listing(dir_), before);
}

TEST_F(PermafrostJournal, DamageInTheLastSegmentAndInAHeaderIsFound) {
  Fill();
  Overwrite(first_segment_, 150, "damage");  // the close mark behind it proves the record

  const Ran record = Verify();
  Overwrite(first_segment_, 50, "damage");
  const Ran header = Verify();
  const Ran dump = Command("journal dump --dir " + dir_);

  EXPECT_EQ(record.code, 4);
  EXPECT_THAT(record.err,
              MatchesRegex("permafrost: verify journal segment j/.*.seg: damage at byte 144 "
                           "\\(offset 144\\): expected crc32c [0-9a-f]{8}, computed [0-9a-f]{8}; "
                           "LSN 2 was durable \\(a record at offset 296 proves it\\)\n"));
  EXPECT_EQ(header.code, 4);
  EXPECT_THAT(header.err, MatchesRegex("permafrost: open journal segment .*: header crc32c .*\n"));
  EXPECT_EQ(dump.code, 4);
  EXPECT_EQ(dump.out, "");
}

TEST_F(PermafrostJournal, VerifyAndDumpBesideAWriterSeeNoDamage) {
  const std::string file = scratch_.Write("many", Lines(std::vector<std::string>(5000, kEpoch)));
  const std::string flag = scratch_.Join("done");
  const std::string script = scratch_.Write(
      "script", "(" + BinaryPath() + " journal append --journal.segment_bytes 16384 --dir " + dir_ +
                    " --json-file " + file + " >/dev/null; touch " + flag + ") &\n" +
                    "until [ -e " + dir_ + "/" + first_segment_ + " ]; do :; done\n" +
                    "while [ ! -e " + flag + " ]; do\n" + BinaryPath() + " journal verify --dir " +
                    dir_ + " >/dev/null || exit 1\n" + BinaryPath() + " journal dump --dir " +
                    dir_ + " >/dev/null 2>&1 || exit 1\ndone\nwait\n");

  EXPECT_EQ(std::system(("sh " + script).c_str()), 0);
  EXPECT_THAT(Verify().out, HasSubstr(" segments, 5000 records, 0 damages\n"));
}

TEST_F(PermafrostJournal, ABodyThatIsNotItsHashIsFoundByADeepCheckOnly) {
  Fill();
  OverwriteBody();

  const Ran shallow = Verify();
  const Ran deep = Verify("--deep");

  EXPECT_EQ(shallow.code, 0) << shallow.err;
  EXPECT_EQ(deep.code, 4);
  EXPECT_THAT(deep.err, MatchesRegex("permafrost: verify journal segment .*: damage at byte 64 "
                                     "\\(offset 64\\): expected blake3 " +
                                     std::string(kAddress) +
                                     ", computed [0-9a-f]{64}; LSN 1 was durable \\(a record at "
                                     "offset 296 proves it\\)\n"));
}

TEST_F(PermafrostJournal, AWriterThatIsStoppedKeepsWhatItPrinted) {
  const std::string in = scratch_.Join("in");
  const std::string out = scratch_.Join("out");
  const std::string script = scratch_.Write(
      "script", "mkfifo " + in + " " + out + "; exec 3<>" + in + " 4<>" + out + "\n" +
                    BinaryPath() + " journal append --journal.segment_bytes 65536 --dir " + dir_ +
                    " --json-file " + in + " >&4 &\necho '" + kEpoch +
                    "' >&3; read lsn <&4; kill -TERM $!; wait $!; echo \"$lsn $?\" >" +
                    scratch_.Join("told") + "\n");
  ASSERT_EQ(std::system(("sh " + script).c_str()), 0);

  EXPECT_EQ(ReadText(scratch_.Join("told")), "1 143\n");
  EXPECT_THAT(Command("journal dump --dir " + dir_).out, StartsWith("1 64 epoch "));
  EXPECT_EQ(Append({kEpoch}).out, "2\n");
}

TEST_F(PermafrostJournal, CheckpointRemovesWhatNobodyNeeds) {
  Fill();
  ASSERT_EQ(Append({kEpoch}).code, 0);
  const std::string checkpoint = "journal checkpoint --journal.segment_bytes 65536 --dir " + dir_;

  ExpectUsage(Command(checkpoint),
              "permafrost: checkpoint journal j: there is no cursor, so nothing is known to be "
              "applied; set one\n");
  ExpectUsage(Command(checkpoint + " --cursor a"),
              "permafrost: --cursor 'a': expected NAME=LSN, the next LSN that NAME needs\n");
  ExpectUsage(Command(checkpoint + " --cursor a=9"),
              "permafrost: set cursor 'a' of journal j to LSN 9: the log is durable up to LSN 4; a "
              "cursor follows its owner's commit\n");
  EXPECT_THAT(Command(checkpoint + " --cursor a=4").out,
              StartsWith("applied up to LSN 3; needed from LSN 4 at offset "));
  ExpectUsage(Command("journal dump --from 1 --dir " + dir_),
              "permafrost: read journal: LSN 1 was truncated, the first that is there is 4\n");
  EXPECT_THAT(Command("journal dump --dir " + dir_).out, StartsWith("4 "));
  EXPECT_EQ(Verify("--deep").code, 0);
  EXPECT_EQ(Listing(dir_).count(first_segment_), 0U);
}

TEST_F(PermafrostJournal, ADirectoryWithoutAJournalIsRefusedAndLeftAlone) {
  ASSERT_EQ(::mkdir(dir_.c_str(), 0700), 0);
  for (const std::string command :
       {"journal dump", "journal verify", "journal checkpoint", "journal replay --records /tmp"}) {
    ExpectUsage(Command(command + " --dir " + dir_),
                "permafrost: open journal j: it holds no segment; name a journal's directory\n");
    ExpectUsage(Command(command + " --dir " + dir_ + "/no/where"),
                "permafrost: --dir '" + dir_ + "/no/where': find " + dir_ +
                    "/no: No such file or directory (errno 2); make it first\n");
  }
  EXPECT_THAT(Listing(dir_), IsEmpty());
}

TEST_F(PermafrostJournal, AFileInPlaceOfTheDirectoryIsRefused) {
  const std::string file = scratch_.Write("file", "");
  for (const char* command : {"journal dump", "journal verify", "journal append"}) {
    const Ran ran = Command(command + (" --dir " + file + " </dev/null"));
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, MatchesRegex("permafrost: .*: Not a directory \\(errno 20\\).*\n"));
  }
}

TEST_F(PermafrostJournal, WrongFlagsAreOneLineAndHelpIsThere) {
  ExpectUsage(Command("journal dump --form 1 --dir " + dir_),
              "permafrost: no flag '--form'; did you mean '--from'?; see permafrost journal dump "
              "--help\n");
  ExpectUsage(Command("journal dmp"),
              "permafrost: no command 'dmp'; did you mean 'dump'?; known: append dump tail "
              "verify replay checkpoint; see permafrost journal --help\n");
  ExpectUsage(Command("journal dump --limit x --dir " + dir_),
              "permafrost: --limit: 'x' is not a whole number from 0 to 2^64-1; see permafrost "
              "journal dump --help\n");
  ExpectUsage(Command("journal append --json-file /no/file --dir " + dir_),
              "permafrost: --json-file: open file /no/file: No such file or directory (errno 2); "
              "name a file that can be read, or -\n");
  EXPECT_THAT(Command("journal append --help").out, HasSubstr("drawn if not given"));
  for (const char* command :
       {"journal append", "journal dump", "journal tail", "journal verify", "journal replay",
        "journal checkpoint", "records put", "records get", "records subject"})
    EXPECT_EQ(Command(command + std::string(" --help")).code, 0) << command;
}

TEST_F(PermafrostJournal, AnotherWriterIsNamedWithThree) {
  Fill();
  ASSERT_OK_AND_ASSIGN(auto fs, vfs::PosixFileSystem::Open(dir_));
  ASSERT_OK_AND_ASSIGN(const auto lock, fs->Lock("writer.lock", {.content = "4242"}));

  const Ran append = Append({kEpoch});
  const Ran dump = Command("journal dump --limit 1 --dir " + dir_);

  EXPECT_EQ(append.code, 3);
  EXPECT_THAT(append.err, MatchesRegex("permafrost: lock j/writer.lock: held by .*4242.*\n"));
  EXPECT_EQ(dump.code, 0) << dump.err;
}

}  // namespace
}  // namespace permafrost::engine
