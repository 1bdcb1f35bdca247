// Segments as files: their names, what is known of each, and how one comes to be.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal_options.h"
#include "engine/journal/segment_parse.h"
#include "vfs/env.h"

namespace permafrost::engine::journal {

std::string SegmentName(std::uint64_t base);
// Nothing: `name` is no segment's.
std::optional<std::uint64_t> BaseOfName(std::string_view name);
std::string SpareName(std::uint64_t number);

// Every 64th KiB of a segment has an entry.
struct IndexEntry {
  Lsn lsn = 0;
  std::uint64_t offset = 0;
};
inline constexpr std::uint64_t kIndexStepBytes = std::uint64_t{64} << 10;

// One segment, as its writer and its readers share it. What changes with each batch is the
// writer's; readers get copies (Journal::segments).
struct Segment {
  std::string path;
  SegmentHeader header;
  std::shared_ptr<vfs::File> file;
  std::uint64_t file_bytes = 0;
  std::uint64_t end = 0;  // global offset behind its last record
  Lsn last_lsn = 0;       // header.first_lsn - 1: it holds none
  std::vector<IndexEntry> index;

  void Note(Lsn lsn, std::uint64_t offset);
  // The last indexed place at or before this LSN.
  IndexEntry Find(Lsn lsn) const;
  // The same without the index but for the place where reading from this LSN begins.
  Segment ForReading(Lsn from) const;
};

// The bytes where a header stands; fewer if the file is shorter.
absl::StatusOr<std::string> ReadHeader(const vfs::File& file);

// Opens a segment and checks that its header fits its name and the store.
//
// Errors: kDataLoss            file, what was expected and found
//         kFailedPrecondition  another store's
absl::StatusOr<Segment> OpenSegment(vfs::FileSystem* fs,
                                    const std::string& directory,
                                    std::uint64_t base,
                                    const StoreId& store_id);

// A file of `bytes` zeros under a spare's name, durable but for its name.
//
// Errors: kResourceExhausted  no space; what was begun is gone again
absl::Status MakeSpare(vfs::FileSystem* fs, const std::string& path, std::uint64_t bytes);

// The nonce of a spare's next life: differs from that of its last one whatever was drawn, so that
// bytes of the last are never read as records.
absl::StatusOr<std::uint64_t> NonceFor(vfs::FileSystem* fs,
                                       const std::string& spare,
                                       std::uint64_t drawn);

// Turns a spare into a segment: header and `records` (which follow it) in the file, synced; then
// renamed, and the directory synced.
//
// Durable: all of it, with its name
absl::StatusOr<Segment> PublishSegment(vfs::FileSystem* fs,
                                       const std::string& directory,
                                       const std::string& spare,
                                       const SegmentHeader& header,
                                       std::string_view records);

}  // namespace permafrost::engine::journal
