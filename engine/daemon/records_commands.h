// The commands of `permafrost records` that look at a record store.
#pragma once

#include <string>

#include "engine/daemon/commands.h"
#include "vfs/env.h"

namespace permafrost::engine {

enum class RecordsQuestion {
  kHash,     // an assertion and its votes
  kAccount,  // what it holds
  kEpoch,    // by its id in hex
  kLsn,      // type and content address of a record
  kSubject,  // the assertions about it
};

// Opens the record store of a directory (which is then this process's) and answers one question. A
// directory without a store is refused.
CommandResult RecordsCommand(const vfs::Env& env,
                             const std::string& directory,
                             OutputForm form,
                             RecordsQuestion question,
                             const std::string& word);

}  // namespace permafrost::engine
