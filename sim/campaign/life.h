// One random life: a random workload, cut, recovered, continued, cut again, several times over;
// every answer judged.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/explore/certificate.h"
#include "sim/explore/generation.h"
#include "sim/explore/worker_pool.h"

namespace permafrost::sim {

// What one life showed. Plain data: it crosses a pipe as text.
struct Life {
  std::uint64_t seed = 0;
  std::uint64_t crash_points = 0;  // of all its generations
  std::uint64_t cuts = 0;
  std::uint64_t deaths = 0;
  std::uint64_t recoveries = 0;
  std::uint64_t schedules = 0;  // runs of the workload without a cut
  std::uint64_t opens = 0;
  vfs::Hash128 trace_hash;
  std::uint64_t schedule_hash = 0;  // of all its generations; 0: no threads
  std::map<std::string, std::uint64_t> probes;
  std::vector<FoundViolation> violations;
  std::vector<std::string> lines;  // of all its traces, if the rules keep them; not encoded
};

// Threads: runs on the caller's; an abort of the code under test aborts the caller.
Life RunLife(const Scenario& scenario,
             const CutRules& rules,
             const Repro& repro,
             std::uint64_t seed);

// Counts and findings of a life.
void AddTo(Certificate& certificate, const Life& life);
// What a worker that died was doing: its breadcrumb, or `base` if that is no repro.
Repro ReproOf(const ItemResult& result, const Repro& base);
// A life that ended its process, as a finding with the repro of what it was doing.
void AddDeathTo(Certificate& certificate, Repro repro, const std::string& last_words);

std::string Encode(const Life& life);
absl::StatusOr<Life> DecodeLife(std::string_view bytes);

}  // namespace permafrost::sim
