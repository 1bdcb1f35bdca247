// The swap itself, in assembler.
#include "sim/sched/fiber.h"

#include <sys/auxv.h>

#include <cstring>

// void permafrost_swap_fibers(void** from_sp, void* to_sp, uint64_t to_fs)
// Source: System V ABI AMD64, "Register Usage": rbx, rbp, r12-r15, the control words of x87 and
// MXCSR belong to the caller.
asm(R"(
.pushsection .text
.globl permafrost_swap_fibers
.type permafrost_swap_fibers,@function
permafrost_swap_fibers:
  .cfi_startproc
  endbr64
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  subq $8, %rsp
  stmxcsr (%rsp)
  fnstcw 4(%rsp)
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  wrfsbase %rdx
  ldmxcsr (%rsp)
  fldcw 4(%rsp)
  addq $8, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
  .cfi_endproc
.size permafrost_swap_fibers,.-permafrost_swap_fibers
.popsection
)");

extern "C" void permafrost_swap_fibers(void** from_sp, void* to_sp, std::uint64_t to_fs);

namespace permafrost::sim {

bool HasUserThreadPointer() {
  constexpr unsigned long kFsGsBase = 1UL << 1;  // NOLINT(google-runtime-int): the C type
  return (getauxval(AT_HWCAP2) & kFsGsBase) != 0;
}

std::uint64_t CurrentThreadPointer() {
  std::uint64_t pointer = 0;
  asm("movq %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

void PrepareFiber(Fiber& fiber, void* stack_top, void (*entry)()) {
  constexpr std::uintptr_t kAlignment = 16;
  auto top = reinterpret_cast<std::uintptr_t>(stack_top) & ~(kAlignment - 1);
  // As after a call of `entry`: a null return address ends every unwinding, and the stack is 8
  // bytes off a multiple of 16.
  auto* words = reinterpret_cast<std::uintptr_t*>(top);
  *--words = 0;
  *--words = reinterpret_cast<std::uintptr_t>(entry);
  for (int i = 0; i < 6; ++i) *--words = 0;  // rbp rbx r12 r13 r14 r15
  --words;
  constexpr std::uint32_t kMxcsr = 0x1f80;  // both as at the start of a process
  constexpr std::uint32_t kX87Control = 0x037f;
  std::memcpy(words, &kMxcsr, sizeof(kMxcsr));
  std::memcpy(reinterpret_cast<char*>(words) + sizeof(kMxcsr), &kX87Control, sizeof(kX87Control));
  fiber.stack_pointer = words;
}

void SwapFibers(Fiber& from, const Fiber& to) {
  permafrost_swap_fibers(&from.stack_pointer, to.stack_pointer, to.thread_pointer);
}

}  // namespace permafrost::sim
