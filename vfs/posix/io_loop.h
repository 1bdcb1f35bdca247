// System calls that may be interrupted or stop half way: repeated until all is done or an error is
// certain.
#pragma once

#include <sys/types.h>

#include <cerrno>
#include <cstddef>

#include "vfs/base/check.h"

namespace permafrost::vfs {

// Repeats `call` (which returns -1 and sets errno on error) while a signal interrupts it. EINTR is
// handled here only.
template <typename SystemCall>
auto RetryInterrupted(const SystemCall& call) {
  while (true) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

struct Transfer {
  std::size_t bytes = 0;  // moved before the end or the error
  int error = 0;          // errno, 0 if all went well
};

// Calls `step(done, left)` until `total` bytes are moved, it returns 0 (end of file) or fails. A
// short step goes on where it stopped; no byte is moved twice and none is skipped.
template <typename Step>
Transfer TransferAll(std::size_t total, const Step& step) {
  Transfer transfer;
  while (transfer.bytes < total) {
    const ssize_t moved =
        RetryInterrupted([&] { return step(transfer.bytes, total - transfer.bytes); });
    if (moved < 0) {
      transfer.error = errno;
      return transfer;
    }
    if (moved == 0) return transfer;
    const auto count = static_cast<std::size_t>(moved);
    VFS_CHECK(count <= total - transfer.bytes, "a step moved {} of {} bytes", count, total);
    transfer.bytes += count;
  }
  return transfer;
}

// As TransferAll for writing, where a step that moves nothing is an I/O error and not an end.
template <typename Step>
Transfer WriteAll(std::size_t total, const Step& step) {
  Transfer transfer = TransferAll(total, step);
  if (transfer.error == 0 && transfer.bytes < total) transfer.error = EIO;
  return transfer;
}

}  // namespace permafrost::vfs
