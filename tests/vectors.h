// Reads the vector files of tests/data; a file that is not there, or is not JSON, fails the test.
#pragma once

#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

namespace permafrost {

// `name` is a file of tests/data; tests run in the repository's root.
inline nlohmann::json ReadVectors(const std::string& name) {
  std::ifstream file("tests/data/" + name);
  return nlohmann::json::parse(file);  // throws, which fails the test and names the finding
}

}  // namespace permafrost
