// Started in order, joined in order.
#include "sim/scenarios/script_threads.h"

#include <utility>

#include "sim/sched/threads.h"

namespace permafrost::sim {

ScriptThreads::ScriptThreads(const World& world) : has_threads_(world.has_threads()) {}

ScriptThreads::~ScriptThreads() { Join(); }

void ScriptThreads::Start(const std::string& name, std::function<void()> work) {
  if (!has_threads_) return work();
  threads_.emplace_back([name, work = std::move(work)] {
    SetCurrentThreadName(name);
    work();
  });
}

void ScriptThreads::Join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace permafrost::sim
