// `permafrost ingest`, `get` and `status` on a command line: their flags, and what runs when they
// were parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "engine/daemon/ledger_commands.h"
#include "engine/daemon/real_world.h"

namespace permafrost::engine {

// Must outlive the parsing of the application it was added to.
//
// Threads: one thread at a time.
class LedgerLine {
 public:
  explicit LedgerLine(CLI::App& app);
  LedgerLine(const LedgerLine&) = delete;
  LedgerLine& operator=(const LedgerLine&) = delete;

  // Whether one of its commands was given.
  bool is_parsed() const;
  CommandResult Run();

 private:
  using Runner = CommandResult (LedgerLine::*)();

  CLI::App* Add(CLI::App& group, const std::string& name, const std::string& help, Runner run);
  void AddIngest(CLI::App& app);
  void AddGet(CLI::App& get);

  enum class IfMissing { kRefuse, kMake };
  // The world of --data.
  absl::StatusOr<std::unique_ptr<RealWorld>> OpenData(IfMissing rule) const;
  CommandOptions Common() const;

  CommandResult Ingest();
  CommandResult GetLedger();
  CommandResult GetTransaction();
  CommandResult GetEvents();
  CommandResult Status();

  std::vector<std::pair<CLI::App*, Runner>> runners_;
  std::string data_;
  bool is_json_ = false;
  std::string source_;
  IngestOptions ingest_;
  std::uint32_t retention_chunks_ = 0;
  std::uint32_t sequence_ = 0;
  std::string raw_file_;
  std::string hash_;
  std::uint32_t from_ = 0;
  std::uint32_t to_ = 0;
  EventsOptions events_;
};

}  // namespace permafrost::engine
