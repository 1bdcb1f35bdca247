// The threads that the lines of a script start.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "sim/world/world.h"

namespace permafrost::sim {

// Threads: made, asked and destroyed by one thread.
class ScriptThreads {
 public:
  explicit ScriptThreads(const World& world);
  ~ScriptThreads();  // joins
  ScriptThreads(const ScriptThreads&) = delete;
  ScriptThreads& operator=(const ScriptThreads&) = delete;

  // Runs `work` on a thread that carries this name; in a world without threads (a check of
  // convergence) before it returns.
  void Start(const std::string& name, std::function<void()> work);
  // Waits for all that were started.
  void Join();

 private:
  const bool has_threads_;
  std::vector<std::thread> threads_;
};

}  // namespace permafrost::sim
