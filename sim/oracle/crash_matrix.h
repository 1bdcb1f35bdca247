// What a cut may leave of a store of ledgers, row by row of the crash matrix: predicates over the
// catalog and the disk as they lie before any code under test ran. They judge nothing; they say
// which states were met, so that a campaign can demand every one of them.
//
// Source: section 22 of the reference; the table of engine/INVARIANTS.md
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/oracle/catalog_row.h"

namespace permafrost::sim {

// The files that a key names.
struct FilesImage {
  std::uint32_t named = 0;
  std::uint32_t there = 0;
  std::uint32_t whole = 0;  // those that end with a trailer
  bool has_directory = false;

  bool is_whole() const { return whole == named; }
};

struct ChunkImage {
  std::map<std::string, ChunkRow> rows;       // by kind
  std::map<std::string, FilesImage> files;    // of the kinds that have a row
  bool AllAre(std::string_view state) const;  // and all three kinds are there
  bool AnyIs(std::string_view state) const;
};

struct IndexImage {
  IndexRow row;
  FilesImage files;
};

struct HotImage {
  std::string state;            // empty: no key
  std::set<std::string> names;  // in its directory
  bool has_directory = false;
  // Of a ready one that opens:
  std::uint32_t ledgers = 0;
  bool was_log_cut = false;

  bool is_database() const { return names.contains("CURRENT"); }
  bool has_tables() const;
};

struct StoreImage {
  std::uint32_t ledgers_per_chunk = 1;
  std::uint32_t chunks_per_window = 1;
  std::uint32_t retention_chunks = 0;  // 0 keeps everything
  std::uint32_t first_chunk = 0;
  std::uint32_t bulk_ledgers = 0;  // of the bulk source, from the first of the first chunk
  bool has_all_roots = false;
  bool has_catalog = false;  // a database, empty perhaps
  bool is_pinned = false;
  std::map<std::uint32_t, ChunkImage> chunks;
  std::vector<IndexImage> indexes;
  std::map<std::uint32_t, HotImage> hot;
  std::set<std::string> empty_windows;  // directories of windows with nothing in them

  // Every ledger of it is in its hot database, which is ready.
  bool IsHotComplete(std::uint32_t chunk) const;
  bool IsCold(std::uint32_t chunk) const;
  // Below what retention asks for, by the last complete chunk.
  bool IsBelowFloor(std::uint32_t chunk) const;
  // Whether a frozen index covers its window to the end.
  bool IsFinished(std::uint32_t window) const;
};

struct CrashRow {
  std::string_view id;  // as in section 22: "P3"
  std::string_view predicate;
  bool (*holds)(const StoreImage&);
};
std::span<const CrashRow> CrashMatrix();

// Reaches the probe "crash-matrix/ID" of every row that holds.
void CountCrashRows(const StoreImage& image);
std::string ProbeOf(const CrashRow& row);

}  // namespace permafrost::sim
