// VFS_PROBE("area/what_happened"): a mark on a rare, important branch. Campaigns demand that their
// probes were reached.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

namespace permafrost::vfs {

// One per site; lives for ever. Reaching it is one relaxed increment.
class Probe {
 public:
  explicit Probe(const char* name);
  void Reach() { count_.fetch_add(1, std::memory_order_relaxed); }

  const char* name() const { return name_; }
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  void Reset() { count_.store(0, std::memory_order_relaxed); }

 private:
  friend std::map<std::string, std::uint64_t> ProbeCounts();
  friend void ResetProbes();

  const char* const name_;
  Probe* before_;  // in the list of all
  std::atomic<std::uint64_t> count_{0};
};

// Hits by name of every probe reached since the last reset (a site registers when first reached).
//
// Threads: any thread.
std::map<std::string, std::uint64_t> ProbeCounts();
void ResetProbes();

}  // namespace permafrost::vfs

#define VFS_PROBE(name)                                   \
  do {                                                    \
    static ::permafrost::vfs::Probe vfs_probe_site(name); \
    vfs_probe_site.Reach();                               \
  } while (false)
