// Every value that an operator can set, with its unit in its name. Defaults, bounds and meaning
// stand in schema.cc only: a Config made here is all zero and empty.
#pragma once

#include <cstdint>
#include <string>

namespace permafrost::engine {

// Directories are relative to default_data_dir, or absolute and inside it.
struct StorageConfig {
  std::string default_data_dir = {};
  std::string catalog = {};
  std::string ledgers = {};
  std::string events = {};
  std::string txhash_raw = {};
  std::string txhash_index = {};
  std::string hot = {};
  std::string journal = {};  // "": no journal
  std::string records = {};  // "": no record store
  std::string quarantine = {};
  std::uint64_t reserve_bytes = 0;
  std::uint64_t zstd_encode_workers = 0;
  std::string network = {};
};

// Of a journal's writer.
struct JournalConfig {
  std::uint64_t segment_bytes = 0;
  std::uint64_t max_batch_bytes = 0;
  std::uint64_t max_delay_us = 0;
  std::uint64_t batch_size = 0;  // records
  std::uint64_t max_checkpoints = 0;
};

struct RetentionConfig {
  std::string earliest_ledger = {};    // "genesis", "now" or a number
  std::uint64_t retention_chunks = 0;  // 0 keeps everything
};

// The lake that backfill reads.
struct DatastoreConfig {
  std::string type = {};                  // "": no lake
  std::string path = {};                  // directory of the lake
  std::uint64_t ledgers_per_file = 0;     // 0: as the lake's manifest says
  std::uint64_t files_per_partition = 0;  // 0: as the lake's manifest says
};

// Reading ahead from the lake.
struct BufferConfig {
  std::uint64_t buffer_size = 0;  // files held at once
  std::uint64_t num_workers = 0;
  std::uint64_t max_retries = 0;
  std::uint64_t retry_wait_millis = 0;
};

struct BackfillConfig {
  std::uint64_t workers = 0;
  std::uint64_t max_retries = 0;
  DatastoreConfig datastore = {};
  BufferConfig bsb = {};
};

struct IngestionConfig {
  std::string source = {};
};

struct MethodConfig {
  std::uint64_t queue_limit = 0;  // requests
  std::uint64_t max_execution_millis = 0;
};

struct PagedMethodConfig {
  MethodConfig limits = {};
  std::uint64_t max_items = 0;  // of one response
  std::uint64_t default_items = 0;
};

struct ServiceConfig {
  std::string endpoint = {};
  std::string admin_endpoint = {};  // "": disabled
  std::uint64_t max_concurrent_requests = 0;
  std::uint64_t max_request_execution_millis = 0;
  std::uint64_t request_warning_millis = 0;
  MethodConfig get_health = {};
  std::uint64_t max_healthy_ledger_latency_millis = 0;
  MethodConfig get_latest_ledger = {};
  MethodConfig get_version_info = {};
  MethodConfig get_transaction = {};
  PagedMethodConfig get_transactions = {};
  PagedMethodConfig get_ledgers = {};
  PagedMethodConfig get_events = {};
};

struct LoggingConfig {
  std::string level = {};
  std::string format = {};
};

struct Config {
  StorageConfig storage = {};
  JournalConfig journal = {};
  RetentionConfig retention = {};
  BackfillConfig backfill = {};
  IngestionConfig ingestion = {};
  ServiceConfig service = {};
  LoggingConfig logging = {};
};

}  // namespace permafrost::engine
