// A record that waits for its batch, and those who wait for it. For journal*.cc only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "engine/journal/journal.h"
#include "vfs/base/cond_var.h"
#include "vfs/base/mutex.h"

namespace permafrost::engine::journal {

// Everything but what `mu` guards belongs to the journal's lock; the content never changes, and
// from Tell on nothing does.
struct PendingAppend::Entry {
  std::uint8_t type = 0;
  std::string owned;  // the body, unless somebody who waits holds it
  std::string_view body;
  ContentAddress hash;
  std::int64_t unix_micros = 0;
  std::uint64_t bytes = 0;  // of the whole record

  Lsn lsn = 0;
  std::uint64_t offset = 0;
  bool starts_segment = false;  // the journal rolls before it
  std::size_t waiters = 0;
  bool is_settled = false;  // durable, or failed with `result`
  absl::Status result;

  // Returns false when the record is settled, true when the caller is to lead.
  bool Wait() {
    const vfs::MutexLock lock(&mu);
    while (!is_told && !is_offered) changed.Wait(&mu);
    const bool leads = !is_told && is_offered;
    is_offered = false;
    return leads;
  }
  // Both notify without the lock, so that who wakes finds it free; the caller keeps the entry.
  void OfferLead() {
    {
      const vfs::MutexLock lock(&mu);
      is_offered = true;
    }
    changed.NotifyAll();
  }
  // After `is_settled` and `result`, which those who wait then read without the journal's lock.
  void Tell() {
    {
      const vfs::MutexLock lock(&mu);
      is_told = true;
    }
    changed.NotifyAll();
  }

  vfs::Mutex mu;
  vfs::CondVar changed;
  bool is_offered ABSL_GUARDED_BY(mu) = false;
  bool is_told ABSL_GUARDED_BY(mu) = false;
};

}  // namespace permafrost::engine::journal
