// One life of a scenario's program: from its start through a script to its stop, as far as it gets.
#pragma once

#include <string>

#include <absl/functional/function_ref.h>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

// `note` is told of each operation before it is carried out. Start and Execute of a program answer
// false when nothing more can be done.
template <typename Program>
void LiveThrough(
    Program&& program,
    const Script& script,
    absl::FunctionRef<void(const std::string&)> note = [](const std::string&) {}) {
  if (!program.Start()) return;
  for (const std::string& op : script) {
    note(op);
    if (!program.Execute(op)) return;
  }
  program.Stop();
}

}  // namespace permafrost::sim
