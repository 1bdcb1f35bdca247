// `permafrost journal` and `permafrost records` on a command line: their flags, and what runs when
// they were parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "engine/daemon/config_flags.h"
#include "engine/daemon/journal_commands.h"
#include "engine/daemon/real_world.h"

namespace permafrost::engine {

// Must outlive the parsing of the application it was added to.
//
// Threads: one thread at a time.
class JournalLine {
 public:
  explicit JournalLine(CLI::App& app);
  JournalLine(const JournalLine&) = delete;
  JournalLine& operator=(const JournalLine&) = delete;

  // Whether one of its commands was given.
  bool is_parsed() const;
  // Runs it. Its lines go to `output` as they come, the rest is the result.
  CommandResult Run(StandardOutput& output);

 private:
  using Runner = CommandResult (JournalLine::*)(StandardOutput&);

  CLI::App* Add(CLI::App& group, const std::string& name, const std::string& help, Runner run);
  void AddJournalCommands(CLI::App& journal);
  void AddRecordsCommands(CLI::App& records);
  // Configuration of commands that write.
  void AddWriting(CLI::App& command);

  // The world of --dir, and the journal's place in it.
  struct Place {
    std::unique_ptr<RealWorld> world;
    JournalPlaceOptions options;
  };
  absl::StatusOr<Place> OpenPlace(std::string_view flag, const std::string& path) const;

  // Of dump and tail.
  JournalDumpOptions Which() const;

  // Sets `writer_`, if this command writes.
  //
  // Errors: findings, and of the file
  absl::StatusOr<std::vector<Finding>> Configure(const CLI::App* command);

  CommandResult Append(StandardOutput& output);
  CommandResult AppendLedgers(Output output);
  CommandResult Dump(StandardOutput& output);
  CommandResult Tail(StandardOutput& output);
  CommandResult Raw(const Place& place, StandardOutput& output);
  CommandResult Verify(StandardOutput& output);
  CommandResult Replay(StandardOutput& output);
  CommandResult Checkpoint(StandardOutput& output);
  CommandResult Put(StandardOutput& output);
  CommandResult Get(StandardOutput& output);
  CommandResult Subject(StandardOutput& output);

  std::vector<std::pair<CLI::App*, Runner>> runners_;
  std::string directory_;
  bool is_json_ = false;
  std::string type_;
  std::string json_file_ = "-";
  std::string source_;
  std::optional<std::uint32_t> first_ledger_;
  std::string store_id_;
  std::vector<std::pair<CLI::App*, std::unique_ptr<ConfigFlags>>> writing_;
  journal::JournalOptions writer_;
  std::optional<std::uint64_t> from_;
  std::optional<std::uint64_t> limit_;
  std::vector<std::string> raw_;  // LSN, file
  bool is_following_ = false;
  bool is_deep_ = false;
  std::optional<std::uint64_t> truncate_at_;
  std::vector<std::string> remove_cursors_;
  std::string records_;
  std::vector<std::uint64_t> skip_;
  std::vector<std::string> cursors_;
  std::string word_;  // of `records`
  std::string account_;
  std::string epoch_;
  std::string lsn_;
};

}  // namespace permafrost::engine
