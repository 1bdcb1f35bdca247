// The scenarios of planted_powercut, the command in which what must be found is there: in place of
// sim/scenarios/scenarios.cc.
#include <sys/syscall.h>
#include <time.h>

#include <fmt/format.h>

#include "sim/sched/kernel.h"
#include "tests/sim/explore/tiny_scenario.h"

namespace permafrost::sim {
namespace {

// Asks the kernel itself, past every symbol that the simulator defines.
std::uint64_t UncontrolledNanos() {
  timespec now{};
  RawSyscall(SYS_clock_gettime, CLOCK_REALTIME, reinterpret_cast<std::int64_t>(&now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void MakeFile(World& world, const std::string& path) {
  static_cast<void>(world.env().fs->Create(path).ok());
}

// Its second file is named after the time that it was made at.
TinyScenario::Program StampsWithRealTime() {
  return {.work =
              [](World& world, History&, const Script&) {
                MakeFile(world, "first");
                MakeFile(world, fmt::format("at-{}", UncontrolledNanos()));
              },
          .recover = [](World&, History&) {},
          .read = [](const vfs::FileSystem&) { return std::string(); }};
}

// Acknowledges each of its files before it makes it, and takes its time between the two.
TinyScenario::Program AcknowledgesTooEarly() {
  const auto count = [](const vfs::FileSystem& fs) {
    return fmt::format("{} files", fs.List("").value_or(std::vector<vfs::DirEntry>()).size());
  };
  return {.work =
              [count](World& world, History& history, const Script& script) {
                vfs::FileSystem& fs = *world.env().fs;
                for (const std::string& name : script) {
                  const std::size_t there = fs.List("")->size();
                  history.Attempt("files", fmt::format("{} files", there + 1));
                  history.Acknowledge("files");
                  static_cast<void>(fs.SyncDir(""));
                  MakeFile(world, fmt::format("{}-{}", name, there));
                }
              },
          .recover =
              [count](World& world, History& history) {
                static_cast<void>(world.env().fs->SyncDir(""));
                history.Serve("files", count(*world.env().fs));
              },
          .read = count,
          .script = {"a", "b", "c", "d"}};
}

}  // namespace

std::unique_ptr<Scenario> MakeScenario(std::string_view name, const ScenarioOptions&) {
  if (name == "planted/real-clock") return std::make_unique<TinyScenario>(StampsWithRealTime());
  if (name == "planted/too-early") return std::make_unique<TinyScenario>(AcknowledgesTooEarly());
  return nullptr;
}

std::vector<std::string> ScenarioNames() { return {"planted/real-clock", "planted/too-early"}; }

}  // namespace permafrost::sim
