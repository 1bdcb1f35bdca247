// Names and values of the domains of catalog/lifecycle, and its ids as plain numbers.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "engine/geometry/ids.h"
#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"

namespace permafrost::sim::lifecycle {

inline constexpr char kFull[] = "full";

inline engine::ChunkId Id(std::uint32_t chunk) {
  return engine::ChunkId{static_cast<std::int32_t>(chunk)};
}
inline std::uint32_t Number(engine::ChunkId chunk) {
  return static_cast<std::uint32_t>(chunk.value());
}

inline std::string CountText(std::uint32_t count) {
  if (count == 0) return kAbsent;
  if (count == kModelLedgersPerChunk) return kFull;
  return fmt::format("{} of {}", count, kModelLedgersPerChunk);
}

inline std::string Domain(std::string_view what, std::uint32_t chunk) {
  return fmt::format("{}/{}", what, chunk);
}

inline std::uint32_t ToNumber(const std::string& text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace permafrost::sim::lifecycle
