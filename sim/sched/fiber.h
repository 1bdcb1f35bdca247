// Swapping the stack and the thread-local storage of a kernel thread (x86-64).
#pragma once

#include <cstdint>

namespace permafrost::sim {

// What a suspended execution consists of: the callee-saved registers lie on its stack.
struct Fiber {
  void* stack_pointer = nullptr;
  std::uint64_t thread_pointer = 0;  // the FS base: pthread_self() and all thread-local variables
};

// Whether the FSGSBASE instructions may be used in user mode.
bool HasUserThreadPointer();
// The FS base of the calling kernel thread.
std::uint64_t CurrentThreadPointer();

// Makes `fiber` begin in `entry` on the stack that ends below `stack_top`. `entry` never returns.
void PrepareFiber(Fiber& fiber, void* stack_top, void (*entry)());

// Suspends the calling execution in `from` and continues `to`; returns when somebody swaps back.
void SwapFibers(Fiber& from, const Fiber& to);

}  // namespace permafrost::sim
