// The smallest scenarios: plain files, no database; each test says what its program does.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/explore/explorer.h"

namespace permafrost::sim {

// A program as two functions. What it serves is read with no side effect by `read`.
class TinyScenario final : public Scenario {
 public:
  struct Program {
    std::function<void(World&, History&, const Script&)> work;
    std::function<void(World&, History&)> recover;
    std::function<std::string(const vfs::FileSystem&)> read;
    std::function<void(World&, History&)> check_at_rest = [](World&, History&) {};
    Script script = {"go"};
  };
  explicit TinyScenario(Program program) : program_(std::move(program)) {}

  std::string_view name() const override { return "test/tiny"; }
  std::string_view description() const override { return "a few plain files"; }
  Script FixedScript(ScriptSize) const override { return program_.script; }
  Script RandomScript(vfs::Prng&) const override { return program_.script; }
  void Work(World& world, History& history, const Script& script) const override {
    program_.work(world, history, script);
  }
  void CheckAtRest(World& clone, History& history) const override {
    program_.check_at_rest(clone, history);
  }
  void Recover(World& world, History& history) const override { program_.recover(world, history); }
  std::string LogicalState(World& clone) const override { return program_.read(clone.disk()); }
  std::uint64_t OpenDatabases(World&) const override { return 0; }
  std::vector<std::string> RequiredLabels() const override { return {}; }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }

 private:
  const Program program_;
};

// The content of a file, or kAbsent.
std::string Content(const vfs::FileSystem& fs, const std::string& path);

// Options for a sweep of the scenario's script: every state is restarted three ways, no deaths.
ExploreOptions TinyOptions(const Scenario& scenario);

// The certificate of one exploration with a fresh cache; a harness error is a test failure.
Certificate Explored(const Scenario& scenario, const ExploreOptions& options);

// The invariants in the certificate, sorted, each once.
std::vector<std::string> Invariants(const Certificate& certificate);

// What the repro's cuts show when they are made again from nothing.
std::vector<Violation> Replayed(const Scenario& scenario,
                                const ExploreOptions& options,
                                const Repro& repro);

}  // namespace permafrost::sim
