// The rows of the schema, and what is not in it.
#include "engine/config/schema.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "engine/config/text_checks.h"
#include "engine/config/value_text.h"
#include "vfs/base/check.h"

namespace permafrost::engine {
namespace {

// The field behind a chain of members: In<&Config::storage, &StorageConfig::hot>.
template <auto... Members>
auto& In(Config& config) {
  return (config.*....*Members);
}

// What a text must pass, in code and in words.
struct TextRule {
  TextCheck check;
  std::string_view words;
};

constexpr TextRule kDataDirRule{CheckDataDir, "a directory"};
constexpr TextRule kRootRule{CheckRoot, "a directory inside the data directory"};
constexpr TextRule kOptionalRootRule{CheckOptionalRoot,
                                     "a directory inside the data directory, or empty"};
constexpr TextRule kNetworkRule{CheckNetwork,
                                "'pubnet', 'testnet', 64 lower-case hex digits, or empty"};
constexpr TextRule kEarliestRule{CheckEarliestLedger,
                                 "'genesis', 'now' or the first ledger of a chunk"};
constexpr TextRule kSourceRule{CheckSource,
                               "lake:DIR, stream:FILE, synthetic:SEED,LEDGERS, journal or none"};
constexpr TextRule kEndpointRule{CheckEndpoint, "HOST:PORT"};
constexpr TextRule kOptionalEndpointRule{CheckOptionalEndpoint, "HOST:PORT, or empty"};
constexpr TextRule kFreeRule{nullptr, "a string"};

Leaf Text(std::string_view path,
          std::string_view initial,
          const TextRule& rule,
          TextField field,
          std::string_view help) {
  return {.path = path,
          .type = LeafType::kText,
          .default_text = initial,
          .check = rule.check,
          .rule = rule.words,
          .field = field,
          .help = help};
}

Leaf Choice(std::string_view path,
            std::string_view initial,
            std::vector<std::string_view> choices,
            TextField field,
            std::string_view help) {
  return {.path = path,
          .type = LeafType::kChoice,
          .default_text = initial,
          .choices = std::move(choices),
          .field = field,
          .help = help};
}

Leaf Number(LeafType type,
            std::string_view path,
            std::string_view initial,
            Bounds bounds,
            NumberField field,
            std::string_view help) {
  return {.path = path,
          .type = type,
          .default_text = initial,
          .bounds = bounds,
          .field = field,
          .help = help};
}

constexpr std::uint64_t kU32Max = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t kJournalSegmentBytesMin = 1'024;
constexpr std::uint64_t kJournalSegmentBytesMax = std::uint64_t{1} << 32;
constexpr std::uint64_t kDayMillis = 24 * 3'600'000;
constexpr Bounds kMillis{.min = 1, .max = kDayMillis};
constexpr Bounds kWorkers{.min = 1, .max = 1'024};
constexpr Bounds kRetries{.min = 0, .max = 1'000};
constexpr Bounds kRequests{.min = 1, .max = 1'000'000};
constexpr Bounds kItems{.min = 1, .max = 10'000};

constexpr LeafType kCount = LeafType::kCount;
constexpr LeafType kBytes = LeafType::kBytes;
constexpr LeafType kDuration = LeafType::kDuration;

constexpr auto kStorage = &Config::storage;
constexpr auto kJournal = &Config::journal;
constexpr auto kRetention = &Config::retention;
constexpr auto kBackfill = &Config::backfill;
constexpr auto kStore = &BackfillConfig::datastore;
constexpr auto kAhead = &BackfillConfig::bsb;
constexpr auto kService = &Config::service;
constexpr auto kLimits = &PagedMethodConfig::limits;
using Storage = StorageConfig;
using Service = ServiceConfig;

void AddStorage(std::vector<Leaf>& leaves) {
  leaves.insert(
      leaves.end(),
      {Text("storage.default_data_dir", kNoDefault, kDataDirRule,
            In<kStorage, &Storage::default_data_dir>,
            "directory of the store, made by the operator; all roots lie inside it"),
       Text("storage.catalog", "catalog", kRootRule, In<kStorage, &Storage::catalog>,
            "root of the catalog"),
       Text("storage.ledgers", "ledgers", kRootRule, In<kStorage, &Storage::ledgers>,
            "root of the ledger packs"),
       Text("storage.events", "events", kRootRule, In<kStorage, &Storage::events>,
            "root of the event segments"),
       Text("storage.txhash_raw", "txhash/raw", kRootRule, In<kStorage, &Storage::txhash_raw>,
            "root of the sorted hash runs"),
       Text("storage.txhash_index", "txhash/index", kRootRule, In<kStorage, &Storage::txhash_index>,
            "root of the transaction-hash indexes"),
       Text("storage.hot", "hot", kRootRule, In<kStorage, &Storage::hot>,
            "root of the hot databases; best on the fastest volume"),
       Text("storage.journal", "", kOptionalRootRule, In<kStorage, &Storage::journal>,
            "root of the journal; empty: no journal"),
       Text("storage.records", "", kOptionalRootRule, In<kStorage, &Storage::records>,
            "root of the record store that the journal feeds; empty: none"),
       Text("storage.quarantine", "quarantine", kRootRule, In<kStorage, &Storage::quarantine>,
            "where a repair puts files that no key names; outside of every root"),
       Number(kBytes, "storage.reserve_bytes", "1GiB", {.min = 0, .max = std::uint64_t{1} << 50},
              In<kStorage, &Storage::reserve_bytes>,
              "free space that writers leave for reclaiming; 0: none"),
       Number(kCount, "storage.zstd_encode_workers", "2", kWorkers,
              In<kStorage, &Storage::zstd_encode_workers>,
              "threads that compress ledgers; the bytes do not depend on it"),
       Text("storage.network", "", kNetworkRule, In<kStorage, &Storage::network>,
            "network whose ledgers the store holds; pinned at the first start")});
}

void AddJournal(std::vector<Leaf>& leaves) {
  leaves.insert(
      leaves.end(),
      {Number(kBytes, "journal.segment_bytes", "64MiB",
              {.min = kJournalSegmentBytesMin, .max = kJournalSegmentBytesMax},
              In<kJournal, &JournalConfig::segment_bytes>,
              "size of segments that are made, a multiple of 8; every writer begins one"),
       Number(kBytes, "journal.max_batch_bytes", "4MiB", {.min = 1, .max = kJournalSegmentBytesMax},
              In<kJournal, &JournalConfig::max_batch_bytes>,
              "most that one write and sync take, but for a single record"),
       Number(kCount, "journal.max_delay_us", "0", {.max = 1'000'000},
              In<kJournal, &JournalConfig::max_delay_us>,
              "microseconds that a writer waits for others to share its sync"),
       Number(kCount, "journal.batch_size", "128", {.min = 1, .max = 1'000'000},
              In<kJournal, &JournalConfig::batch_size>,
              "buffered records that are flushed by themselves"),
       Number(kCount, "journal.max_checkpoints", "3", {.min = 1, .max = 1'000},
              In<kJournal, &JournalConfig::max_checkpoints>,
              "checkpoints kept; what the oldest does not need may go")});
}

void AddIngest(std::vector<Leaf>& leaves) {
  leaves.insert(
      leaves.end(),
      {Text("retention.earliest_ledger", "genesis", kEarliestRule,
            In<kRetention, &RetentionConfig::earliest_ledger>,
            "oldest ledger ever held; pinned at the first start; 'now' keeps what is pinned"),
       Number(kCount, "retention.retention_chunks", "0", {.max = kU32Max},
              In<kRetention, &RetentionConfig::retention_chunks>,
              "chunks kept, counted from the newest; 0: all"),
       Number(kCount, "backfill.workers", kProcessors, kWorkers,
              In<kBackfill, &BackfillConfig::workers>, "chunks and indexes built at once"),
       Number(kCount, "backfill.max_retries", "3", kRetries,
              In<kBackfill, &BackfillConfig::max_retries>, "of one chunk or index"),
       Choice("backfill.datastore.type", "", {"", "filesystem"},
              In<kBackfill, kStore, &DatastoreConfig::type>, "kind of the lake; empty: no lake"),
       Text("backfill.datastore.params.path", "", kFreeRule,
            In<kBackfill, kStore, &DatastoreConfig::path>, "directory of a filesystem lake"),
       Number(kCount, "backfill.datastore.schema.ledgers_per_file", "0", {.max = kU32Max},
              In<kBackfill, kStore, &DatastoreConfig::ledgers_per_file>,
              "must equal the lake's manifest; 0: whatever that says"),
       Number(kCount, "backfill.datastore.schema.files_per_partition", "0", {.max = kU32Max},
              In<kBackfill, kStore, &DatastoreConfig::files_per_partition>,
              "must equal the lake's manifest; 0: whatever that says"),
       Number(kCount, "backfill.bsb.buffer_size", "5000", {.min = 1, .max = 1'000'000},
              In<kBackfill, kAhead, &BufferConfig::buffer_size>, "lake files read ahead"),
       Number(kCount, "backfill.bsb.num_workers", "50", kWorkers,
              In<kBackfill, kAhead, &BufferConfig::num_workers>,
              "lake files read at once; at most buffer_size"),
       Number(kCount, "backfill.bsb.max_retries", "3", kRetries,
              In<kBackfill, kAhead, &BufferConfig::max_retries>, "of one lake file"),
       Number(kDuration, "backfill.bsb.retry_wait", "5s", kMillis,
              In<kBackfill, kAhead, &BufferConfig::retry_wait_millis>,
              "between two tries of a lake file"),
       Text("ingestion.source", kNoDefault, kSourceRule,
            In<&Config::ingestion, &IngestionConfig::source>,
            "where new ledgers come from; journal: from storage.journal, into which clients push "
            "them; none: only serve what is stored")});
}

// The limits that every method has.
void AddLimits(std::vector<Leaf>& leaves,
               std::array<std::string_view, 2> paths,
               std::string_view max_execution,
               std::array<NumberField, 2> fields) {
  leaves.push_back(Number(kCount, paths[0], "1000", kRequests, fields[0],
                          "requests of the method that are under way or wait"));
  leaves.push_back(Number(kDuration, paths[1], max_execution, kMillis, fields[1],
                          "after which a request of the method is given up"));
}

void AddPage(std::vector<Leaf>& leaves,
             std::array<std::string_view, 2> paths,
             std::array<std::string_view, 2> items,
             std::array<NumberField, 2> fields) {
  leaves.push_back(
      Number(kCount, paths[0], items[0], kItems, fields[0], "most items in one response"));
  leaves.push_back(Number(kCount, paths[1], items[1], kItems, fields[1],
                          "items in a response when the request names no limit"));
}

template <auto Method>
constexpr std::array<NumberField, 2> kLimitFields = {
    In<kService, Method, &MethodConfig::queue_limit>,
    In<kService, Method, &MethodConfig::max_execution_millis>};
template <auto Method>
constexpr std::array<NumberField, 2> kPagedLimitFields = {
    In<kService, Method, kLimits, &MethodConfig::queue_limit>,
    In<kService, Method, kLimits, &MethodConfig::max_execution_millis>};
template <auto Method>
constexpr std::array<NumberField, 2> kItemFields = {
    In<kService, Method, &PagedMethodConfig::max_items>,
    In<kService, Method, &PagedMethodConfig::default_items>};

void AddService(std::vector<Leaf>& leaves) {
  leaves.insert(
      leaves.end(),
      {Text("service.endpoint", "localhost:8000", kEndpointRule, In<kService, &Service::endpoint>,
            "where requests are answered"),
       Text("service.admin_endpoint", "", kOptionalEndpointRule,
            In<kService, &Service::admin_endpoint>, "metrics and health; empty: disabled"),
       Number(kCount, "service.max_concurrent_requests", "5000", kRequests,
              In<kService, &Service::max_concurrent_requests>, "of all methods together"),
       Number(kDuration, "service.max_request_execution_duration", "25s", kMillis,
              In<kService, &Service::max_request_execution_millis>,
              "after which a request of any method is given up"),
       Number(kDuration, "service.request_execution_warning_threshold", "5s", kMillis,
              In<kService, &Service::request_warning_millis>,
              "after which a request is logged as slow")});
  AddLimits(
      leaves,
      {"service.methods.getHealth.queue_limit", "service.methods.getHealth.max_execution_duration"},
      "5s", kLimitFields<&Service::get_health>);
  leaves.push_back(Number(kDuration, "service.methods.getHealth.max_healthy_ledger_latency", "30s",
                          kMillis, In<kService, &Service::max_healthy_ledger_latency_millis>,
                          "age of the newest ledger up to which the store is healthy"));
  AddLimits(leaves,
            {"service.methods.getLatestLedger.queue_limit",
             "service.methods.getLatestLedger.max_execution_duration"},
            "5s", kLimitFields<&Service::get_latest_ledger>);
  AddLimits(leaves,
            {"service.methods.getVersionInfo.queue_limit",
             "service.methods.getVersionInfo.max_execution_duration"},
            "5s", kLimitFields<&Service::get_version_info>);
  AddLimits(leaves,
            {"service.methods.getTransaction.queue_limit",
             "service.methods.getTransaction.max_execution_duration"},
            "5s", kLimitFields<&Service::get_transaction>);
  AddLimits(leaves,
            {"service.methods.getTransactions.queue_limit",
             "service.methods.getTransactions.max_execution_duration"},
            "10s", kPagedLimitFields<&Service::get_transactions>);
  AddPage(leaves,
          {"service.methods.getTransactions.max_items_per_response",
           "service.methods.getTransactions.default_items_per_response"},
          {"200", "50"}, kItemFields<&Service::get_transactions>);
  AddLimits(leaves,
            {"service.methods.getLedgers.queue_limit",
             "service.methods.getLedgers.max_execution_duration"},
            "10s", kPagedLimitFields<&Service::get_ledgers>);
  AddPage(leaves,
          {"service.methods.getLedgers.max_items_per_response",
           "service.methods.getLedgers.default_items_per_response"},
          {"20", "5"}, kItemFields<&Service::get_ledgers>);
  AddLimits(
      leaves,
      {"service.methods.getEvents.queue_limit", "service.methods.getEvents.max_execution_duration"},
      "10s", kPagedLimitFields<&Service::get_events>);
  AddPage(leaves,
          {"service.methods.getEvents.max_items_per_response",
           "service.methods.getEvents.default_items_per_response"},
          {"1000", "100"}, kItemFields<&Service::get_events>);
}

void AddLogging(std::vector<Leaf>& leaves) {
  leaves.push_back(Choice("logging.level", "info", {"debug", "info", "warning", "error"},
                          In<&Config::logging, &LoggingConfig::level>,
                          "the least important lines that are written"));
  leaves.push_back(Choice("logging.format", "text", {"text", "json"},
                          In<&Config::logging, &LoggingConfig::format>, "form of a line"));
}

std::vector<Leaf> MakeLeaves() {
  std::vector<Leaf> leaves;
  AddStorage(leaves);
  AddJournal(leaves);
  AddIngest(leaves);
  AddService(leaves);
  AddLogging(leaves);
  return leaves;
}

constexpr std::string_view kNoCore = "no core process is run";
constexpr std::string_view kNotServed = "the method needs a core process and is not served";

constexpr std::array<LeftOut, 15> kLeftOut = {{
    {"ingestion.captive_core_config", kNoCore},
    {"ingestion.history_archive_urls", "there is no replay from an archive; name a lake instead"},
    {"ingestion.stellar_core_binary_path", kNoCore},
    {"ingestion.captive_core_storage_path", kNoCore},
    {"ingestion.core_http_port", kNoCore},
    {"ingestion.core_http_query_port", kNoCore},
    {"ingestion.core_http_query_thread_pool_size", kNoCore},
    {"ingestion.core_http_query_snapshot_ledgers", kNoCore},
    {"ingestion.core_url", kNoCore},
    {"ingestion.core_request_timeout", kNoCore},
    {"service.fee_stats", "fee statistics are not served"},
    {"service.methods.getFeeStats", "fee statistics are not served"},
    {"service.methods.sendTransaction", kNotServed},
    {"service.methods.simulateTransaction", kNotServed},
    {"service.preflight", kNotServed},
}};

}  // namespace

std::span<const Leaf> Leaves() {
  static const std::vector<Leaf> kLeaves = MakeLeaves();
  return kLeaves;
}

const Leaf* FindLeaf(std::string_view path) {
  const auto found = std::find_if(Leaves().begin(), Leaves().end(),
                                  [path](const Leaf& leaf) { return leaf.path == path; });
  return found == Leaves().end() ? nullptr : &*found;
}

std::vector<std::string_view> TableNames() {
  std::vector<std::string_view> names;
  for (const Leaf& leaf : Leaves()) {
    for (std::size_t dot = leaf.path.find('.'); dot != std::string_view::npos;
         dot = leaf.path.find('.', dot + 1)) {
      const std::string_view name = leaf.path.substr(0, dot);
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::string RuleText(const Leaf& leaf) {
  const std::string min = NumberText(leaf, leaf.bounds.min);
  const std::string max = NumberText(leaf, leaf.bounds.max);
  switch (leaf.type) {
    case LeafType::kText: return std::string(leaf.rule);
    case LeafType::kChoice: {
      std::string words;
      for (const std::string_view choice : leaf.choices) {
        if (!words.empty()) words += choice == leaf.choices.back() ? " or " : ", ";
        words += fmt::format("'{}'", choice);
      }
      return words;
    }
    case LeafType::kCount: return fmt::format("a whole number from {} to {}", min, max);
    case LeafType::kBytes: return fmt::format("bytes from {} to {}", min, max);
    case LeafType::kDuration: return fmt::format("a duration from {} to {}", min, max);
  }
  VFS_CHECK(false, "leaf type {}", static_cast<int>(leaf.type));
}

std::span<const LeftOut> LeftOutKeys() { return kLeftOut; }

const LeftOut* FindLeftOut(std::string_view path) {
  for (const LeftOut& key : kLeftOut) {
    const bool is_below =
        path.size() > key.path.size() && path.starts_with(key.path) && path[key.path.size()] == '.';
    if (path == key.path || is_below) return &key;
  }
  return nullptr;
}

}  // namespace permafrost::engine
