// Probes count what was reached.
#include "vfs/base/probe.h"

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

void Reach() { VFS_PROBE("tests/probe/reached"); }

TEST(Probe, CountsOnlyWhatWasReachedSinceTheReset) {
  ResetProbes();
  EXPECT_FALSE(ProbeCounts().contains("tests/probe/reached"));

  Reach();
  Reach();
  EXPECT_EQ(ProbeCounts().at("tests/probe/reached"), 2U);

  ResetProbes();
  EXPECT_FALSE(ProbeCounts().contains("tests/probe/reached"));
}

TEST(Probe, TwoSitesOfOneNameAddUp) {
  ResetProbes();

  VFS_PROBE("tests/probe/twice");
  VFS_PROBE("tests/probe/twice");

  EXPECT_EQ(ProbeCounts().at("tests/probe/twice"), 2U);
}

}  // namespace
}  // namespace permafrost::vfs
