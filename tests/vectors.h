// Reads the vector files of tests/data; a file that is not there, or is not JSON, fails the test.
#pragma once

#include <fstream>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace permafrost {

// `name` is a file of tests/data; tests run in the repository's root.
inline nlohmann::json ReadVectors(const std::string& name) {
  std::ifstream file("tests/data/" + name);
  return nlohmann::json::parse(file);  // throws, which fails the test and names the finding
}

// The bytes of a string of hex digits, as the vector files write them.
inline std::string BytesOfHex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return bytes;
}

}  // namespace permafrost
