// Identities of directories, and the catalog's pins read without a lock.
#include "engine/daemon/config_store.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/config/text_checks.h"
#include "engine/config/validate.h"
#include "engine/daemon/store_pins.h"
#include "engine/layout/layout.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// Where a directory is, or will be once it is made.
struct DiskPlace {
  std::vector<vfs::FileIdentity> above;  // of the directories above it that exist
  std::optional<vfs::FileIdentity> own;  // if it exists
  std::string missing;                   // what does not exist yet, below the last of `above`

  bool IsSameAs(const DiskPlace& other) const {
    if (own.has_value() || other.own.has_value()) return own == other.own;
    return above.back() == other.above.back() && missing == other.missing;
  }
  bool IsInside(const DiskPlace& outer) const {
    if (outer.own.has_value())
      return std::find(above.begin(), above.end(), *outer.own) != above.end();
    return above.back() == outer.above.back() && missing.starts_with(outer.missing + "/");
  }
};

// Errors: kFailedPrecondition  a file stands in the way; names it
absl::StatusOr<DiskPlace> PlaceOf(const vfs::FileSystem& fs, const std::string& path) {
  VFS_ASSIGN_OR_RETURN(const vfs::FileIdentity anchor, fs.Identity(""));
  DiskPlace place{.above = {anchor}};
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    VFS_ASSIGN_OR_RETURN(const bool exists, fs.Exists(part));
    if (!exists) {
      const std::size_t start = part.rfind('/');
      place.missing = path.substr(start == std::string::npos ? 0 : start + 1);
      return place;
    }
    VFS_ASSIGN_OR_RETURN(const vfs::FileInfo info, fs.Stat(part));
    if (info.kind != vfs::FileKind::kDirectory) {
      return vfs::FailedPrecondition("{} is a file; move it or choose another directory", part);
    }
    VFS_ASSIGN_OR_RETURN(const vfs::FileIdentity identity, fs.Identity(part));
    if (end == std::string::npos) {
      place.own = identity;
      return place;
    }
    place.above.push_back(identity);
  }
}

// Directories that are one, or lie inside each other, though their paths do not say so.
void CompareDirectories(const vfs::FileSystem& fs,
                        const LoadedConfig& loaded,
                        std::vector<Finding>& findings) {
  std::vector<std::pair<NamedDirectory, DiskPlace>> placed;
  for (NamedDirectory& directory : DirectoriesOf(loaded.config())) {
    absl::StatusOr<DiskPlace> place = PlaceOf(fs, directory.path);
    if (place.ok()) {
      placed.emplace_back(std::move(directory), *std::move(place));
    } else {
      findings.push_back(loaded.FindingAbout(
          {directory.key}, fmt::format("{}: {}", directory.key, vfs::Message(place.status()))));
    }
  }
  for (std::size_t i = 0; i < placed.size(); ++i) {
    for (std::size_t j = i + 1; j < placed.size(); ++j) {
      const auto& [one, one_place] = placed[i];
      const auto& [other, other_place] = placed[j];
      if (one_place.IsSameAs(other_place)) {
        findings.push_back(SharedDirectory(loaded, one, other));
      } else if (one_place.IsInside(other_place)) {
        findings.push_back(NestedDirectory(loaded, one, other));
      } else if (other_place.IsInside(one_place)) {
        findings.push_back(NestedDirectory(loaded, other, one));
      }
    }
  }
}

// What the configuration asks for, where it asks; "now" asks for nothing.
ExpectedPins ExpectedOf(const Config& config, const Pins& stored) {
  return {.geometry = Geometry::Production(),
          .network = NetworkPin(config.storage.network),
          .earliest_ledger =
              EarliestLedger(config.retention.earliest_ledger).value_or(stored.earliest_ledger)};
}

void ComparePinsOf(const Pins& stored, const LoadedConfig& loaded, std::vector<Finding>& findings) {
  constexpr std::string_view kDataDir = "storage.default_data_dir";
  const Config& config = loaded.config();
  const ExpectedPins expected = ExpectedOf(config, stored);
  if (stored.geometry != expected.geometry) {
    findings.push_back(loaded.FindingAbout(
        {kDataDir}, fmt::format("{}: the store has geometry {}, this program writes {}; name "
                                "another data directory",
                                kDataDir, stored.geometry.Text(), expected.geometry.Text())));
  }
  // One pin at a time: what is compared beside it is what is stored.
  ExpectedPins network{.geometry = stored.geometry,
                       .network = expected.network,
                       .earliest_ledger = stored.earliest_ledger};
  ExpectedPins earliest{.geometry = stored.geometry,
                        .network = stored.network,
                        .earliest_ledger = expected.earliest_ledger};
  for (const auto& [key, pins] :
       {std::pair("storage.network", network), std::pair("retention.earliest_ledger", earliest)}) {
    const absl::Status status = ComparePins(stored, pins);
    if (!status.ok()) findings.push_back(loaded.FindingAbout({key}, vfs::Message(status)));
  }
}

}  // namespace

Roots RootsOf(const Config& config) {
  const StorageConfig& storage = config.storage;
  const auto below = [&](const std::string& root) {
    return root.empty() ? root : *BelowDataDir(storage.default_data_dir, root);
  };
  return {.catalog = below(storage.catalog),
          .ledgers = below(storage.ledgers),
          .events = below(storage.events),
          .txhash_raw = below(storage.txhash_raw),
          .txhash_index = below(storage.txhash_index),
          .hot = below(storage.hot),
          .journal = below(storage.journal),
          .records = below(storage.records)};
}

StoreOptions StoreOptionsOf(const Config& config, LedgerSeq now) {
  return {.roots = RootsOf(config),
          .geometry = Geometry::Production(),
          .network = NetworkPin(config.storage.network),
          .earliest_ledger = EarliestLedger(config.retention.earliest_ledger).value_or(now),
          .retention_chunks = static_cast<std::uint32_t>(config.retention.retention_chunks),
          .reserve_bytes = config.storage.reserve_bytes,
          .workers = static_cast<int>(config.backfill.workers)};
}

journal::JournalOptions JournalOptionsOf(const Config& config) {
  // Key by key, as engine/config/schema.cc bounds them.
  return {.segment_bytes = config.journal.segment_bytes,
          .max_batch_bytes = config.journal.max_batch_bytes,
          .max_delay_us = config.journal.max_delay_us,
          .batch_size = config.journal.batch_size,
          .max_checkpoints = config.journal.max_checkpoints};
}

absl::StatusOr<StoreOnDisk> CompareWithDisk(const vfs::Env& env, const LoadedConfig& loaded) {
  VFS_CHECK(loaded.is_valid(), "a configuration with findings");
  StoreOnDisk store;
  CompareDirectories(*env.fs, loaded, store.findings);
  VFS_ASSIGN_OR_RETURN(store.pins, FindPins(env, RootsOf(loaded.config())));
  if (store.pins.has_value()) ComparePinsOf(*store.pins, loaded, store.findings);
  return store;
}

}  // namespace permafrost::engine
