// What a journal is opened with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <absl/status/status.h>

#include "engine/journal/journal_types.h"

namespace permafrost::engine::journal {

using BootId = std::array<std::uint8_t, 16>;

struct JournalOptions {
  StoreId store_id{};
  std::uint64_t segment_bytes = std::uint64_t{64} << 20;
  std::uint64_t max_batch_bytes = std::uint64_t{4} << 20;  // of one write and sync
  std::uint64_t max_delay_us = 0;  // how long a leader waits for others to join
  std::size_t batch_size = 128;    // buffered records that flush by themselves
  std::size_t max_checkpoints = 3;
  // Of this boot of the machine; all zero: unknown, and `durable` is neither written nor believed.
  BootId boot_id{};
  std::string lock_content;  // what the next writer is told of this one: the process id
};

// Errors: kInvalidArgument  the value, the rule and the remedy
absl::Status CheckOptions(const JournalOptions& options);

// The largest body that a segment of these options takes: it holds at least four records.
std::size_t BodyBytesMax(const JournalOptions& options);

}  // namespace permafrost::engine::journal
