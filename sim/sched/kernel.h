// System calls and processor registers without the C library: the scheduler defines the C library's
// entry points itself and must not come back to them.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>

#include <atomic>
#include <cstdint>

namespace permafrost::sim {

// Returns what the kernel returns: a negative errno on failure.
inline std::int64_t RawSyscall(std::int64_t number,
                               std::int64_t a = 0,
                               std::int64_t b = 0,
                               std::int64_t c = 0,
                               std::int64_t d = 0,
                               std::int64_t e = 0,
                               std::int64_t f = 0) {
  std::int64_t result = 0;
  register std::int64_t r10 asm("r10") = d;
  register std::int64_t r8 asm("r8") = e;
  register std::int64_t r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// Where one kernel thread sleeps until another hands it the token.
class ParkingPlace {
 public:
  // Blocks until Unpark was called; an Unpark that came before counts.
  void Park() {
    while (word_.exchange(0, std::memory_order_seq_cst) == 0) {
      RawSyscall(SYS_futex, Address(), FUTEX_WAIT_PRIVATE, 0);
    }
  }
  void Unpark() {
    word_.store(1, std::memory_order_seq_cst);
    RawSyscall(SYS_futex, Address(), FUTEX_WAKE_PRIVATE, 1);
  }

 private:
  std::int64_t Address() { return reinterpret_cast<std::int64_t>(&word_); }

  std::atomic<std::int32_t> word_{0};
};

}  // namespace permafrost::sim
