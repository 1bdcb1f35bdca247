// What the commands on journals share: which store a journal is of, opening it to read or to write,
// and a record as a line.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <nlohmann/json.hpp>

#include "engine/daemon/commands.h"
#include "engine/journal/journal.h"
#include "engine/journal/record_types.h"
#include "vfs/env.h"

namespace permafrost::engine {

// A journal, in the directory above which the file system of the command was opened.
struct JournalPlaceOptions {
  std::string directory;
  OutputForm form = OutputForm::kText;
  std::string holder = {};                        // the process id, for the lock file
  std::optional<journal::StoreId> store_id = {};  // nothing: as found, or drawn
  journal::JournalOptions writer = {};            // sizes and limits of a command that writes
  journal::BootId boot_id{};                      // all zero: unknown
};

// Where the lines of a command go as they come. After an error the command ends.
using Output = absl::FunctionRef<absl::Status(std::string_view)>;
// The next piece of the input; empty at its end.
using Input = absl::FunctionRef<absl::StatusOr<std::string>()>;

// As Failure, and with the code of a journal that another process writes.
CommandResult JournalFailure(const absl::Status& status);

// 32 hex digits.
//
// Errors: kInvalidArgument
absl::StatusOr<journal::StoreId> ParseStoreId(std::string_view hex);

// Of the segments that are there; nothing if there is none.
//
// Errors: kDataLoss  no segment has a header that can be read
absl::StatusOr<std::optional<journal::StoreId>> FindStoreId(vfs::FileSystem* fs,
                                                            const std::string& directory);

// The options of a journal that exists.
//
// Errors: kNotFound  it holds no segment
absl::StatusOr<journal::JournalOptions> ExistingOptions(const vfs::Env& env,
                                                        const JournalPlaceOptions& options);

enum class IfMissing { kRefuse, kMake };

// Opens it for writing.
absl::StatusOr<std::unique_ptr<journal::Journal>> OpenJournal(const vfs::Env& env,
                                                              const JournalPlaceOptions& options,
                                                              IfMissing rule);

// How often a reading that found damage is repeated beside a writer that goes on.
inline constexpr std::size_t kReadingsMax = 20;

// What can be read of a journal without changing it.
struct JournalOnDisk {
  std::vector<journal::Segment> segments;
  journal::Lsn first = 1;  // the first LSN that is needed, and there
  journal::Lsn last = 0;   // as a recovery would keep it
  journal::RecoveryReport report;
};
absl::StatusOr<JournalOnDisk> InspectJournal(const vfs::Env& env,
                                             const JournalPlaceOptions& options);

// The first LSN that is needed, and there, from names and headers alone.
absl::StatusOr<journal::Lsn> FirstLsn(vfs::FileSystem* fs,
                                      const std::string& directory,
                                      const journal::StoreId& store_id);
// Where reading begins that was asked to begin at `from`; nothing: at the first that is there.
//
// Errors: kOutOfRange  `from` was truncated
absl::StatusOr<journal::Lsn> FirstToRead(journal::Lsn there,
                                         const std::optional<journal::Lsn>& from);

// The number of a type that a flag names.
//
// Errors: kInvalidArgument  no such type, with the nearest
absl::StatusOr<std::uint8_t> ParseRecordType(std::string_view name);

// A record as one object: lsn, offset, unix_micros, hash, durable, type, body. In place of a body
// that cannot be decoded stands "undecodable": why.
nlohmann::ordered_json RecordJson(const JournalRecord& record);
// "7 4096 vote <hash> {...}".
std::string RecordText(const JournalRecord& record);

std::string JsonLine(const nlohmann::ordered_json& json);
std::string RecordLine(const JournalRecord& record, OutputForm form);

// The record that a line of JSON says, checked: of the type `type`; or, if there is none, of an
// object with "type" and "body", as `journal dump --json` prints it.
//
// Errors: kInvalidArgument
absl::StatusOr<Record> RecordOfLine(const std::optional<std::string>& type, std::string_view line);

}  // namespace permafrost::engine
