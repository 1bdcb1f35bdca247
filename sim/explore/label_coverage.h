// Counts, per step label, how the cuts of a workload fell around its steps.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk/crash_images.h"
#include "sim/explore/certificate.h"
#include "sim/world/world.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

// Whether the exploration cut at every point of its run, or at chosen ones only.
enum class CutEverywhere { kYes, kNo };

// Threads: one thread at a time.
class LabelCounter {
 public:
  explicit LabelCounter(const std::vector<CrashPoint>& points);

  // Called around the images of each point, in order.
  void BeginPoint(const CrashPoint& point);
  void AddImage(const vfs::Hash128& key);
  void EndPoint(const ImageCount& count);

  // Adds the counts to the certificate. A label without cuts before and after, or with one distinct
  // image although something was pending, is put into labels_uncut, if the exploration meant to cut
  // there.
  void AddTo(Certificate& certificate, CutEverywhere cut_everywhere) const;

 private:
  using Instance = std::pair<std::string, std::uint64_t>;  // label, instance
  struct Extent {
    std::uint64_t first = 0;  // point indexes
    std::uint64_t last = 0;
  };
  struct Counts {
    LabelCoverage coverage;
    std::set<vfs::Hash128> keys;
  };
  enum class Role { kBefore, kInside, kAfter };

  std::map<Instance, Extent> extents_;
  std::map<std::uint64_t, std::vector<std::string>>
      ends_;  // point after an instance's last call -> labels
  std::map<std::string, Counts> counts_;
  std::vector<std::pair<std::string, Role>> roles_;  // of the current point
  bool point_is_sync_ = false;
};

}  // namespace permafrost::sim
