// Whether bytes are a write batch as RocksDB writes them to its log, and which sequence it has.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace permafrost::vfs {

struct BatchHead {
  std::uint64_t sequence = 0;  // of its first operation
  std::uint32_t count = 0;     // operations, one sequence number each
};

// Nothing if the header is cut short or the operations do not fill the batch exactly as counted.
std::optional<BatchHead> ParseBatch(std::string_view payload);

}  // namespace permafrost::vfs
