// Stacks of simulated threads at fixed addresses, so that pthread_self() and everything derived
// from it is the same in every process.
#pragma once

#include <cstddef>

namespace permafrost::sim {

inline constexpr std::size_t kThreadStackBytes = (1U << 20) - 4096;  // a guard page lies below
inline constexpr int kThreadStacksMax = 4096;

// The lowest address of stack `slot`, all zeros. Aborts with one sentence if something else lies
// there.
void* ThreadStack(int slot);
// Gives the memory of the first `count` stacks back, so that the next run finds zeros.
void ClearThreadStacks(int count);

}  // namespace permafrost::sim
