// The commands of `permafrost` that look at a store, as functions from a world and options to text
// and an exit code.
#pragma once

#include <cstdint>
#include <string>

#include <absl/status/status.h>

#include "engine/layout/layout.h"
#include "engine/ledger/ledger_source.h"
#include "vfs/env.h"

namespace permafrost::engine {

// What the shell sees.
enum class ExitCode : int {
  kOk = 0,
  kViolations = 1,  // the check found violations
  kAbsent = 1,      // the store has nothing of what was asked for
  kUsage = 2,       // command line or configuration, a missing directory
  kLocked = 3,      // another process holds a root
  kDataLoss = 4,    // damaged data or catalog
  kNoSpace = 5,
  kInternal = 70,
};

enum class OutputForm { kText, kJson };

struct CommandOptions {
  Roots roots = {};
  OutputForm form = OutputForm::kText;
  std::uint32_t retention_chunks = 0;  // for the floor of the audit; 0 keeps everything
  bool is_deep = false;                // the audit reads every byte of the frozen files
  bool is_repair = false;              // the audit is deep and makes again what is damaged
  std::string holder = {};             // the process id, for the lock files
};

struct CommandResult {
  ExitCode code = ExitCode::kOk;
  std::string out;  // for standard output
  std::string err;  // one line for standard error, or empty
};

// The error as a result: one line, and the code that the shell can act on. A held root is kLocked
// by its caller.
CommandResult Failure(const absl::Status& status);
// Of opening or using a store: a held root is kLocked.
CommandResult StoreFailure(const absl::Status& status);

// Both lock the whole store, change nothing but the lock files, and refuse a store that is not
// there. An audit that repairs audits; if there is damage it opens the store, makes again what can
// be, from `source` if it must (null: none), settles the store, and audits again. Its code is
// kDataLoss while anything is not repaired.
CommandResult AuditCommand(const vfs::Env& env,
                           const CommandOptions& options,
                           LedgerSource* source = nullptr);
CommandResult CatalogDumpCommand(const vfs::Env& env, const CommandOptions& options);
CommandResult VersionCommand(OutputForm form);

}  // namespace permafrost::engine
