# Sources of vfs/base: what everything else is written with.
target_sources(permafrost_vfs PRIVATE
  base/blake3.cc base/check.cc base/crc32c.cc base/escape.cc base/fault_point.cc base/hash.cc base/hex.cc base/log.cc base/nearest.cc base/prng.cc
  base/probe.cc base/status.cc base/step.cc)
