// The powercut command: argv in, exit code out.
#include <signal.h>

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <rocksdb/version.h>

#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/sched/sched.h"
#include "vfs/posix/command_line.h"

int main(int argc, char** argv) {
  using permafrost::sim::ExitCode;
  using permafrost::vfs::LineAnswer;
  permafrost::sim::InstallInterruptHandlers();
  signal(SIGPIPE, SIG_IGN);  // a reader that leaves is noticed at the next write, between two steps
  CLI::App app{
      "powercut: cuts the power at every step of a storage engine and proves what it promised\n"
      "Exit codes: 0 held, 1 violated, 2 usage, 3 indeterminate (something was never reached), 4 "
      "not deterministic, "
      "5 harness failed, 130/143 interrupted, 141 the reader of the output left"};
  app.name("powercut");
  app.set_version_flag(
      "--version", fmt::format("powercut {} ({}), RocksDB {}, trace format 1", PERMAFROST_VERSION,
                               PERMAFROST_COMPILER, rocksdb::GetRocksVersionAsString(true)));
  app.require_subcommand(1);
  ExitCode exit;
  permafrost::sim::AddListCommand(app, exit);
  permafrost::sim::AddSweepCommand(app, exit);
  permafrost::sim::AddRunCommand(app, exit);
  permafrost::sim::AddKillCommand(app, exit);
  permafrost::sim::AddReplayCommand(app, exit);
  permafrost::sim::AddMinimizeCommand(app, exit);
  permafrost::sim::AddSyncsCommand(app, exit);
  permafrost::sim::AddRotCommand(app, exit);
  permafrost::sim::AddDeterminismCommands(app, exit);
  permafrost::sim::AddBenchCommand(app, exit);
  permafrost::sim::AddFiuCommand(app, exit);
  const absl::Status bound = permafrost::sim::CheckBindings();
  if (!bound.ok()) return permafrost::sim::Fail(bound);
  const LineAnswer answer = permafrost::vfs::ParseCommandLine(app, argc, argv);
  if (answer.kind == LineAnswer::Kind::kRefuse) {
    std::fputs(answer.text.c_str(), stderr);
    return permafrost::sim::kExitUsage;
  }
  permafrost::sim::Print(answer.text);
  return permafrost::sim::FinishOutput(exit.value);
}
