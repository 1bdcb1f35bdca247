// Lakes of 30,000 ledgers that make-lake.mjs makes below $PERMAFROST_DATA, for the label `lake`.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace permafrost::engine {

// The directory of "lake-30000" (single ledgers) or "lake-64" (batches of 64); one that is not
// there fails the test and says how it is made.
inline std::string MadeLake(const std::string& name) {
  const char* const data = std::getenv("PERMAFROST_DATA");
  std::string lake = std::string(data == nullptr ? "." : data) + "/" + name;
  const char* const sizes = name == "lake-64" ? " --per-batch 64 --batches-per-partition 10" : "";
  EXPECT_TRUE(std::filesystem::exists(lake) && std::filesystem::exists(lake + ".index.jsonl"))
      << lake << " is not there; set PERMAFROST_DATA to the folder that has it, or make it there: "
      << "node make-lake.mjs --out " << lake << " --ledgers 30000" << sizes;
  return lake;
}

}  // namespace permafrost::engine
