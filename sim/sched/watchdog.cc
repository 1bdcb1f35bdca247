// A kernel thread that looks once a second.
#include "sim/sched/watchdog.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "sim/sched/kernel.h"
#include "sim/sched/originals.h"
#include "sim/sched/scheduler.h"

namespace permafrost::sim {
namespace {

std::atomic<Scheduler*> g_watched{nullptr};
std::atomic<int> g_seconds_max{0};

void* Watch(void* /*argument*/) {
  std::uint64_t pulse = 0;
  int seconds = 0;
  while (true) {
    const timespec second{.tv_sec = 1, .tv_nsec = 0};
    RawSyscall(SYS_nanosleep, reinterpret_cast<std::int64_t>(&second));
    const std::uint64_t now = pulse_of_run.load();
    const bool is_still = g_watched.load() != nullptr && now == pulse;
    seconds = is_still ? seconds + 1 : 0;
    pulse = now;
    if (seconds >= g_seconds_max.load() && is_still) g_watched.load()->FailStuck();
  }
}

}  // namespace

void WatchRun(Scheduler* run) {
  static pid_t watching = 0;  // a forked process has no watchdog yet
  if (run != nullptr) g_seconds_max.store(run->stuck_seconds_max());
  BeatPulse();
  g_watched.store(run);
  if (run == nullptr || watching == getpid()) return;
  watching = getpid();
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread{};
  // Without it only the worker's own time limit is left: no reason to stop.
  static_cast<void>(TheOriginals().create(&thread, &attributes, &Watch, nullptr));
  pthread_attr_destroy(&attributes);
}

}  // namespace permafrost::sim
