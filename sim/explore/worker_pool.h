// Runs generations in forked workers that share all snapshots copy-on-write: an abort, a crash or a
// hang of the code under test ends one worker and becomes a finding.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

namespace permafrost::sim {

struct WorkerLimits {
  std::uint32_t jobs = 1;  // workers at the same time
  std::uint32_t seconds_per_step =
      60;  // real time; an item that takes longer is ended and reported as a hang
  std::function<void(std::size_t finished)> on_finished;  // in the caller, now and then; or empty
};

// What became of one item.
struct ItemResult {
  bool is_finished = false;
  std::string frame;       // what the item returned, when finished
  std::string last_words;  // else: how the worker ended, with the end of its standard error
  std::string breadcrumb;  // else: what the item last said it was doing
};

// Gives the item its full time again, and says what the item running in this worker is doing now,
// for the report if it dies. Cheap; cut at 64 KiB.
void LeaveBreadcrumb(std::string_view text);

// Runs run(0) .. run(count - 1), `items_per_worker` to a worker, and returns the results in order.
// The partition into workers depends on count and items_per_worker only, so what an item inherits
// does not depend on `jobs`. An interruption (sim/explore/interrupt.h) ends the workers at once; an
// item that was not finished by then has neither a frame nor last words.
//
// Errors: kResourceExhausted  no process or pipe could be made
absl::StatusOr<std::vector<ItemResult>> RunInWorkers(
    std::size_t count,
    std::size_t items_per_worker,
    const WorkerLimits& limits,
    absl::FunctionRef<std::string(std::size_t)> run);

}  // namespace permafrost::sim
