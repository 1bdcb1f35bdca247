// What the writing and the reading process of the tailer's test tell each other: numbers in a file
// that both have mapped.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <string>

#include "engine/journal/journal_types.h"
#include "vfs/base/check.h"

namespace permafrost::engine::journal::testing {

inline constexpr char kTailDir[] = "journal";
inline constexpr std::uint8_t kTailType = 9;

inline StoreId TailStore() {
  StoreId id;
  id.fill(0x7a);
  return id;
}

// First in each body. Counters of a thread go up by one from record to record of a life.
struct TailBody {
  std::uint64_t life = 0;  // of the writer: its number
  std::uint64_t thread = 0;
  std::uint64_t counter = 0;
};

struct TailBoard {
  std::atomic<Lsn> synced;     // last of the records whose sync has returned
  std::atomic<Lsn> tail_next;  // the readers need records from here on
  std::atomic<std::uint64_t> lives;
  std::atomic<std::uint64_t> rolled;    // segments that took their name
  std::atomic<std::uint64_t> unlinked;  // segments
  std::atomic<std::uint64_t> recycled;
  std::atomic<std::uint64_t> refused;     // opens that found the lock taken
  std::atomic<std::uint64_t> in_process;  // records that the writer's own tailer returned
  std::atomic<bool> is_unread;            // tailers leave for a moment: segments are used again
  std::atomic<bool> stops;                // to the writer: close and exit
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

// The file is made if there is none; the mapping lasts as long as the process.
inline TailBoard& MapBoard(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  VFS_CHECK(fd >= 0 && ::ftruncate(fd, sizeof(TailBoard)) == 0, "{}: errno {}", path, errno);
  void* const memory =
      ::mmap(nullptr, sizeof(TailBoard), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  VFS_CHECK(memory != MAP_FAILED, "map {}: errno {}", path, errno);
  ::close(fd);
  return *static_cast<TailBoard*>(memory);
}

}  // namespace permafrost::engine::journal::testing
