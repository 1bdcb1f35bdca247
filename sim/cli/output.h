// What the powercut commands print, and what becomes of a standard output that takes no more.
#pragma once

#include <string_view>

#include <absl/status/status.h>
#include <nlohmann/json.hpp>

#include "sim/cli/command.h"

namespace permafrost::sim {

// On stdout. After the first write that fails nothing more is written there; FinishOutput says so.
void Print(std::string_view text);
// People's text: stdout, or stderr when stdout carries JSON; nothing with --quiet.
void Say(const CommonFlags& flags, std::string_view text);
// One line on stdout.
void PrintJson(const nlohmann::ordered_json& json);
// "powercut: text" on stderr, and the exit code that the status means.
int Fail(const absl::Status& status);

// Whether the reader of stdout has closed it: nobody waits for what would come next.
bool HasReaderLeft();
// The exit code of a command that ended with `code`, once its output is considered: 141 if the
// reader left, 5 and a line on stderr if stdout failed otherwise. A violation outweighs both.
int FinishOutput(int code);

}  // namespace permafrost::sim
