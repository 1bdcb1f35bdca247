// Times Scenario::OpenDatabases on clones of one settled image.
#include "sim/campaign/raw_open.h"

#include <algorithm>
#include <vector>

#include "sim/sched/sched.h"

namespace permafrost::sim {

double MeasureRawOpenSeconds(const Scenario& scenario, const ExploreOptions& options) {
  const Workload workload = RunWorkload(scenario, options);
  const CrashImages images(workload.points.back().snapshot, {.kind = Personality::Kind::kAll},
                           {.images_max = 1, .random_images = 0, .seed = 0});
  DiskState image;
  images.ForEach([&](const CrashImage& kept) {
    image = kept.state;
    return false;
  });
  constexpr int kBatches = 7;
  constexpr int kOpensPerBatch = 20;
  std::vector<double> seconds;
  for (int batch = 0; batch < kBatches; ++batch) {
    std::uint64_t opens = 0;
    const std::uint64_t start = RealNanos();
    for (int i = 0; i < kOpensPerBatch; ++i) {
      World world(image, {.seed = 1, .plan = {}, .disk = options.rules.disk}, nullptr);
      opens += scenario.OpenDatabases(world);
    }
    if (opens == 0) return 0;
    seconds.push_back(static_cast<double>(RealNanos() - start) * 1e-9 / static_cast<double>(opens));
  }
  std::nth_element(seconds.begin(), seconds.begin() + kBatches / 2, seconds.end());
  return seconds[kBatches / 2];
}

}  // namespace permafrost::sim
