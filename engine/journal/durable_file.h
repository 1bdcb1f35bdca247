// `durable`: how far the writer of this boot has synced, for readers in other processes and for the
// report of a recovery. Never synced, never believed after a restart of the machine.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal_options.h"
#include "vfs/file_system.h"

namespace permafrost::engine::journal {

struct DurableMark {
  BootId boot_id{};
  std::uint64_t epoch = 0;   // nonce of the segment that was live then
  Lsn lsn = 0;               // the last durable
  std::uint64_t offset = 0;  // behind it
};

std::string EncodeDurable(const DurableMark& mark);

// Nothing: there is none, it is torn, or it is of another boot.
absl::StatusOr<std::optional<DurableMark>> ReadDurable(vfs::FileSystem* fs,
                                                       const std::string& directory,
                                                       const BootId& boot_id);

}  // namespace permafrost::engine::journal
