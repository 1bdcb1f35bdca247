// What the compiler calls for -fsanitize=thread: each atomic operation is a scheduling point and
// then the operation itself, sequentially consistent as one thread at a time makes it; everything
// else is nothing. In a program without the scheduler only the operations are left.
//
// Source: the names and shapes of compiler-rt's tsan_interface_atomic.h and tsan_interface.h. This
// file is compiled without the flag.
#include <dlfcn.h>

#include <cstddef>
#include <cstdint>

// The scheduler's, where it is linked (sim/sched/interpose_threads.cc).
extern "C" [[gnu::weak]] void permafrost_atomic_point();

namespace {

// Static objects that this thread is making. Whoever comes first makes them: with points in there
// the first run of a process would differ from the later ones.
thread_local int t_making = 0;

void AtomicPoint() {
  if (permafrost_atomic_point != nullptr && t_making == 0) permafrost_atomic_point();
}

template <typename Function>
Function Original(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

constexpr int kOrder = __ATOMIC_SEQ_CST;

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier,bugprone-macro-parentheses): the compiler's names
extern "C" {

#define PERMAFROST_FETCH(bits, type, name)                                      \
  type __tsan_atomic##bits##_fetch_##name(volatile type* at, type value, int) { \
    AtomicPoint();                                                              \
    return __atomic_fetch_##name(at, value, kOrder);                            \
  }
#define PERMAFROST_ATOMIC(bits, type)                                                              \
  type __tsan_atomic##bits##_load(const volatile type* at, int) {                                  \
    AtomicPoint();                                                                                 \
    return __atomic_load_n(at, kOrder);                                                            \
  }                                                                                                \
  void __tsan_atomic##bits##_store(volatile type* at, type value, int) {                           \
    AtomicPoint();                                                                                 \
    __atomic_store_n(at, value, kOrder);                                                           \
  }                                                                                                \
  type __tsan_atomic##bits##_exchange(volatile type* at, type value, int) {                        \
    AtomicPoint();                                                                                 \
    return __atomic_exchange_n(at, value, kOrder);                                                 \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_strong(volatile type* at, type* expected, type value, \
                                                    int, int) {                                    \
    AtomicPoint();                                                                                 \
    return __atomic_compare_exchange_n(at, expected, value, false, kOrder, kOrder) ? 1 : 0;        \
  }                                                                                                \
  int __tsan_atomic##bits##_compare_exchange_weak(volatile type* at, type* expected, type value,   \
                                                  int, int) {                                      \
    AtomicPoint();                                                                                 \
    return __atomic_compare_exchange_n(at, expected, value, false, kOrder, kOrder) ? 1 : 0;        \
  }                                                                                                \
  type __tsan_atomic##bits##_compare_exchange_val(volatile type* at, type expected, type value,    \
                                                  int, int) {                                      \
    AtomicPoint();                                                                                 \
    __atomic_compare_exchange_n(at, &expected, value, false, kOrder, kOrder);                      \
    return expected;                                                                               \
  }                                                                                                \
  PERMAFROST_FETCH(bits, type, add)                                                                \
  PERMAFROST_FETCH(bits, type, sub)                                                                \
  PERMAFROST_FETCH(bits, type, and)                                                                \
  PERMAFROST_FETCH(bits, type, or)                                                                 \
  PERMAFROST_FETCH(bits, type, xor)                                                                \
  PERMAFROST_FETCH(bits, type, nand)

PERMAFROST_ATOMIC(8, std::uint8_t)
PERMAFROST_ATOMIC(16, std::uint16_t)
PERMAFROST_ATOMIC(32, std::uint32_t)
PERMAFROST_ATOMIC(64, std::uint64_t)

// Around the making of a static object. Source: Itanium C++ ABI, 3.3.3.
int __cxa_guard_acquire(std::uint64_t* guard) {
  const int is_ours = Original<int (*)(std::uint64_t*)>("__cxa_guard_acquire")(guard);
  t_making += is_ours;
  return is_ours;
}
void __cxa_guard_release(std::uint64_t* guard) noexcept {
  --t_making;
  Original<void (*)(std::uint64_t*)>("__cxa_guard_release")(guard);
}
void __cxa_guard_abort(std::uint64_t* guard) noexcept {
  --t_making;
  Original<void (*)(std::uint64_t*)>("__cxa_guard_abort")(guard);
}

void __tsan_atomic_thread_fence(int) { AtomicPoint(); }
void __tsan_atomic_signal_fence(int) {}

#define PERMAFROST_ACCESS(bytes)               \
  void __tsan_read##bytes(void*) {}            \
  void __tsan_write##bytes(void*) {}           \
  void __tsan_unaligned_read##bytes(void*) {}  \
  void __tsan_unaligned_write##bytes(void*) {} \
  void __tsan_volatile_read##bytes(void*) {}   \
  void __tsan_volatile_write##bytes(void*) {}

PERMAFROST_ACCESS(1)
PERMAFROST_ACCESS(2)
PERMAFROST_ACCESS(4)
PERMAFROST_ACCESS(8)
PERMAFROST_ACCESS(16)

void __tsan_read_range(void*, std::size_t) {}
void __tsan_write_range(void*, std::size_t) {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_init() {}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier,bugprone-macro-parentheses)
