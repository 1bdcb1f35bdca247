// Adds each finished call to its kind and to its innermost step label.
#include "vfs/metered_file_system.h"

#include <string_view>

#include "vfs/base/step.h"

namespace permafrost::vfs {
namespace {

void Add(CallCount& sum, const CallCount& part) {
  sum.calls += part.calls;
  sum.errors += part.errors;
  sum.bytes += part.bytes;
}

bool MovesData(CallKind kind) {
  return kind == CallKind::kAppend || kind == CallKind::kWrite || kind == CallKind::kRead;
}

}  // namespace

CallCount CallCounts::Total() const {
  CallCount total;
  for (const CallCount& slot : slots_) Add(total, slot);
  return total;
}

CallCount CallCounts::Syncs() const {
  CallCount total;
  for (int i = 0; i < kCallKindCount; ++i) {
    const auto kind = static_cast<CallKind>(i);
    if (IsSync(kind)) Add(total, (*this)[kind]);
  }
  return total;
}

CallMeter::CallMeter() = default;
CallMeter::~CallMeter() = default;

// Only what was carried out is counted.
void CallMeter::OnBegin(const Call&) {}

void CallMeter::OnEnd(const Call& call, const absl::Status& result) {
  const CallCount one{.calls = 1,
                      .errors = result.ok() ? 0U : 1U,
                      .bytes = result.ok() && MovesData(call.kind) ? call.data.size() : 0U};
  const std::string_view label = Step::Innermost();
  const MutexLock lock(&mu_);
  Add(counts_[call.kind], one);
  auto it = by_label_.find(label);
  if (it == by_label_.end()) it = by_label_.emplace(std::string(label), CallCounts()).first;
  Add(it->second[call.kind], one);
}

CallCounts CallMeter::Counts() const {
  const MutexLock lock(&mu_);
  return counts_;
}

std::map<std::string, CallCounts> CallMeter::CountsByLabel() const {
  const MutexLock lock(&mu_);
  return {by_label_.begin(), by_label_.end()};
}

void CallMeter::Reset() {
  const MutexLock lock(&mu_);
  counts_ = {};
  by_label_.clear();
}

}  // namespace permafrost::vfs
