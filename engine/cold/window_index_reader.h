// Looks transactions up in a window's index.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/window_index_format.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

struct WindowIndexOptions {
  // What is kept of the file once it was read and verified: directories first, then pages from the
  // front until the room is used up. Keys are spread evenly, so no other choice of pages would be
  // met more often. The memory is touched when it is first needed.
  std::uint64_t resident_bytes_max = std::uint64_t{64} << 20;
};

// An index file that is open for reading, and stays readable if it is unlinked.
//
// Memory:  32 bytes for each 470,000 keys, and resident_bytes_max; 4 KiB of stack in a Lookup
// Threads: any thread
// Source:  engine/FORMATS.md "Window index"
class WindowIndex {
 public:
  // Reads the footer and the roots; nothing else before it is asked for.
  //
  // Errors: kFailedPrecondition  an index of another store or of other ledgers; names both
  //         kDataLoss            not a whole index; names the file, the place and the finding
  //         and those of the file system
  static absl::StatusOr<std::unique_ptr<WindowIndex>> Open(vfs::FileSystem* fs,
                                                           std::string_view path,
                                                           const IndexIdentity& identity,
                                                           const WindowIndexOptions& options = {});

  // Puts the ledgers that may hold the transaction into `candidates`, and nothing else: every
  // covered one that does, and, in one case of 256, another. Whoever asks compares with the ledger.
  //
  // Errors: kDataLoss  a unit that it needs is damaged; names the file, the unit and the finding.
  //                    Other hashes may still be found, and this one when the disk reads right.
  absl::Status Lookup(const Hash& hash, std::vector<LedgerSeq>* candidates) const;

  // In its pages.
  std::uint64_t keys() const { return keys_; }

 private:
  struct Group {
    std::uint64_t prefix = 0;            // of its first key
    std::uint64_t directory = 0;         // unit, the last of the group
    std::uint64_t first_unit = 0;        // its first page
    std::uint64_t pages_per_prefix = 0;  // by 2^64, to guess where a key stands
  };
  struct alignas(64) Unit {
    char bytes[kIndexUnitBytes];
    std::string_view view() const { return {bytes, kIndexUnitBytes}; }
  };
  enum class Presence : std::uint8_t { kAbsent, kBeingRead, kReady };

  WindowIndex(std::unique_ptr<vfs::File> file,
              std::string_view path,
              const IndexIdentity& identity);

  absl::Status ReadFooter();
  absl::Status ReadRoots(std::uint32_t groups);
  absl::Status CheckGroups(std::uint64_t roots_begin);
  void MakeRoom(std::uint64_t resident_bytes_max);
  // Adds what a group knows of the hash.
  absl::Status LookUpInGroup(std::size_t group,
                             const Hash& hash,
                             const IndexKey& key,
                             std::vector<LedgerSeq>* candidates) const;
  absl::Status LookUpInOverflow(std::uint64_t number,
                                std::size_t entries,
                                const Hash& hash,
                                std::vector<LedgerSeq>* candidates) const;

  // A unit that was read before and is kept at `place`, or null.
  const char* Resident(std::uint64_t place) const;
  // A unit that is whole: kept at `place` if there is room, otherwise read into `scratch`.
  absl::StatusOr<const char*> Load(std::uint64_t number, std::uint64_t place, Unit& scratch) const;
  absl::Status ReadUnit(std::uint64_t number, std::uint32_t crc_seed, Unit& unit) const;
  absl::Status Damage(std::uint64_t number, std::string_view finding) const;

  const std::unique_ptr<vfs::File> file_;
  const std::string path_;
  const IndexIdentity identity_;
  const std::uint32_t crc_seed_;
  const std::uint32_t offset_max_;  // of a ledger from the first
  std::uint64_t units_ = 0;
  std::uint64_t keys_ = 0;
  std::vector<Group> groups_;
  std::uint64_t groups_per_prefix_ = 0;  // by 2^64
  std::uint64_t rooms_ = 0;              // of resident_ and presence_
  std::unique_ptr<Unit[]> resident_;
  std::unique_ptr<std::atomic<Presence>[]> presence_;
};

}  // namespace permafrost::engine
