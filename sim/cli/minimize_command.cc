// `powercut minimize FILE`: writes a smaller repro that breaks the same invariant.
#include <sys/stat.h>

#include <memory>

#include <fmt/format.h>

#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/findings.h"
#include "sim/cli/host_file.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/repro/shrink.h"
#include "sim/sched/sched.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

struct MinimizeFlags {
  std::string file;
  std::string out;
  double seconds_max = 20;
  bool is_json = false;
  bool is_quiet = false;
};

// "a/x.repro" gives "a/x.min.repro".
std::string DefaultOut(std::string file) {
  constexpr std::string_view kEnd = ".repro";
  if (file.ends_with(kEnd)) file.resize(file.size() - kEnd.size());
  return file + ".min.repro";
}

// Whether the file can be written, before the work.
absl::Status CheckOutFile(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode))
    return vfs::InvalidArgument("--out '{}': is a directory; name a file", path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return CheckOut(".");
  return CheckOut(slash == 0 ? "/" : path.substr(0, slash));
}

nlohmann::ordered_json ToJson(const ReproSize& size) {
  return {{"operations", size.ops},
          {"faults", size.faults},
          {"cuts", size.cuts},
          {"lost_units", size.lost_units},
          {"choices", size.choices}};
}

absl::StatusOr<Shrunk> Minimize(const MinimizeFlags& flags, const Repro& repro) {
  VFS_ASSIGN_OR_RETURN(const ReproSetup setup, SetupOf(repro));
  vfs::Progress progress(flags.is_quiet, RealNanos);
  ShrinkLimits limits{.seconds_max = flags.seconds_max, .progress = {}};
  limits.progress = [&](const ReproSize& now, std::uint64_t replays, double share) {
    progress.Update(share, fmt::format("{} operations, {} lost units, {} choices, {} replays",
                                       now.ops, now.lost_units, now.choices, replays));
  };
  return Shrink(*setup.scenario, setup.options, repro, limits);
}

// One object on the last line, or a few lines for people.
void Report(const MinimizeFlags& flags, const std::string& out, const Shrunk& shrunk) {
  CommonFlags output;
  output.is_json = flags.is_json;
  output.is_quiet = flags.is_quiet;
  Say(output,
      fmt::format("  {}\n  {} replays, {:.1f} s{}\n  artifact:  {}\n"
                  "Reproduce:   powercut replay {}\n"
                  "SUMMARY: powercut: minimized {} ({}; {} operations, {} lost units)\n",
                  Compared(shrunk.before, shrunk.after), shrunk.replays, shrunk.seconds,
                  shrunk.is_cut_short ? "; the time was over: more may go" : "", out, out,
                  flags.file, shrunk.repro.expect, shrunk.after.ops, shrunk.after.lost_units));
  if (!flags.is_json) return;
  PrintJson({{"repro", flags.file},
             {"out", out},
             {"invariant", shrunk.repro.expect},
             {"before", ToJson(shrunk.before)},
             {"after", ToJson(shrunk.after)},
             {"replays", shrunk.replays},
             {"seconds", shrunk.seconds},
             {"cut_short", shrunk.is_cut_short}});
}

absl::Status MinimizeFile(const MinimizeFlags& flags) {
  const std::string out = flags.out.empty() ? DefaultOut(flags.file) : flags.out;
  VFS_ASSIGN_OR_RETURN(const Repro repro, ReadRepro(flags.file));
  VFS_RETURN_IF_ERROR(CheckOutFile(out));
  VFS_ASSIGN_OR_RETURN(const Shrunk shrunk, Minimize(flags, repro));
  VFS_RETURN_IF_ERROR(WriteWhole(out, ToString(shrunk.repro)));
  Report(flags, out, shrunk);
  return absl::OkStatus();
}

int RunMinimize(const MinimizeFlags& flags) {
  const absl::Status status = MinimizeFile(flags);
  if (status.ok()) return kExitClean;
  const int code = Fail(status);
  if (IsInterrupted()) return InterruptExitCode();
  // A file that is not there is the caller's mistake.
  return absl::IsNotFound(status) ? kExitUsage : code;
}

}  // namespace

void AddMinimizeCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command = app.add_subcommand(
      "minimize",
      "Make a repro smaller that breaks the same invariant in the same step: exit code 0 once it "
      "is written, 2 if the repro shows no such violation");
  const auto flags = std::make_shared<MinimizeFlags>();
  command->add_option("file", flags->file, "Repro file")->required();
  command->add_option("-o,--out", flags->out,
                      "File for the smaller repro (default: NAME.min.repro beside NAME.repro)");
  command
      ->add_option("--max-time", flags->seconds_max,
                   "Time after which nothing more is tried (default 20s; a result that it ends "
                   "depends on the machine)")
      ->transform(Duration());
  command->add_flag("--json", flags->is_json,
                    "One JSON object on the last line of stdout; text for people goes to stderr");
  command->add_flag("-q,--quiet", flags->is_quiet, "No progress, no text for people");
  command->callback([flags, &exit] { exit.value = RunMinimize(*flags); });
}

}  // namespace permafrost::sim
