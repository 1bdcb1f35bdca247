// Hashing and, when asked for, printing of disk calls.
#include "sim/world/trace.h"

#include <fmt/format.h>

#include "sim/sched/threads.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"

namespace permafrost::sim {

namespace {

// "thread 3 " and " schedule=...", or nothing outside a run with threads.
std::string ThreadPrefix() {
  return ScheduleHash() == 0 ? "" : fmt::format("thread {} ", CurrentThreadId());
}
std::string ScheduleSuffix() {
  return ScheduleHash() == 0 ? "" : fmt::format(" schedule={:016x}", ScheduleHash());
}

}  // namespace

void Trace::AddCall(const vfs::Call& call, const absl::Status& result) {
  ++call_count_;
  // The content of a read is a function of the state that the writes made; hashing it again would
  // only cost time.
  const bool carries_data =
      call.kind == vfs::CallKind::kAppend || call.kind == vfs::CallKind::kWrite;
  const std::uint64_t content = carries_data ? vfs::HashBytes(call.data).lo : 0;
  const std::uint64_t head =
      (static_cast<std::uint64_t>(call.kind) << 32) | static_cast<std::uint64_t>(result.code());
  hasher_.Add(head).Add(vfs::HashBytes(call.path).lo).Add(call.offset).Add(call.bytes).Add(content);
  if (!call.path_to.empty()) hasher_.Add(call.path_to);
  if (const std::uint64_t schedule = ScheduleHash(); schedule != 0) hasher_.Add(schedule);
  if (keep_ == KeepLines::kYes) {
    lines_.push_back(fmt::format("{} {}{} {}{}{} offset={} bytes={} content={:016x} -> {}",
                                 call_count_, ThreadPrefix(), vfs::ToString(call.kind), call.path,
                                 call.path_to.empty() ? "" : " to ", call.path_to, call.offset,
                                 call.bytes, content, result.ok() ? "ok" : vfs::Message(result)) +
                     fmt::format(" [{}]{}", vfs::Step::Path(), ScheduleSuffix()));
  }
}

void Trace::AddNote(std::string_view text) {
  hasher_.Add(text);
  if (keep_ == KeepLines::kYes) lines_.push_back(fmt::format("- {}", text));
}

}  // namespace permafrost::sim
