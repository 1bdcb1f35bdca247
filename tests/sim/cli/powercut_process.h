// The powercut binary as a child process: its output, its exit code, and a signal on the way.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace permafrost::sim {

struct ProcessResult {
  int code = -1;    // exit code; -1 if a signal ended it
  int signal = 0;   // the signal that ended it
  std::string out;  // standard output
  std::string err;  // standard error
};

// Called again and again while the child runs, with its process id and what it has written to
// standard error so far.
using Watcher = std::function<void(int pid, const std::string& err)>;

// Runs the binary with these arguments and pipes behind both outputs, and waits for its end.
ProcessResult RunPowercut(const std::vector<std::string>& arguments, const Watcher& watcher = {});

// The same with the scenarios of tests/sim/cli/planted_scenarios.cc.
ProcessResult RunPlantedPowercut(const std::vector<std::string>& arguments);

// The same with this descriptor as its standard output, closed here afterwards; `out` stays empty.
ProcessResult RunPowercutInto(int out_fd, const std::vector<std::string>& arguments);

// A descriptor to write to whose reader has left.
int PipeWithoutReader();

// The processes that `pid` has started and not reaped.
std::vector<int> ChildrenOf(int pid);

// The lines of a text; a last line without its end counts.
std::vector<std::string> LinesOf(const std::string& text);

}  // namespace permafrost::sim
