// Precedence, origins, strictness and the order of findings.
#include "engine/config/load.h"

#include <gtest/gtest.h>

namespace permafrost::engine {
namespace {

constexpr const char* kMinimal =
    "[storage]\ndefault_data_dir = \"/data\"\n[ingestion]\nsource = \"none\"\n";

LoadedConfig Load(std::string text, std::vector<FlagText> flags = {}) {
  return LoadedConfig::Load({.file = ConfigFile{.name = "f.toml", .text = std::move(text)},
                             .flags = std::move(flags),
                             .processors = 6});
}

std::string FindingsOf(std::string text, std::vector<FlagText> flags = {}) {
  return ToString(Load(std::move(text), std::move(flags)).findings());
}

TEST(LoadedConfig, TwoKeysAreEnough) {
  const LoadedConfig loaded = Load(kMinimal);

  EXPECT_EQ(ToString(loaded.findings()), "");
  EXPECT_EQ(loaded.config().storage.default_data_dir, "/data");
  EXPECT_EQ(loaded.config().storage.txhash_index, "txhash/index");
  EXPECT_EQ(loaded.config().storage.reserve_bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(loaded.config().backfill.bsb.retry_wait_millis, 5'000U);
  EXPECT_EQ(loaded.config().service.get_ledgers.max_items, 20U);
  EXPECT_EQ(loaded.config().service.get_ledgers.limits.max_execution_millis, 10'000U);
  EXPECT_EQ(loaded.config().service.get_health.max_execution_millis, 5'000U);
  EXPECT_EQ(loaded.config().logging.level, "info");
  EXPECT_EQ(loaded.set_count(), 2U);
}

TEST(LoadedConfig, WorkersAreTheProcessorsWithinBounds) {
  const auto workers = [](std::uint64_t processors) {
    return LoadedConfig::Load({.processors = processors}).config().backfill.workers;
  };

  EXPECT_EQ(workers(6), 6U);
  EXPECT_EQ(workers(0), 1U);
  EXPECT_EQ(workers(5'000), 1'024U);
}

TEST(LoadedConfig, FlagBeatsFileBeatsDefault) {
  const std::string text = std::string(kMinimal) + "[retention]\nretention_chunks = 7\n";
  const LoadedConfig file = Load(text);
  const LoadedConfig flag = Load(text, {{"retention.retention_chunks", "9"}});

  EXPECT_EQ(Load(kMinimal).config().retention.retention_chunks, 0U);
  EXPECT_EQ(Load(kMinimal).OriginText("retention.retention_chunks"), "default");
  EXPECT_EQ(file.config().retention.retention_chunks, 7U);
  EXPECT_EQ(file.OriginText("retention.retention_chunks"), "f.toml:6:1");
  EXPECT_EQ(flag.config().retention.retention_chunks, 9U);
  EXPECT_EQ(flag.OriginText("retention.retention_chunks"), "flag");
}

TEST(LoadedConfig, ZeroOnTheCommandLineBeatsTheFile) {
  const std::string text = std::string(kMinimal) + "[retention]\nretention_chunks = 7\n";

  EXPECT_EQ(Load(text, {{"retention.retention_chunks", "0"}}).config().retention.retention_chunks,
            0U);
}

TEST(LoadedConfig, EntriesOfMethodsMergeOneByOne) {
  const LoadedConfig loaded =
      Load(std::string(kMinimal) + "[service.methods.getEvents]\nqueue_limit = 3\n",
           {{"service.methods.getEvents.max_execution_duration", "7s"}});

  EXPECT_EQ(loaded.config().service.get_events.limits.queue_limit, 3U);
  EXPECT_EQ(loaded.config().service.get_events.limits.max_execution_millis, 7'000U);
  EXPECT_EQ(loaded.config().service.get_events.max_items, 1'000U);
  EXPECT_EQ(loaded.config().service.get_transactions.limits.queue_limit, 1'000U);
}

TEST(LoadedConfig, FlagsAloneAreAConfiguration) {
  const LoadedConfig loaded = LoadedConfig::Load(
      {.flags = {{"ingestion.source", "none"}, {"storage.default_data_dir", "d"}}});

  EXPECT_TRUE(loaded.is_valid());
  EXPECT_EQ(loaded.OriginText("storage.default_data_dir"), "flag");
}

TEST(LoadedConfig, AnEmptyFileLacksWhatHasNoDefault) {
  EXPECT_EQ(FindingsOf(""),
            "permafrost: f.toml: storage.default_data_dir is missing: it has no default; write it "
            "into the file or give --storage.default_data_dir\n"
            "permafrost: f.toml: ingestion.source is missing: it has no default; write it into the "
            "file or give --ingestion.source\n");
}

TEST(LoadedConfig, ADraftMayLackThem) {
  EXPECT_TRUE(LoadedConfig::Load({.required = RequiredKeys::kMayBeMissing}).is_valid());
}

TEST(LoadedConfig, TextThatIsNoTomlIsTheOnlyFinding) {
  EXPECT_EQ(FindingsOf("[storage\n", {{"backfill.workers", "0"}}),
            "permafrost: f.toml:1:9: not TOML: error while parsing table header: expected ']', saw "
            "'\\n'; correct it\n");
}

TEST(LoadedConfig, UnknownNamesComeWithTheNearest) {
  EXPECT_EQ(FindingsOf(std::string(kMinimal) +
                       "hots = 1\n[storge]\nhot = \"x\"\n[service.methods.getLedger]\nz = 1\n"
                       "[retention]\nmaximum = 1\n"),
            "permafrost: f.toml:5:1: no key 'ingestion.hots'; see permafrost config print\n"
            "permafrost: f.toml:6:2: no table 'storge'; did you mean 'storage'?; see permafrost "
            "config print\n"
            "permafrost: f.toml:8:18: no table 'service.methods.getLedger'; did you mean "
            "'service.methods.getLedgers'?; see permafrost config print\n"
            "permafrost: f.toml:11:1: no key 'retention.maximum'; see permafrost config print\n");
}

TEST(LoadedConfig, AKeyOutsideOfItsTableIsUnknown) {
  EXPECT_EQ(FindingsOf("hot = 1\n\"storage.hot\" = 2\n" + std::string(kMinimal)),
            "permafrost: f.toml:1:1: no key 'hot'; see permafrost config print\n"
            "permafrost: f.toml:2:1: no key ''storage.hot''; did you mean 'storage.hot'?; see "
            "permafrost config print\n");
}

TEST(LoadedConfig, WhatIsLeftOutIsRefusedWithTheReason) {
  EXPECT_EQ(FindingsOf(std::string(kMinimal) +
                       "core_url = \"x\"\n[service.preflight]\nworker_count = 1\n"),
            "permafrost: f.toml:5:1: no key 'ingestion.core_url': no core process is run; take it "
            "out\n"
            "permafrost: f.toml:6:10: no key 'service.preflight': the method needs a core process "
            "and is not served; take it out\n");
}

TEST(LoadedConfig, OtherKindsAreRefused) {
  EXPECT_EQ(
      FindingsOf(std::string(kMinimal) +
                 "[retention]\nretention_chunks = \"4\"\nearliest_ledger = 10002\n"
                 "[backfill]\nworkers = 1.5\nmax_retries = [1]\nbsb = 3\n"
                 "[logging.level]\nx = 1\n[service]\nmax_request_execution_duration = true\n"),
      "permafrost: f.toml:6:1: retention.retention_chunks is the string '4': must be a whole "
      "number from 0 to 4294967295; write a number without quotes\n"
      "permafrost: f.toml:7:1: retention.earliest_ledger is the integer 10002: must be 'genesis', "
      "'now' or the first ledger of a chunk; write a string in quotes\n"
      "permafrost: f.toml:9:1: backfill.workers is a float: must be a whole number from 1 to 1024; "
      "write a number without quotes\n"
      "permafrost: f.toml:10:1: backfill.max_retries is an array: must be a whole number from 0 to "
      "1000; write a number without quotes\n"
      "permafrost: f.toml:11:1: backfill.bsb is an integer: must be a table; write [backfill.bsb] "
      "above its keys\n"
      "permafrost: f.toml:12:10: logging.level is a table: must be 'debug', 'info', 'warning' or "
      "'error'; write a string in quotes\n"
      "permafrost: f.toml:15:1: service.max_request_execution_duration is a boolean: must be a "
      "duration from 1ms to 24h; write a string as \"5s\"\n");
}

TEST(LoadedConfig, FindingsComeInOneOrder) {
  EXPECT_EQ(FindingsOf("[logging]\nformat = \"xml\"\n[backfill.bsb]\nbuffer_size = 10\n",
                       {{"logging.level", "loud"},
                        {"storage.reserve_bytes", "-1"},
                        {"ingestion.source", "none"}}),
            "permafrost: f.toml:2:1: logging.format is 'xml': must be 'text' or 'json'; choose one "
            "of these\n"
            "permafrost: --storage.reserve_bytes: storage.reserve_bytes is '-1': must be bytes "
            "from 0 to 1024TiB; raise it to 0\n"
            "permafrost: --logging.level: logging.level is 'loud': must be 'debug', 'info', "
            "'warning' or 'error'; choose one of these\n"
            "permafrost: f.toml: storage.default_data_dir is missing: it has no default; write it "
            "into the file or give --storage.default_data_dir\n"
            "permafrost: f.toml:4:1: backfill.bsb.num_workers is 50: must be at most "
            "backfill.bsb.buffer_size, which is 10; lower it or raise the other\n");
}

TEST(LoadedConfig, AWrongValueInTheFileIsWrongThoughAFlagReplacesIt) {
  EXPECT_EQ(
      FindingsOf(std::string(kMinimal) + "[backfill]\nworkers = 0\n", {{"backfill.workers", "3"}}),
      "permafrost: f.toml:6:1: backfill.workers is 0: must be a whole number from 1 to 1024; "
      "raise it to 1\n");
}

TEST(LoadedConfig, AFileNameIsShownOnOneLine) {
  const LoadedConfig loaded =
      LoadedConfig::Load({.file = ConfigFile{.name = "a\nb", .text = "x = 1\n"},
                          .required = RequiredKeys::kMayBeMissing});

  EXPECT_EQ(ToString(loaded.findings()),
            "permafrost: 'a\\x0ab':1:1: no key 'x'; see permafrost config print\n");
}

}  // namespace
}  // namespace permafrost::engine
