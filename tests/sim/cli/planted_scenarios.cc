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

// Makes a file before its key; its restart tidies that up before anybody asks.
TinyScenario::Program MakesFilesBeforeKeys() {
  return {.work =
              [](World& world, History&, const Script& script) {
                for (const std::string& name : script) {
                  MakeFile(world, name);
                  static_cast<void>(world.env().fs->SyncDir(""));
                  MakeFile(world, name + "-key");
                }
              },
          .recover =
              [](World& world, History&) {
                vfs::FileSystem& fs = *world.env().fs;
                const auto entries = fs.List("");
                for (const vfs::DirEntry& entry : *entries)
                  static_cast<void>(fs.Unlink(entry.name));
                static_cast<void>(fs.SyncDir(""));
              },
          .read = [](const vfs::FileSystem&) { return std::string(); },
          .check_at_rest =
              [](World& clone, History& history) {
                for (const char* name : {"a", "b", "c"}) {
                  const vfs::FileSystem& fs = *clone.env().fs;
                  if (*fs.Exists(name) && !*fs.Exists(std::string(name) + "-key"))
                    history.Violate("10-every-file-has-a-key", name);
                }
              },
          .script = {"a", "b", "c"}};
}

}  // namespace

std::unique_ptr<Scenario> MakeScenario(std::string_view name, const ScenarioOptions&) {
  if (name == "planted/real-clock") return std::make_unique<TinyScenario>(StampsWithRealTime());
  if (name == "planted/too-early") return std::make_unique<TinyScenario>(AcknowledgesTooEarly());
  if (name == "planted/no-key") return std::make_unique<TinyScenario>(MakesFilesBeforeKeys());
  return nullptr;
}

std::vector<std::string> ScenarioNames() {
  return {"planted/no-key", "planted/real-clock", "planted/too-early"};
}

}  // namespace permafrost::sim
