// The `permafrost` command: parses the command line, makes the real world, runs one command,
// answers with its exit code.
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>
#include <absl/functional/function_ref.h>
#include <fmt/format.h>

#include "engine/daemon/commands.h"
#include "engine/daemon/config_command.h"
#include "engine/daemon/config_flags.h"
#include "engine/daemon/journal_line.h"
#include "engine/daemon/ledger_line.h"
#include "engine/daemon/real_world.h"
#include "engine/daemon/serve_command.h"
#include "engine/daemon/sources.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/fiu_run.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/stop_signal.h"

namespace permafrost::engine {
namespace {

constexpr int kExitReaderLeft = 141;  // what a shell shows for SIGPIPE

// A command whose output failed says so itself; then that is told once.
int Answer(const CommandResult& result, StandardOutput& output) {
  const bool was_cut = !output.status().ok();
  absl::Status written = output.Write(result.out);
  if (written.ok()) written = output.Flush();
  if (!was_cut) std::fwrite(result.err.data(), 1, result.err.size(), stderr);
  if (written.ok()) return static_cast<int>(result.code);
  if (vfs::ErrnoOf(written) == EPIPE) return kExitReaderLeft;
  std::fprintf(stderr, "permafrost: %s\n", vfs::Message(written).c_str());
  return static_cast<int>(ExitCode::kInternal);
}

int Answer(const CommandResult& result) {
  StandardOutput output;
  return Answer(result, output);
}

using StoreCommand = absl::FunctionRef<CommandResult(const vfs::Env&, const CommandOptions&)>;

CommandResult AuditOnly(const vfs::Env& env, const CommandOptions& options) {
  return AuditCommand(env, options);
}

// Runs a command on the store below the data directory.
int RunOn(const std::string& data, CommandOptions options, StoreCommand command) {
  auto fs = vfs::PosixFileSystem::Open(data);
  if (!fs.ok()) {
    return Answer(Failure(vfs::MakeStatus(
        fs.status().code(), fmt::format("--data '{}': {}; name the data directory of a store", data,
                                        vfs::Message(fs.status())))));
  }
  RealWorld world(*std::move(fs));
  options.holder = std::to_string(::getpid());
  return Answer(command(world.Env(), options));
}

// How many processors this process may use.
std::uint64_t Processors() {
  cpu_set_t set;
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return static_cast<std::uint64_t>(CPU_COUNT(&set));
}

absl::StatusOr<LoadedConfig> Loaded(const ConfigFlags& flags, RequiredKeys required) {
  VFS_ASSIGN_OR_RETURN(ConfigInputs inputs, flags.Inputs());
  inputs.processors = Processors();
  inputs.required = required;
  return LoadedConfig::Load(inputs);
}

int RunConfigCheck(const ConfigFlags& flags, OutputForm form) {
  const absl::StatusOr<LoadedConfig> loaded = Loaded(flags, RequiredKeys::kMustBeSet);
  if (!loaded.ok()) return Answer(Failure(loaded.status()));
  if (!loaded->is_valid()) return Answer(Refused(loaded->findings(), form));
  auto fs = vfs::PosixFileSystem::Open(loaded->config().storage.default_data_dir);
  if (fs.status().code() == absl::StatusCode::kNotFound)
    return Answer(ConfigCheckCommand(*loaded, nullptr, form));
  if (!fs.ok()) {
    constexpr std::string_view kKey = "storage.default_data_dir";
    const Finding finding =
        loaded->FindingAbout({kKey}, fmt::format("{}: {}; name a directory that can be entered",
                                                 kKey, vfs::Message(fs.status())));
    return Answer(Refused({finding}, form));
  }
  RealWorld world(*std::move(fs));
  const vfs::Env env = world.Env();
  return Answer(ConfigCheckCommand(*loaded, &env, form));
}

// `spec` empty: there is no source.
int RunAudit(const std::string& data, const CommandOptions& options, const std::string& spec) {
  OpenedSource opened;
  if (!spec.empty()) {
    absl::StatusOr<OpenedSource> source = OpenSource(spec, nullptr);
    if (!source.ok()) return Answer(Failure(source.status()));
    opened = *std::move(source);
  }
  return RunOn(data, options, [&](const vfs::Env& env, const CommandOptions& all) {
    return AuditCommand(env, all, opened.source.get());
  });
}

int RunServe(const ConfigFlags& flags, OutputForm form) {
  const absl::StatusOr<LoadedConfig> loaded = Loaded(flags, RequiredKeys::kMustBeSet);
  if (!loaded.ok()) return Answer(Failure(loaded.status()));
  if (!loaded->is_valid()) return Answer(Refused(loaded->findings(), form));
  return Answer(ServeCommand(*loaded));
}

int RunConfigPrint(const ConfigFlags& flags, OutputForm form) {
  const absl::StatusOr<LoadedConfig> loaded = Loaded(flags, RequiredKeys::kMayBeMissing);
  if (!loaded.ok()) return Answer(Failure(loaded.status()));
  return Answer(ConfigPrintCommand(*loaded, form));
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
  CLI::Option* const watch =
      audit
          ->add_option("--watch", watch_seconds,
                       "Audit again every so many seconds until SIGINT or SIGTERM; the exit code "
                       "is that of the first audit that failed")
          ->transform(
              vfs::WholeNumber({.min = 1, .max = std::numeric_limits<std::uint32_t>::max()}));
  audit->add_flag("--deep", options.is_deep,
                  "Read every byte of the frozen files and compare it with its checksums");
  CLI::Option* const repair =
      audit
          ->add_flag("--repair", options.is_repair,
                     "With --deep, which it implies: make damaged files again, and audit again")
          ->excludes(watch);
  std::string source;
  audit
      ->add_option("--source", source,
                   "Where damaged ledger packs are made again from: lake:DIR or synthetic:SEED,N")
      ->needs(repair);
  CLI::App* const catalog = app.add_subcommand("catalog", "Look at the catalog");
  catalog->require_subcommand(1);
  CLI::App* const dump = catalog->add_subcommand("dump", "Print every key and value");
  common(dump);
  CLI::App* const config = app.add_subcommand("config", "Look at a configuration");
  config->require_subcommand(1);
  CLI::App* const check = config->add_subcommand("check", "Say what is wrong with it");
  check->add_flag("--json", json, "One JSON value on one line");
  const ConfigFlags check_flags(*check, ConfigFileRule::kRequired);
  CLI::App* const print = config->add_subcommand("print", "Print every key, its value and origin");
  print->add_flag("--json", json, "One JSON value on one line");
  const ConfigFlags print_flags(*print, ConfigFileRule::kOptional);
  LedgerLine ledgers(app);
  CLI::App* const serve =
      app.add_subcommand("serve", "Follow the source, freeze and prune, until SIGINT or SIGTERM");
  const ConfigFlags serve_flags(*serve, ConfigFileRule::kOptional);
  JournalLine journal(app);
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
  if (ledgers.is_parsed()) return Answer(ledgers.Run());
  if (journal.is_parsed()) {
    StandardOutput output;
    const CommandResult result = journal.Run(output);
    return Answer(result, output);
  }
  if (version->parsed()) return Answer(VersionCommand(options.form));
  if (serve->parsed()) return RunServe(serve_flags, options.form);
  if (check->parsed()) return RunConfigCheck(check_flags, options.form);
  if (print->parsed()) return RunConfigPrint(print_flags, options.form);
  if (audit->parsed() && watch_seconds != 0) return Watch(data, options, AuditOnly, watch_seconds);
  if (audit->parsed()) return RunAudit(data, options, source);
  return RunOn(data, options, CatalogDumpCommand);
}

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) { return permafrost::engine::Main(argc, argv); }
