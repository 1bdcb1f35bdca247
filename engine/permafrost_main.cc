// The `permafrost` command: parses the command line, makes the real world, runs one command,
// answers with its exit code.
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/daemon/commands.h"
#include "vfs/base/log.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/fiu_run.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/stop_signal.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {
namespace {

constexpr int kExitReaderLeft = 141;  // what a shell shows for SIGPIPE

int Answer(const CommandResult& result) {
  const absl::Status written = vfs::WriteStandardOutput(result.out);
  std::fwrite(result.err.data(), 1, result.err.size(), stderr);
  if (written.ok()) return static_cast<int>(result.code);
  if (vfs::ErrnoOf(written) == EPIPE) return kExitReaderLeft;
  std::fprintf(stderr, "permafrost: %s\n", vfs::Message(written).c_str());
  return static_cast<int>(ExitCode::kInternal);
}

using StoreCommand = CommandResult (*)(const vfs::Env&, const CommandOptions&);

// Runs a command on the store below the data directory.
int RunOn(const std::string& data, CommandOptions options, StoreCommand command) {
  auto fs = vfs::PosixFileSystem::Open(data);
  if (!fs.ok()) {
    return Answer(Failure(vfs::MakeStatus(
        fs.status().code(), fmt::format("--data '{}': {}; name the data directory of a store", data,
                                        vfs::Message(fs.status())))));
  }
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

// Runs it again and again until a signal asks to stop. A round that fails is reported and the next
// one begins anew, with nothing kept from it.
int Watch(const std::string& data,
          const CommandOptions& options,
          StoreCommand command,
          std::uint32_t seconds) {
  constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
  vfs::StopSignal stop;
  int first_failure = 0;
  do {
    const int code = RunOn(data, options, command);
    if (code == kExitReaderLeft) return code;
    if (first_failure == 0) first_failure = code;
  } while (!stop.Wait(seconds * kNanosPerSecond));
  return first_failure;
}

int Main(int argc, char** argv) {
  vfs::ArmFaultPointsUnderFiuRun();
  ::signal(SIGPIPE, SIG_IGN);  // a write to a reader that left fails, and the store is closed first
  CLI::App app{"Permafrost: a crash-safe two-tier store of ledger history", "permafrost"};
  app.require_subcommand(1);
  std::string data;
  bool json = false;
  CommandOptions options;
  std::uint32_t watch_seconds = 0;  // 0: once
  const auto common = [&](CLI::App* command) {
    command->add_option("--data", data, "Data directory")->required();
    command->add_flag("--json", json, "One JSON value on one line");
  };
  CLI::App* const audit = app.add_subcommand("audit", "Check the invariants of a store");
  common(audit);
  audit
      ->add_option("--retention-chunks", options.retention_chunks,
                   "Chunks that are kept, for the floor; 0: all")
      ->transform(vfs::WholeNumber({.max = std::numeric_limits<std::uint32_t>::max()}));
  audit
      ->add_option("--watch", watch_seconds,
                   "Audit again every so many seconds until SIGINT or SIGTERM; the exit code is "
                   "that of the first audit that failed")
      ->transform(vfs::WholeNumber({.min = 1, .max = std::numeric_limits<std::uint32_t>::max()}));
  CLI::App* const catalog = app.add_subcommand("catalog", "Look at the catalog");
  catalog->require_subcommand(1);
  CLI::App* const dump = catalog->add_subcommand("dump", "Print every key and value");
  common(dump);
  CLI::App* const version = app.add_subcommand("version", "Print version and store format");
  version->add_flag("--json", json, "One JSON value on one line");

  app.set_version_flag("--version", [] {
    const std::string line = VersionCommand(OutputForm::kText).out;
    return line.substr(0, line.size() - 1);  // the parser's answer gets its end of line back
  });
  const vfs::LineAnswer answer = vfs::ParseCommandLine(app, argc, argv);
  if (answer.kind == vfs::LineAnswer::Kind::kShow)
    return Answer({.code = ExitCode::kOk, .out = answer.text, .err = ""});
  if (answer.kind == vfs::LineAnswer::Kind::kRefuse)
    return Answer({.code = ExitCode::kUsage, .out = "", .err = answer.text});
  options.form = json ? OutputForm::kJson : OutputForm::kText;
  if (version->parsed()) return Answer(VersionCommand(options.form));
  if (audit->parsed() && watch_seconds != 0)
    return Watch(data, options, AuditCommand, watch_seconds);
  if (audit->parsed()) return RunOn(data, options, AuditCommand);
  return RunOn(data, options, CatalogDumpCommand);
}

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) { return permafrost::engine::Main(argc, argv); }
