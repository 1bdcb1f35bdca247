// What the simulator explores: a workload over a vfs::Env, its recovery, and what must hold.
//
// A scenario is written once and gets crash points, images, nesting, deaths, faults, repros and the
// certificate for free. It keeps no state between calls: everything that a restart may know is on
// the disk or in the configuration.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "faults/fault_plan.h"
#include "sim/disk/personality.h"
#include "sim/oracle/history.h"
#include "sim/world/world.h"
#include "vfs/base/prng.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::sim {

// One line per operation; prints as it parses, goes into repros as it is.
using Script = std::vector<std::string>;

enum class ScriptSize { kFull, kShort };

inline constexpr std::string_view kErrorAnswer = "error: ";

struct ScenarioOptions {
  vfs::RocksOptions rocks;  // hardening switches (`--stock`, `--without NAME`)
};

// Threads: one thread at a time.
class Scenario {
 public:
  Scenario() = default;
  virtual ~Scenario() = default;
  Scenario(const Scenario&) = delete;
  Scenario& operator=(const Scenario&) = delete;

  virtual std::string_view name() const = 0;
  virtual std::string_view description() const = 0;

  // Reads what it needs from outside of its worlds, once, before the first of them.
  virtual absl::Status Prepare() { return absl::OkStatus(); }

  // Whether the code under test starts threads: its worlds then have threading on.
  virtual bool has_threads() const { return false; }

  // The configuration of the first start; History::Configure changes it.
  virtual std::string FirstConfig() const { return ""; }
  // The same where damage may have been injected from the start: errors that name a damaged file
  // are right answers then. Nothing: the oracle cannot tell rot from a bug.
  virtual std::optional<std::string> FirstConfigUnderRot() const { return std::nullopt; }
  // The fixed script of `sweep`.
  virtual Script FixedScript(ScriptSize size) const = 0;
  // The first words that the lines of a script may have; empty: any line is an operation.
  virtual std::vector<std::string_view> Verbs() const { return {}; }
  // A random script of `run`: any subset of operation kinds, each line acceptable in any state.
  virtual Script RandomScript(vfs::Prng& prng) const = 0;

  // Starts the code under test on whatever the disk holds, carries out the script, stops. Every
  // promise goes into the history before or after the call that makes it. An operation that fails
  // is retried after a restart, or given up with both outcomes allowed.
  virtual void Work(World& world, History& history, const Script& script) const = 0;

  // Checks of the disk as it lies, before any code under test ran, on a clone that is thrown away:
  // the invariants that hold at every instant. None: the recovery is nothing but the production
  // open, and there is no code under test to leave out.
  virtual void CheckAtRest(World& /*clone*/, History& /*history*/) const {}

  // Starts the code under test as after a power cut, serves every domain, settles, serves again,
  // checks what must hold when settled, and ends with a few acknowledged operations (the epilogue).
  virtual void Recover(World& world, History& history) const = 0;

  // The logical state as text: equal after every kind of restart of a settled disk. Run on a clone.
  virtual std::string LogicalState(World& clone) const = 0;

  // What the code under test answers on this disk, domain by domain, and no more: opened, read,
  // closed. An error is a text that begins with kErrorAnswer. Empty: the scenario offers none.
  using Answers = std::map<std::string, std::string>;
  virtual Answers AnswersOf(World& /*world*/, const std::string& /*config*/) const { return {}; }
  // The script that leaves a file of every kind, for damage at rest.
  virtual Script RotScript() const { return FixedScript(ScriptSize::kFull); }

  // Opens every database on the disk, reads all of it, closes it: the raw work inside a recovery.
  // Returns how many.
  virtual std::uint64_t OpenDatabases(World& clone) const = 0;

  // Step labels around which a green sweep must have cut.
  virtual std::vector<std::string> RequiredLabels() const = 0;
  // VFS_PROBE names that a green exploration of this fixed script must have reached.
  virtual std::vector<std::string> RequiredProbes(const Personality& personality,
                                                  ScriptSize size) const = 0;
};

// The configuration of the first start under a plan.
std::string FirstConfigOf(const Scenario& scenario, const faults::FaultPlan& plan);
// Errors: kInvalidArgument  the plan damages data, and the scenario's oracle cannot tell
absl::Status CheckRot(const Scenario& scenario, const faults::FaultPlan& plan);

std::unique_ptr<Scenario> MakeScenario(std::string_view name, const ScenarioOptions& options);
// Sorted by name.
std::vector<std::string> ScenarioNames();

}  // namespace permafrost::sim
