// The `permafrost` command: parses the command line, makes the real world, runs one command,
// answers with its exit code.
#include <unistd.h>

#include <cstdio>
#include <string>

#include <CLI/CLI.hpp>

#include "engine/daemon/commands.h"
#include "vfs/base/log.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {
namespace {

int Answer(const CommandResult& result) {
  std::fwrite(result.out.data(), 1, result.out.size(), stdout);
  std::fwrite(result.err.data(), 1, result.err.size(), stderr);
  const bool is_written = std::fflush(stdout) == 0;
  return static_cast<int>(is_written ? result.code : ExitCode::kInternal);
}

// Runs a command on the store below the data directory.
int RunOn(const std::string& data,
          CommandOptions options,
          CommandResult (*command)(const vfs::Env&, const CommandOptions&)) {
  auto fs = vfs::PosixFileSystem::Open(data);
  if (!fs.ok()) return Answer(Failure(fs.status()));
  vfs::SystemClock clock;
  vfs::NativeExecutor executor;
  // Commands that look draw nothing; a store is only ever made by `serve` and `ingest`.
  vfs::Prng prng(0);
  const vfs::Env env{.fs = fs->get(),
                     .clock = &clock,
                     .executor = &executor,
                     .prng = &prng,
                     .log = &vfs::StderrLog()};
  options.holder = std::to_string(::getpid());
  return Answer(command(env, options));
}

int Main(int argc, char** argv) {
  CLI::App app{"Permafrost: a crash-safe two-tier store of ledger history", "permafrost"};
  app.require_subcommand(1);
  std::string data;
  bool json = false;
  CommandOptions options;
  const auto common = [&](CLI::App* command) {
    command->add_option("--data", data, "Data directory")->required();
    command->add_flag("--json", json, "One JSON value on one line");
  };
  CLI::App* const audit = app.add_subcommand("audit", "Check the invariants of a store");
  common(audit);
  audit->add_option("--retention-chunks", options.retention_chunks,
                    "Chunks that are kept, for the floor; 0: all");
  CLI::App* const catalog = app.add_subcommand("catalog", "Look at the catalog");
  catalog->require_subcommand(1);
  CLI::App* const dump = catalog->add_subcommand("dump", "Print every key and value");
  common(dump);
  CLI::App* const version = app.add_subcommand("version", "Print version and store format");
  version->add_flag("--json", json, "One JSON value on one line");

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    std::fprintf(stderr, "permafrost: %s; see permafrost --help\n", error.what());
    return static_cast<int>(ExitCode::kUsage);
  }
  options.form = json ? OutputForm::kJson : OutputForm::kText;
  if (version->parsed()) return Answer(VersionCommand(options.form));
  if (audit->parsed()) return RunOn(data, options, AuditCommand);
  return RunOn(data, options, CatalogDumpCommand);
}

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) { return permafrost::engine::Main(argc, argv); }
