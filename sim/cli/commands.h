// The powercut commands. Each adds its subcommand to the parser; its body runs when chosen and
// returns an exit code.
#pragma once

#include <CLI/CLI.hpp>

namespace permafrost::sim {

// The exit code of the command that ran; set by the command's callback.
struct ExitCode {
  int value = 0;
};

void AddKillCommand(CLI::App& app, ExitCode& exit);
void AddListCommand(CLI::App& app, ExitCode& exit);
void AddFiuCommand(CLI::App& app, ExitCode& exit);
void AddSweepCommand(CLI::App& app, ExitCode& exit);
void AddRunCommand(CLI::App& app, ExitCode& exit);
void AddReplayCommand(CLI::App& app, ExitCode& exit);
void AddMinimizeCommand(CLI::App& app, ExitCode& exit);
void AddSyncsCommand(CLI::App& app, ExitCode& exit);
void AddRotCommand(CLI::App& app, ExitCode& exit);
void AddDeterminismCommands(CLI::App& app, ExitCode& exit);
void AddBenchCommand(CLI::App& app, ExitCode& exit);

}  // namespace permafrost::sim
