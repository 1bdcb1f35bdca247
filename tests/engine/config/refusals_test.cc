// The matrix of malformed values: each row with its value, its rule and its remedy; and rules
// between keys.
#include <gtest/gtest.h>

#include "engine/config/load.h"
#include "engine/config/validate.h"

namespace permafrost::engine {
namespace {

struct Row {
  std::string key;
  std::string toml;  // its value
  std::string text;  // of the finding, behind "KEY is "
};

// Findings of a file that is sound but for `toml`, whose first line is the third of the file.
std::string FindingsWith(const std::string& toml) {
  return ToString(LoadedConfig::Load({.file = ConfigFile{.name = "f",
                                                         .text = "storage.default_data_dir = "
                                                                 "'/data'\ningestion.source = "
                                                                 "'none'\n" +
                                                                 toml}})
                      .findings());
}

void ExpectRefused(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(FindingsWith(row.key + " = " + row.toml + "\n"),
              "permafrost: f:3:" + std::to_string(row.key.rfind('.') + 2) + ": " + row.key +
                  " is " + row.text + "\n");
  }
}

const std::string kWorkers = "must be a whole number from 1 to 1024; ";
const std::string kU32 = "must be a whole number from 0 to 4294967295; ";
const std::string kMillis = "must be a duration from 1ms to 24h; ";
const std::string kUnit = "write a unit: ms, s, m or h";
const std::string kItems = "must be a whole number from 1 to 10000; ";
const std::string kRequests = "must be a whole number from 1 to 1000000; ";

TEST(Refusals, Zero) {
  ExpectRefused({
      {"storage.zstd_encode_workers", "0", "0: " + kWorkers + "raise it to 1"},
      {"backfill.workers", "0", "0: " + kWorkers + "raise it to 1"},
      {"backfill.bsb.num_workers", "0", "0: " + kWorkers + "raise it to 1"},
      {"backfill.bsb.buffer_size", "0", "0: " + kRequests + "raise it to 1"},
      {"backfill.bsb.retry_wait", "0", "0: " + kMillis + kUnit},
      {"backfill.bsb.retry_wait", "'0s'", "'0s': " + kMillis + "raise it to 1ms"},
      {"service.max_concurrent_requests", "0", "0: " + kRequests + "raise it to 1"},
      {"service.max_request_execution_duration", "'0ms'", "'0ms': " + kMillis + "raise it to 1ms"},
      {"service.methods.getEvents.queue_limit", "0", "0: " + kRequests + "raise it to 1"},
      {"service.methods.getEvents.default_items_per_response", "0",
       "0: " + kItems + "raise it to 1"},
      {"service.methods.getHealth.max_healthy_ledger_latency", "'0h'",
       "'0h': " + kMillis + "raise it to 1ms"},
  });
}

TEST(Refusals, ZeroIsAValueWhereItMeansSomething) {
  for (const char* key :
       {"storage.reserve_bytes", "retention.retention_chunks", "backfill.max_retries",
        "backfill.bsb.max_retries", "backfill.datastore.schema.ledgers_per_file"})
    EXPECT_EQ(FindingsWith(std::string(key) + " = 0\n"), "") << key;
}

TEST(Refusals, OverTheMaximum) {
  ExpectRefused({
      {"storage.reserve_bytes", "1125899906842625",
       "1125899906842625: must be bytes from 0 to 1024TiB; lower it to 1024TiB"},
      {"storage.reserve_bytes", "'2000TiB'",
       "'2000TiB': must be bytes from 0 to 1024TiB; lower it to 1024TiB"},
      {"retention.retention_chunks", "4294967296",
       "4294967296: " + kU32 + "lower it to 4294967295"},
      {"backfill.workers", "1025", "1025: " + kWorkers + "lower it to 1024"},
      {"backfill.max_retries", "1001",
       "1001: must be a whole number from 0 to 1000; lower it to 1000"},
      {"backfill.bsb.retry_wait", "'25h'", "'25h': " + kMillis + "lower it to 24h"},
      {"service.max_concurrent_requests", "9223372036854775807",
       "9223372036854775807: " + kRequests + "lower it to 1000000"},
      {"service.endpoint", "'localhost:65536'",
       "'localhost:65536': must be HOST:PORT with a port from 1 to 65535; write it as "
       "'localhost:8000'"},
      {"retention.earliest_ledger", "'4294967295'",
       "'4294967295': must be at most 4294950002, where the last chunk begins; lower it"},
  });
}

TEST(Refusals, Negative) {
  ExpectRefused({
      {"storage.reserve_bytes", "-1", "-1: must be bytes from 0 to 1024TiB; raise it to 0"},
      {"retention.retention_chunks", "-1", "-1: " + kU32 + "raise it to 0"},
      {"backfill.workers", "-9223372036854775808",
       "-9223372036854775808: " + kWorkers + "raise it to 1"},
      {"backfill.max_retries", "-3", "-3: must be a whole number from 0 to 1000; raise it to 0"},
      {"backfill.bsb.retry_wait", "'-5s'", "'-5s': " + kMillis + "raise it to 1ms"},
      {"backfill.bsb.retry_wait", "-5", "-5: " + kMillis + kUnit},
  });
}

TEST(Refusals, MisalignedAndBelowGenesis) {
  const std::string rule =
      "must be 'genesis', 'now' or the first ledger of a chunk, 2 + a multiple of 10000; ";
  ExpectRefused({
      {"retention.earliest_ledger", "'10000'", "'10000': " + rule + "write '2' or '10002'"},
      {"retention.earliest_ledger", "'53500003'",
       "'53500003': " + rule + "write '53500002' or '53510002'"},
      {"retention.earliest_ledger", "'1'",
       "'1': must not be below the genesis ledger 2; write 'genesis'"},
      {"retention.earliest_ledger", "'later'", "'later': " + rule + "write it as '10002'"},
  });
}

TEST(Refusals, ADurationNeedsItsUnit) {
  ExpectRefused({
      {"service.request_execution_warning_threshold", "5", "5: " + kMillis + kUnit},
      {"service.request_execution_warning_threshold", "'5'", "'5': " + kMillis + kUnit},
      {"service.request_execution_warning_threshold", "'999us'", "'999us': " + kMillis + kUnit},
  });
}

TEST(Refusals, Directories) {
  const std::string own = "; name a directory inside the data directory";
  ExpectRefused({
      {"storage.hot", "''",
       "'': must be a directory; name one below storage.default_data_dir, or leave the key out"},
      {"storage.hot", "'/nvme/hot'",
       "'/nvme/hot': lies outside the data directory '/data'; name a directory inside it, which "
       "may be a link to another volume"},
      {"storage.hot", "'../hot'", "'../hot': leads upwards with '..'" + own},
      {"storage.hot", "'.'", "'.': is the data directory itself; name a directory inside it"},
      {"storage.hot", "\"h\\u0000t\"",
       "'h\\x00t': must not hold control characters; take them out"},
  });
}

TEST(Refusals, TwoRootsOnOneDirectory) {
  for (const char* events : {"ledgers", "./ledgers/", "/data/ledgers", "/data//ledgers"}) {
    EXPECT_EQ(FindingsWith("storage.events = '" + std::string(events) + "'\n"),
              "permafrost: f:3:9: storage.events is 'ledgers': must not be the directory of "
              "storage.ledgers, which is 'ledgers'; give each its own\n");
  }
  EXPECT_EQ(FindingsWith("storage.journal = 'q'\nstorage.quarantine = 'q'\n"),
            "permafrost: f:4:9: storage.quarantine is 'q': must not be the directory of "
            "storage.journal, which is 'q'; give each its own\n");
}

TEST(Refusals, SizesOfAJournal) {
  EXPECT_EQ(FindingsWith("journal.segment_bytes = 1025\njournal.batch_size = 0\n"),
            "permafrost: f:4:9: journal.batch_size is 0: must be a whole number from 1 to 1000000; "
            "raise it to 1\n"
            "permafrost: f:3:9: journal.segment_bytes is 1025: must be a multiple of 8; take "
            "1024\n");
  EXPECT_EQ(FindingsWith("journal.segment_bytes = '4GiB'\njournal.max_delay_us = 500\n"), "");
}

TEST(Refusals, ARootInsideAnother) {
  EXPECT_EQ(FindingsWith("storage.hot = 'ledgers/hot'\nstorage.quarantine = 'hot/../q'\n"),
            "permafrost: f:4:9: storage.quarantine is 'hot/../q': leads upwards with '..'; name a "
            "directory inside the data directory\n"
            "permafrost: f:3:9: storage.hot is 'ledgers/hot': must not lie inside storage.ledgers, "
            "which is 'ledgers'; give it a directory of its own\n");
  EXPECT_EQ(FindingsWith("storage.txhash_raw = 'txhash'\n"),
            "permafrost: f:3:9: storage.txhash_index is 'txhash/index': must not lie inside "
            "storage.txhash_raw, which is 'txhash'; give it a directory of its own\n");
  EXPECT_EQ(FindingsWith("storage.txhash_raw = 'txhash/i'\n"), "");
}

TEST(Refusals, ADefaultThatIsTooLargeForWhatWasSet) {
  EXPECT_EQ(FindingsWith("service.methods.getLedgers.max_items_per_response = 3\n"),
            "permafrost: f:3:28: service.methods.getLedgers.default_items_per_response is 5: must "
            "be at most service.methods.getLedgers.max_items_per_response, which is 3; lower it or "
            "raise the other\n");
  EXPECT_EQ(FindingsWith("backfill.bsb.num_workers = 20\nbackfill.bsb.buffer_size = 20\n"), "");
  EXPECT_EQ(FindingsWith("backfill.bsb.num_workers = 21\nbackfill.bsb.buffer_size = 20\n"),
            "permafrost: f:4:14: backfill.bsb.num_workers is 21: must be at most "
            "backfill.bsb.buffer_size, which is 20; lower it or raise the other\n");
}

TEST(Refusals, TwoServersOnOneAddress) {
  EXPECT_EQ(FindingsWith("service.admin_endpoint = 'localhost:8000'\n"),
            "permafrost: f:3:9: service.admin_endpoint is 'localhost:8000': must not be "
            "service.endpoint; choose another port\n");
}

TEST(Refusals, ALakeNeedsItsDirectoryAndAJournalItsRoots) {
  EXPECT_EQ(FindingsWith("backfill.datastore.type = 'filesystem'\n"),
            "permafrost: f:3:20: backfill.datastore.params.path is empty: must be the directory of "
            "the lake, because backfill.datastore.type is 'filesystem'; name it, or leave both "
            "out\n");
  EXPECT_EQ(FindingsWith("backfill.datastore.params.path = '/lake'\n"),
            "permafrost: f:3:27: backfill.datastore.params.path is '/lake': must be empty, because "
            "backfill.datastore.type is; set that to 'filesystem', or take this out\n");
  EXPECT_EQ(ToString(LoadedConfig::Load({.flags = {{"storage.default_data_dir", "d"},
                                                   {"ingestion.source", "journal"},
                                                   {"storage.records", "records"}}})
                         .findings()),
            "permafrost: --ingestion.source: storage.journal is empty: must be a directory, "
            "because ingestion.source is 'journal'; name one\n");
}

}  // namespace
}  // namespace permafrost::engine
