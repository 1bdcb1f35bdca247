// The powercut command: argv in, exit code out.
#include <sys/personality.h>
#include <unistd.h>

#include <cstdio>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <rocksdb/version.h>

#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/explore/interrupt.h"
#include "sim/sched/sched.h"

int main(int argc, char** argv) {
  using permafrost::sim::ExitCode;
  permafrost::sim::InstallInterruptHandlers();
  CLI::App app{
      "powercut: cuts the power at every step of a storage engine and proves what it promised\n"
      "Exit codes: 0 held, 1 violated, 2 usage, 3 indeterminate (something was never reached), 4 "
      "not deterministic, "
      "5 harness failed, 130/143 interrupted"};
  app.name("powercut");
  app.set_version_flag(
      "--version", fmt::format("powercut {} ({}), RocksDB {}, trace format 1", PERMAFROST_VERSION,
                               PERMAFROST_COMPILER, rocksdb::GetRocksVersionAsString(true)));
  app.require_subcommand(1);
  ExitCode exit;
  permafrost::sim::AddListCommand(app, exit);
  permafrost::sim::AddSweepCommand(app, exit);
  permafrost::sim::AddRunCommand(app, exit);
  permafrost::sim::AddReplayCommand(app, exit);
  permafrost::sim::AddSyncsCommand(app, exit);
  permafrost::sim::AddDeterminismCommands(app, exit);
  permafrost::sim::AddBenchCommand(app, exit);
  const absl::Status bound = permafrost::sim::CheckBindings();
  if (!bound.ok()) return permafrost::sim::Fail(bound);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The parser's own codes (104 and up) all mean usage here; help and version are success.
    if (error.get_exit_code() == 0) return app.exit(error);
    std::fprintf(stderr, "powercut: %s; see powercut --help\n", error.what());
    return permafrost::sim::kExitUsage;
  }
  return exit.value;
}
