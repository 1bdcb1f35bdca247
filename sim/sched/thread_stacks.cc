// Reserves one range of addresses and hands out slots of it.
#include "sim/sched/thread_stacks.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace permafrost::sim {
namespace {

constexpr std::uintptr_t kFirstStack = 0x7e9000000000;  // free under ASan and TSan as well
constexpr std::size_t kGuardBytes = 4096;
constexpr std::size_t kSlotBytes = kThreadStackBytes + kGuardBytes;
constexpr std::size_t kReservedBytes = kSlotBytes * kThreadStacksMax;

void* Reserve() {
  void* const wanted = reinterpret_cast<void*>(kFirstStack);
  void* const got = mmap(wanted, kReservedBytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  if (got != wanted) {
    std::fprintf(stderr,
                 "thread stacks at %p: the addresses are taken; this process cannot simulate\n",
                 wanted);
    std::abort();
  }
  return got;
}

}  // namespace

void* ThreadStack(int slot) {
  static void* const first = Reserve();
  char* const stack = static_cast<char*>(first) + static_cast<std::size_t>(slot) * kSlotBytes;
  if (mprotect(stack, kGuardBytes, PROT_NONE) != 0) {
    std::perror("thread stacks: guard page");
    std::abort();
  }
  return stack + kGuardBytes;
}

void ClearThreadStacks(int count) {
  if (count == 0) return;
  madvise(reinterpret_cast<void*>(kFirstStack), static_cast<std::size_t>(count) * kSlotBytes,
          MADV_DONTNEED);
}

}  // namespace permafrost::sim
