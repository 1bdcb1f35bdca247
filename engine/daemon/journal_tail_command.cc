// A tailer, a loop, a pause.
#include "engine/daemon/journal_tail_command.h"

#include <memory>
#include <optional>
#include <vector>

#include "engine/journal/tailer.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::uint64_t kPauseNanos = 100'000'000;
constexpr std::size_t kRecordsAtOnce = 16;  // in memory; each may be as long as a record can be

absl::Status Tail(const vfs::Env& env,
                  const JournalPlaceOptions& options,
                  const JournalTailOptions& tail,
                  Pause pause,
                  Output output) {
  std::optional<std::uint8_t> type;
  if (tail.which.type.has_value()) {
    VFS_ASSIGN_OR_RETURN(type, ParseRecordType(*tail.which.type));
  }
  VFS_ASSIGN_OR_RETURN(const journal::JournalOptions found, ExistingOptions(env, options));
  VFS_ASSIGN_OR_RETURN(const journal::Lsn there,
                       FirstLsn(env.fs, options.directory, found.store_id));
  VFS_ASSIGN_OR_RETURN(const journal::Lsn from, FirstToRead(there, tail.which.from));
  VFS_ASSIGN_OR_RETURN(const auto tailer, journal::Tailer::Open(env.fs, options.directory,
                                                                {.name = "tail-" + options.holder,
                                                                 .from_lsn = from,
                                                                 .boot_id = options.boot_id,
                                                                 .store_id = found.store_id,
                                                                 .is_deep = true,
                                                                 .lock_content = options.holder}));
  for (std::uint64_t left = tail.which.limit; left > 0;) {
    VFS_ASSIGN_OR_RETURN(const std::vector<JournalRecord> records, tailer->Next(kRecordsAtOnce));
    for (const JournalRecord& record : records) {
      if (left == 0 || (type.has_value() && record.type != *type)) continue;
      VFS_RETURN_IF_ERROR(output(RecordLine(record, options.form)));
      --left;
    }
    if (records.empty() && tail.at_the_end == AtTheEnd::kStop) break;
    if (left == 0) break;
    VFS_ASSIGN_OR_RETURN(const bool is_over, pause(records.empty() ? kPauseNanos : 0));
    if (is_over) break;
  }
  return absl::OkStatus();
}

}  // namespace

CommandResult JournalTailCommand(const vfs::Env& env,
                                 const JournalPlaceOptions& options,
                                 const JournalTailOptions& tail,
                                 Pause pause,
                                 Output output) {
  const absl::Status done = Tail(env, options, tail, pause, output);
  return done.ok() ? CommandResult{} : JournalFailure(done);
}

}  // namespace permafrost::engine
