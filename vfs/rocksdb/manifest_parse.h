// What the log scan needs from a MANIFEST: which logs recovery will read, and what the tables
// already hold.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::vfs {

// One record of a MANIFEST, as far as it concerns logs.
struct VersionEdit {
  std::uint32_t family = 0;
  bool adds_family = false;
  bool drops_family = false;
  std::optional<std::uint64_t> log_number;
  std::optional<std::uint64_t> min_log_to_keep;
  std::optional<std::uint64_t> next_file;
  std::optional<std::uint64_t> last_sequence;
  std::optional<std::uint32_t>
      group_remaining;  // part of an atomic group: edits of it still to come
};

// Errors: kDataLoss  not an edit, or one with a field that this version does not know; the text is
//         the finding alone
absl::StatusOr<VersionEdit> DecodeVersionEdit(std::string_view bytes);

// The edits of a MANIFEST, added up.
class ManifestState {
 public:
  void Apply(const VersionEdit& edit);

  // Recovery skips logs with smaller numbers.
  std::uint64_t MinLog() const;
  std::uint64_t next_file() const { return next_file_; }
  // The newest sequence number that the tables hold.
  std::uint64_t last_sequence() const { return last_sequence_; }
  // Whether every log before MinLog is wholly in the tables and nothing after it is: then the first
  // batch of the logs has sequence number last_sequence() + 1.
  bool LogsContinueTables() const;
  // Whether the last edit left an atomic group open.
  bool in_group() const { return in_group_; }

 private:
  std::map<std::uint32_t, std::uint64_t> log_numbers_ = {{0, 0}};  // by family
  std::uint64_t min_log_to_keep_ = 0;
  std::uint64_t next_file_ = 0;
  std::uint64_t last_sequence_ = 0;
  bool in_group_ = false;
};

}  // namespace permafrost::vfs
