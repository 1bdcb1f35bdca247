// The registry of probes that were reached.
#include "vfs/base/probe.h"

#include <vector>

#include "vfs/base/mutex.h"

namespace permafrost::vfs {
namespace {

struct Registry {
  Mutex mu;
  std::vector<Probe*> probes ABSL_GUARDED_BY(mu);
};

Registry& TheRegistry() {
  // Never destroyed: probes may be reached during exit.
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a registry is written
  static Registry* const registry = new Registry;
  return *registry;
}

}  // namespace

Probe::Probe(const char* name) : name_(name) {
  Registry& registry = TheRegistry();
  const MutexLock lock(&registry.mu);
  registry.probes.push_back(this);
}

std::map<std::string, std::uint64_t> ProbeCounts() {
  Registry& registry = TheRegistry();
  const MutexLock lock(&registry.mu);
  std::map<std::string, std::uint64_t> counts;
  for (const Probe* probe : registry.probes) {
    if (probe->count() > 0) counts[probe->name()] += probe->count();
  }
  return counts;
}

void ResetProbes() {
  Registry& registry = TheRegistry();
  const MutexLock lock(&registry.mu);
  for (Probe* probe : registry.probes) probe->Reset();
}

}  // namespace permafrost::vfs
