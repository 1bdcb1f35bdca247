// permafrost ingest, get and status as a shell sees them.
#include <sys/stat.h>

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "engine/ledger/any_decoder.h"
#include "engine/ledger/lake_layout.h"
#include "engine/ledger/lake_manifest.h"
#include "engine/query/base64.h"
#include "tests/engine/ledger/lake_writer.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger_model.h"
#include "tests/engine/permafrost_process.h"
#include "tests/status_matchers.h"
#include "tests/vectors.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/hex.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using testing::LedgerModel;

constexpr const char* kSmall =
    " --ledgers-per-chunk 8 --chunks-per-window 3 --chunks-per-bucket 2 --store-id "
    "77777777777777777777777777777777";

// 20 synthetic ledgers, 2 to 17 cold, 18 to 21 hot.
class PermafrostLedgers : public ::testing::Test {
 protected:
  Ran Command(const std::string& arguments) {
    return RunBinary(scratch_, arguments + " --data " + data_);
  }
  void Fill() {
    const Ran ran = Command(std::string("ingest --source synthetic:7,20") + kSmall);
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(ran.out,
              "4 ledgers appended, last 21; 2 chunks frozen, 1 indexes built, 0 hot chunks "
              "discarded, 0 artifacts deleted\n");
  }
  Json JsonOf(const std::string& arguments) {
    const Ran ran = Command(arguments + " --json");
    EXPECT_EQ(ran.code, 0) << ran.err;
    return Json::parse(ran.out);
  }
  // The ten real ledgers as a file with record marks.
  std::string PubnetStream() {
    std::string stream;
    for (const std::string& ledger : PubnetLedgers()) {
      AppendBigEndian(stream, static_cast<std::uint32_t>(ledger.size()) | 0x8000'0000U);
      stream += ledger;
    }
    return scratch_.Write("pubnet.xdr", stream);
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
  const LedgerModel model_ = LedgerModel::Synthetic(7, 20);
};

TEST_F(PermafrostLedgers, IngestSaysWhatItDid) {
  Fill();
  EXPECT_EQ(Command("ingest --source synthetic:7,20 --json").out,
            "{\"appended\":0,\"last\":21,\"chunksFrozen\":0,\"indexesBuilt\":0,\"hotDiscarded\":0,"
            "\"deleted\":0,\"stopped\":false}\n");
  EXPECT_EQ(JsonOf("ingest --source synthetic:7,26")["chunksFrozen"], 1);
}

TEST_F(PermafrostLedgers, StatusSaysWhatIsThere) {
  Fill();
  EXPECT_EQ(Command("status").out,
            "store 77777777777777777777777777777777, 8 ledgers a chunk\nledgers 2 to 21\n2 chunks "
            "frozen, 1 hot, 1 indexes\n");
  EXPECT_EQ(Command("status --json").out,
            "{\"storeId\":\"77777777777777777777777777777777\",\"geometry\":\"8/3/2\","
            "\"earliest\":2,\"oldest\":2,\"latest\":21,\"frozenChunks\":2,\"hotChunks\":1,"
            "\"indexes\":1}\n");
}

TEST_F(PermafrostLedgers, LedgersOfBothTiers) {
  Fill();
  for (const LedgerView& ledger : model_.views()) {
    const std::string number = std::to_string(ledger.sequence.value());
    const std::string raw = scratch_.Join("raw" + number);
    const Json wanted = {{"sequence", ledger.sequence.value()},
                         {"hash", vfs::HexOf(ledger.hash)},
                         {"previousHash", vfs::HexOf(ledger.previous_hash)},
                         {"closeTime", ledger.close_time},
                         {"protocol", 1},
                         {"transactions", ledger.transactions.size()},
                         {"events", ledger.events.size()},
                         {"tier", ledger.sequence < LedgerSeq{18} ? "cold" : "hot"}};
    EXPECT_EQ(JsonOf("get ledger " + number + " --raw " + raw), wanted);
    EXPECT_EQ(ReadText(raw), ledger.bytes);
  }
  EXPECT_EQ(Command("get ledger 5").out,
            fmt::format("ledger 5 {}\nprevious {}\nclosed at 1443639625, protocol 1, 2 "
                        "transactions, 2 events, 332 bytes, cold\n",
                        vfs::HexOf(SyntheticHash(7, LedgerSeq{5})),
                        vfs::HexOf(SyntheticHash(7, LedgerSeq{4}))));
}

TEST_F(PermafrostLedgers, TransactionsByEitherHash) {
  Fill();
  for (const auto& [hash, place] : model_.transactions()) {
    const auto& inner = place.transaction.inner_hash;
    const Json wanted = {{"ledger", place.ledger.value()},
                         {"applyIndex", place.apply_index},
                         {"successful", place.transaction.is_successful},
                         {"innerHash", inner.has_value() ? Json(vfs::HexOf(*inner)) : Json()},
                         {"hash", vfs::HexOf(place.transaction.hash)}};
    EXPECT_EQ(JsonOf("get tx " + vfs::HexOf(hash)), wanted);
  }
  const auto& [hash, place] = *model_.transactions().begin();
  EXPECT_THAT(Command("get tx " + vfs::HexOf(hash)).out,
              HasSubstr(fmt::format("\nledger {}, {} in apply order, {}\n", place.ledger.value(),
                                    place.apply_index,
                                    place.transaction.is_successful ? "successful" : "failed")));
}

// Page after page, both ways, by what a shell reads.
TEST_F(PermafrostLedgers, EventsPageByPage) {
  Fill();
  for (const std::string flags : {"--from 2 --to 21", "--from 2 --to 30 --desc",
                                  "--from 4 --to 21 --topic - --topic dG9waWMtMS0w",
                                  "--from 2 --to 21 --topic dG9waWMtMC0w --desc"}) {
    EventQuery query{.from = LedgerSeq{flags.starts_with("--from 4") ? 4U : 2U},
                     .to = LedgerSeq{30},
                     .is_descending = flags.ends_with("--desc")};
    if (flags.find("dG9waWMtMS0w") != std::string::npos)
      query.filters = {{.topics = {std::nullopt, "topic-1-0"}}};
    if (flags.find("dG9waWMtMC0w") != std::string::npos)
      query.filters = {{.topics = {"topic-0-0"}}};
    const std::vector<std::string> wanted = model_.Events(query);
    ASSERT_GE(wanted.size(), 2U);
    std::string cursor;
    std::size_t count = 0;
    for (bool is_done = false; !is_done;) {
      const Ran page = Command("get events " + flags + " --limit 7 --json" +
                               (cursor.empty() ? "" : " --cursor " + cursor));
      ASSERT_EQ(page.code, 0) << page.err;
      std::istringstream lines(page.out);
      for (std::string line; std::getline(lines, line);) {
        const Json json = Json::parse(line);
        if (json.contains("cursor")) {
          is_done = json["done"];
          cursor = json["cursor"];
          break;
        }
        ASSERT_LT(count, wanted.size());
        ASSERT_OK_AND_ASSIGN(const EventPayload event, ParseEventPayload(wanted[count++]));
        EXPECT_EQ(json["ledger"], event.ledger.value());
        EXPECT_EQ(json["tx"], event.position.transaction);
        EXPECT_EQ(json["op"], event.position.operation);
        EXPECT_EQ(json["event"], event.position.event);
        EXPECT_EQ(json["txHash"], vfs::HexOf(event.transaction));
        EXPECT_EQ(json["contract"],
                  event.contract.empty() ? Json() : Json(vfs::HexOf(event.contract)));
        EXPECT_EQ(json["topics"].size(), event.topics.size());
        EXPECT_EQ(json["body"], Base64Of(event.xdr));
      }
    }
    EXPECT_EQ(count, wanted.size()) << flags;
  }
  const Ran text = Command("get events --from 2 --to 9 --limit 2");
  EXPECT_THAT(text.out, HasSubstr("2 events, more behind --cursor pec1_"));
  EXPECT_THAT(Command("get events --from 2 --to 21").out, HasSubstr(" events, no more\n"));
}

TEST_F(PermafrostLedgers, WhatIsNotThereIsNamed) {
  Fill();
  ExpectAbsent(Command("get ledger 22"), "permafrost: read ledger 22: ledgers 2 to 21 are there\n");
  const std::string absent(64, '0');
  ExpectAbsent(Command("get tx " + absent), "permafrost: look up transaction " + absent +
                                                ": no ledger has it, ledgers 2 to 21 are there\n");
  const std::string nowhere = scratch_.Join("nowhere");
  const Ran missing = RunBinary(scratch_, "get ledger 5 --data " + nowhere);
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("No such file or directory"));
  EXPECT_THAT(missing.err, HasSubstr("; name the data directory of a store\n"));
  EXPECT_NE(::access(nowhere.c_str(), F_OK), 0);
  ASSERT_EQ(::mkdir(nowhere.c_str(), 0700), 0);
  for (const char* command : {"get ledger 5", "status", "get events --from 2 --to 3"}) {
    ExpectUsage(RunBinary(scratch_, std::string(command) + " --data " + nowhere),
                "permafrost: open store: there is none here; permafrost ingest makes one\n");
  }
}

TEST_F(PermafrostLedgers, WrongFlagsAreNamed) {
  Fill();
  struct Case {
    std::string arguments;
    std::string text;
  };
  for (const Case& wrong : std::vector<Case>{
           {"get ledger 1",
            "sequence: '1' is not a whole number from 2 to 4294967295; see permafrost get ledger "
            "--help"},
           {"get tx 00", "tx '00': 64 lower-case hex digits expected"},
           {"ingest", "'--source' is missing; see permafrost ingest --help"},
           {"ingest --source foo:1",
            "source 'foo:1': none of lake:DIR, stream:FILE, stream:-, synthetic:SEED,N and "
            "journal"},
           {"ingest --source synthetic:7,20 --ledgers-per-chunk 9",
            "compare config:geometry: the store has '8/3/2', the configuration says '9/3/2'; "
            "configure the store's geometry or another data directory"},
           {"ingest --source synthetic:7,20 --ledgers-per-chunk 0",
            "--ledgers-per-chunk: '0' is not a whole number from 1 to 4294967295; see permafrost "
            "ingest --help"},
           {"ingest --source synthetic:7,20 --store-id 1",
            "check store id: '1' is not 32 lower-case hex digits"},
           {"ingest --source synthetic:7,20 --earliest 10",
            "compare config:earliest_ledger: the store has '2', the configuration says '10'; "
            "configure the store's earliest ledger or another data directory"},
           {"get events --from 9 --to 2",
            "look up events from ledger 9 to 2: the range is inverted"},
           {"get events --from 2 --to 9 --topic '*'",
            "--topic '*': base64 of a topic's XDR expected, or -"},
           {"get events --from 2 --to 9 --contract 12",
            "--contract '12': 64 lower-case hex digits expected"},
           {"get events --from 2 --to 9 --cursor x",
            "cursor 'x': not a cursor; take one that a page ended with"},
           {"get events --from 2 --to 9 --limit 10001",
            "--limit: '10001' is not a whole number from 1 to 10000; see permafrost get events "
            "--help"}}) {
    ExpectUsage(Command(wrong.arguments), "permafrost: " + wrong.text + "\n");
  }
  const std::string raw = scratch_.Write("raw", "");
  ExpectUsage(Command("get ledger 5 --raw " + raw),
              "permafrost: --raw '" + raw + "': it exists; name a new file\n");
  ExpectUsage(RunBinary(scratch_, "get"),
              "permafrost: a command is missing; known: ledger tx events; see permafrost get "
              "--help\n");
  for (const char* command : {"ingest", "get ledger", "get tx", "get events", "status"}) {
    const Ran help = RunBinary(scratch_, std::string(command) + " --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_THAT(help.out, HasSubstr(std::string("Usage: permafrost ") + command));
    EXPECT_THAT(help.out, HasSubstr("--data TEXT REQUIRED"));
  }
}

TEST_F(PermafrostLedgers, ASecondProcessIsRefusedWithTheFirstOnesNumber) {
  Fill();
  StoreOptions options = testing::LedgerStoreOptions();
  options.rocks = {};
  const RealStore held(data_, options);
  for (const char* command : {"ingest --source synthetic:7,30", "status", "get ledger 5"}) {
    const Ran ran = Command(command);
    EXPECT_EQ(ran.code, 3) << command;
    EXPECT_EQ(ran.out, "");
    EXPECT_THAT(ran.err, HasSubstr("4242"));
  }
}

TEST_F(PermafrostLedgers, AStreamThatDoesNotBeginAChunkNamesTheFlag) {
  const std::string stream = PubnetStream();
  ExpectUsage(Command("ingest --ledgers-per-chunk 8 --source stream:" + stream),
              "permafrost: ingest stream:" + stream +
                  ": its first ledger 63092982 does not begin a chunk of 8 ledgers; say where the "
                  "store shall begin, for instance --earliest 63092986\n");
  ExpectUsage(
      Command("ingest --ledgers-per-chunk 8 --chunks-per-bucket 2 --source stream:" + stream),
      "permafrost: check earliest ledger: 63092982 lies behind the last chunk of 8 ledgers a "
      "chunk and 2 chunks a bucket, which ends at ledger 1600001; choose larger ones\n");
  const Ran later =
      Command("ingest --ledgers-per-chunk 8 --earliest 63092986 --source stream:" + stream);
  EXPECT_EQ(later.code, 0) << later.err;
  EXPECT_EQ(JsonOf("status")["oldest"], 63092986);
}

// The same ten ledgers as a file, through a pipe and as a lake.
TEST_F(PermafrostLedgers, RealLedgersOfEverySource) {
  const std::string stream = PubnetStream();
  const std::string lake = scratch_.Join("lake");
  ASSERT_EQ(::mkdir(lake.c_str(), 0700), 0);
  ASSERT_OK_AND_ASSIGN(const auto fs, vfs::PosixFileSystem::Open(lake));
  PutFile(*fs, kLakeManifest,
          R"({"networkPassphrase": "x", "version": "1.0", "compression": "zstd", )"
          R"("ledgersPerBatch": 1, "batchesPerPartition": 64000})");
  std::uint32_t sequence = 63'092'982;
  for (const std::string& ledger : PubnetLedgers()) {
    PutFile(*fs, LakeKey({}, {sequence, sequence}, "zst"),
            ZstdOf(BatchBytes(sequence, sequence, {ledger})));
    ++sequence;
  }
  const std::string sizes = " --ledgers-per-chunk 4 --chunks-per-window 2 --chunks-per-bucket 900 ";
  for (const std::string& source :
       {"--source stream:" + stream, "--source stream:- <" + stream, "--source lake:" + lake}) {
    const std::string data = scratch_.Join("data" + std::to_string(source.size()));
    const Ran ran = RunBinary(scratch_, "ingest --json --data " + data + sizes + source);
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(Json::parse(ran.out)["last"], 63092991) << source;
    EXPECT_EQ(Json::parse(ran.out)["chunksFrozen"], 2) << source;
    for (const auto& row : ReadVectors("stellar/pubnet-p26.json")) {
      const Ran got =
          RunBinary(scratch_, "get ledger " + row.at("seq").dump() + " --json --data " + data);
      ASSERT_EQ(got.code, 0) << got.err;
      const Json ledger = Json::parse(got.out);
      EXPECT_EQ(ledger["hash"], row.at("hash"));
      EXPECT_EQ(ledger["previousHash"], row.at("previousHash"));
      EXPECT_EQ(ledger["closeTime"].dump(), row.at("closeTime").get<std::string>());
      EXPECT_EQ(ledger["protocol"], row.at("protocol"));
      EXPECT_EQ(ledger["transactions"], row.at("txCount"));
      EXPECT_EQ(ledger["events"], row.at("eventCount"));
    }
  }
}

}  // namespace
}  // namespace permafrost::engine
