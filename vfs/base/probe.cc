// The list of probes that were reached.
#include "vfs/base/probe.h"

namespace permafrost::vfs {
namespace {

// Pushed onto, never taken from. No lock: the first hit of a probe must be no scheduling point in a
// simulated run, or that run would differ from the later ones.
std::atomic<Probe*> g_last{nullptr};

}  // namespace

Probe::Probe(const char* name) : name_(name), before_(g_last.load()) {
  while (!g_last.compare_exchange_weak(before_, this)) {
  }
}

std::map<std::string, std::uint64_t> ProbeCounts() {
  std::map<std::string, std::uint64_t> counts;
  for (const Probe* probe = g_last.load(); probe != nullptr; probe = probe->before_) {
    if (probe->count() > 0) counts[probe->name()] += probe->count();
  }
  return counts;
}

void ResetProbes() {
  for (Probe* probe = g_last.load(); probe != nullptr; probe = probe->before_) probe->Reset();
}

}  // namespace permafrost::vfs
