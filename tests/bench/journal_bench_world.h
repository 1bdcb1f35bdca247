// A journal on the real disk, with all that it needs around it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "engine/journal/journal.h"
#include "vfs/base/prng.h"
#include "vfs/env.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::bench {

inline constexpr std::uint8_t kBenchType = 1;
inline constexpr char kBenchJournal[] = "journal";  // the directory below the root

// With the file `durable`, as the product has it.
engine::journal::JournalOptions BenchJournalOptions();

class RealWorld {
 public:
  explicit RealWorld(const std::string& root);

  vfs::Env env();
  std::unique_ptr<engine::journal::Journal> OpenJournal(
      const engine::journal::JournalOptions& options = BenchJournalOptions());
  // The segments that are there; nothing is changed.
  std::vector<engine::journal::Segment> Segments();

 private:
  std::unique_ptr<vfs::PosixFileSystem> fs_;
  vfs::SystemClock clock_;
  vfs::NativeExecutor executor_;
  vfs::Prng prng_{1};
};

}  // namespace permafrost::bench
