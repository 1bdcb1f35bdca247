// Counts the calls and bytes of a file system, by kind of call and by step label.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include <absl/base/thread_annotations.h>

#include "vfs/base/mutex.h"
#include "vfs/call.h"
#include "vfs/recording_file_system.h"

namespace permafrost::vfs {

struct CallCount {
  std::uint64_t calls = 0;   // carried out, failed ones included
  std::uint64_t errors = 0;  // of those, how many did not return OK
  std::uint64_t bytes = 0;   // written by append and write, read by read; of calls that returned OK
  friend bool operator==(const CallCount&, const CallCount&) = default;
};

// One slot per kind.
class CallCounts {
 public:
  const CallCount& operator[](CallKind kind) const {
    return slots_[static_cast<std::size_t>(kind)];
  }
  CallCount& operator[](CallKind kind) { return slots_[static_cast<std::size_t>(kind)]; }
  CallCount Total() const;
  // sync, sync_data and sync_dir together.
  CallCount Syncs() const;

 private:
  std::array<CallCount, kCallKindCount> slots_ = {};
};

// The observer that counts. Nothing is allocated per call, only for each new label.
//
// Threads: any thread; guarded by mu_.
class CallMeter final : public CallObserver {
 public:
  CallMeter();
  ~CallMeter() override;

  void OnBegin(const Call& call) override;
  void OnEnd(const Call& call, const absl::Status& result) override;

  CallCounts Counts() const;
  // By innermost step label; "" for calls outside every step.
  std::map<std::string, CallCounts> CountsByLabel() const;
  void Reset();

 private:
  mutable Mutex mu_;
  CallCounts counts_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, CallCounts, std::less<>> by_label_ ABSL_GUARDED_BY(mu_);
};

// A file system whose calls `meter` counts.
//
// Threads: as the wrapped file system.
class MeteredFileSystem final : public RecordingFileSystem {
 public:
  // Both borrowed; they must outlive this and every handle it gave out.
  MeteredFileSystem(FileSystem* base, CallMeter* meter) : RecordingFileSystem(base, meter) {}
};

}  // namespace permafrost::vfs
