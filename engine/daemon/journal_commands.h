// The commands of `permafrost journal` on records, from a world and options to lines and an exit
// code. Lines go out as they come: their number has no bound.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/daemon/journal_parts.h"

namespace permafrost::engine {

struct JournalDumpOptions {
  std::optional<journal::Lsn> from = {};  // nothing: the first that is there
  std::uint64_t limit = std::numeric_limits<std::uint64_t>::max();
  std::optional<std::string> type = {};
};
// Changes nothing.
CommandResult JournalDumpCommand(const vfs::Env& env,
                                 const JournalPlaceOptions& options,
                                 const JournalDumpOptions& dump,
                                 Output output);

// Type byte and body of one record, whose BLAKE3 is its content address.
absl::StatusOr<std::string> JournalRawRecord(const vfs::Env& env,
                                             const JournalPlaceOptions& options,
                                             journal::Lsn lsn);

struct JournalReplayOptions {
  std::string records;                  // directory of the record store, in its own world
  std::vector<journal::Lsn> skip = {};  // not applied; a skip mark is journaled for each
  std::string operator_name = {};       // for the skip marks
};
// Applies what is durable from the record store's cursor on.
CommandResult JournalReplayCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   const vfs::Env& records_env,
                                   const JournalReplayOptions& replay);

using CursorSetting = std::pair<std::string, journal::Lsn>;
// "ingestor=42".
//
// Errors: kInvalidArgument
absl::StatusOr<CursorSetting> ParseCursorSetting(std::string_view text);
// Sets cursors, checkpoints what is applied, and removes the segments that nobody needs.
CommandResult JournalCheckpointCommand(const vfs::Env& env,
                                       const JournalPlaceOptions& options,
                                       const std::vector<CursorSetting>& cursors);

}  // namespace permafrost::engine
