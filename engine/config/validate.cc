// Directories against each other, then numbers and sources.
#include "engine/config/validate.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "engine/config/text_checks.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

using Findings = std::vector<Finding>;

constexpr std::string_view kDataDirKey = "storage.default_data_dir";

// (key, what it says) of every directory that is configured.
std::vector<std::pair<std::string_view, std::string_view>> WrittenDirectories(
    const StorageConfig& storage) {
  std::vector<std::pair<std::string_view, std::string_view>> written = {
      {"storage.catalog", storage.catalog},
      {"storage.ledgers", storage.ledgers},
      {"storage.events", storage.events},
      {"storage.txhash_raw", storage.txhash_raw},
      {"storage.txhash_index", storage.txhash_index},
      {"storage.hot", storage.hot}};
  if (!storage.journal.empty()) written.emplace_back("storage.journal", storage.journal);
  if (!storage.records.empty()) written.emplace_back("storage.records", storage.records);
  written.emplace_back("storage.quarantine", storage.quarantine);
  return written;
}

bool IsInside(std::string_view inner, std::string_view outer) {
  return inner.size() > outer.size() && inner.starts_with(outer) && inner[outer.size()] == '/';
}

void CheckPlaces(const LoadedConfig& loaded, Findings& findings) {
  const StorageConfig& storage = loaded.config().storage;
  for (const auto& [key, text] : WrittenDirectories(storage)) {
    const auto below = BelowDataDir(storage.default_data_dir, text);
    if (below.ok()) continue;
    findings.push_back(loaded.FindingAbout(
        {key, kDataDirKey}, fmt::format("{} is {}: {}", key, vfs::EscapedForError(text),
                                        vfs::Message(below.status()))));
  }
}

void CheckPairs(const LoadedConfig& loaded, Findings& findings) {
  const std::vector<NamedDirectory> directories = DirectoriesOf(loaded.config());
  for (std::size_t i = 0; i < directories.size(); ++i) {
    for (std::size_t j = i + 1; j < directories.size(); ++j) {
      const NamedDirectory& one = directories[i];
      const NamedDirectory& other = directories[j];
      if (one.path == other.path) findings.push_back(SharedDirectory(loaded, one, other));
      if (IsInside(one.path, other.path)) findings.push_back(NestedDirectory(loaded, one, other));
      if (IsInside(other.path, one.path)) findings.push_back(NestedDirectory(loaded, other, one));
    }
  }
}

// `small` must not exceed `large`.
struct Order {
  std::string_view small;
  std::string_view large;
};

constexpr std::array<Order, 4> kOrders = {{
    {"backfill.bsb.num_workers", "backfill.bsb.buffer_size"},
    {"service.methods.getTransactions.default_items_per_response",
     "service.methods.getTransactions.max_items_per_response"},
    {"service.methods.getLedgers.default_items_per_response",
     "service.methods.getLedgers.max_items_per_response"},
    {"service.methods.getEvents.default_items_per_response",
     "service.methods.getEvents.max_items_per_response"},
}};

std::uint64_t NumberAt(const LoadedConfig& loaded, std::string_view path) {
  return std::get<std::uint64_t>(Get(*FindLeaf(path), loaded.config()));
}

void CheckOrders(const LoadedConfig& loaded, Findings& findings) {
  for (const Order& order : kOrders) {
    const std::uint64_t small = NumberAt(loaded, order.small);
    const std::uint64_t large = NumberAt(loaded, order.large);
    if (small <= large) continue;
    findings.push_back(loaded.FindingAbout(
        {order.small, order.large},
        fmt::format("{} is {}: must be at most {}, which is {}; lower it or raise the other",
                    order.small, small, order.large, large)));
  }
}

void CheckEndpoints(const LoadedConfig& loaded, Findings& findings) {
  const ServiceConfig& service = loaded.config().service;
  if (service.endpoint != service.admin_endpoint) return;
  findings.push_back(loaded.FindingAbout(
      {"service.endpoint", "service.admin_endpoint"},
      fmt::format("service.admin_endpoint is {}: must not be service.endpoint; choose another port",
                  vfs::EscapedForError(service.admin_endpoint))));
}

void CheckJournal(const LoadedConfig& loaded, Findings& findings) {
  constexpr std::string_view kKey = "journal.segment_bytes";
  constexpr std::uint64_t kAlignment = 8;  // of its records
  const std::uint64_t bytes = loaded.config().journal.segment_bytes;
  if (bytes % kAlignment == 0) return;
  findings.push_back(
      loaded.FindingAbout({kKey}, fmt::format("{} is {}: must be a multiple of {}; take {}", kKey,
                                              bytes, kAlignment, bytes / kAlignment * kAlignment)));
}

void CheckSources(const LoadedConfig& loaded, Findings& findings) {
  constexpr std::string_view kType = "backfill.datastore.type";
  constexpr std::string_view kPath = "backfill.datastore.params.path";
  const DatastoreConfig& lake = loaded.config().backfill.datastore;
  if (!lake.type.empty() && lake.path.empty()) {
    findings.push_back(loaded.FindingAbout(
        {kType, kPath}, fmt::format("{} is empty: must be the directory of the lake, because {} is "
                                    "'{}'; name it, or leave both out",
                                    kPath, kType, lake.type)));
  }
  if (lake.type.empty() && !lake.path.empty()) {
    findings.push_back(loaded.FindingAbout(
        {kType, kPath}, fmt::format("{} is {}: must be empty, because {} is; set that to "
                                    "'filesystem', or take this out",
                                    kPath, vfs::EscapedForError(lake.path), kType)));
  }
  const StorageConfig& storage = loaded.config().storage;
  if (loaded.config().ingestion.source != "journal") return;
  for (const auto& [key, text] : {std::pair("storage.journal", storage.journal),
                                  std::pair("storage.records", storage.records)}) {
    if (!text.empty()) continue;
    findings.push_back(loaded.FindingAbout(
        {key, "ingestion.source"},
        fmt::format("{} is empty: must be a directory, because ingestion.source is 'journal'; "
                    "name one",
                    key)));
  }
}

}  // namespace

std::vector<NamedDirectory> DirectoriesOf(const Config& config) {
  std::vector<NamedDirectory> directories;
  for (const auto& [key, text] : WrittenDirectories(config.storage)) {
    auto below = BelowDataDir(config.storage.default_data_dir, text);
    if (below.ok()) directories.push_back({.key = key, .path = *std::move(below)});
  }
  return directories;
}

std::vector<Finding> CheckTogether(const LoadedConfig& loaded) {
  Findings findings;
  CheckPlaces(loaded, findings);
  CheckPairs(loaded, findings);
  CheckOrders(loaded, findings);
  CheckEndpoints(loaded, findings);
  CheckSources(loaded, findings);
  CheckJournal(loaded, findings);
  return findings;
}

Finding SharedDirectory(const LoadedConfig& loaded,
                        const NamedDirectory& one,
                        const NamedDirectory& other) {
  return loaded.FindingAbout(
      {one.key, other.key},
      fmt::format("{} is {}: must not be the directory of {}, which is {}; give each its own",
                  other.key, vfs::EscapedForError(other.path), one.key,
                  vfs::EscapedForError(one.path)));
}

Finding NestedDirectory(const LoadedConfig& loaded,
                        const NamedDirectory& inner,
                        const NamedDirectory& outer) {
  return loaded.FindingAbout(
      {inner.key, outer.key},
      fmt::format("{} is {}: must not lie inside {}, which is {}; give it a directory of its own",
                  inner.key, vfs::EscapedForError(inner.path), outer.key,
                  vfs::EscapedForError(outer.path)));
}

}  // namespace permafrost::engine
