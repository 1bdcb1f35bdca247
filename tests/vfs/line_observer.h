// An observer that writes each finished call down as one line of text.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "vfs/base/step.h"
#include "vfs/call.h"

namespace permafrost {

// "label: kind path[ to path]", "label: kind path !" for a call that failed.
//
// Threads: one thread at a time.
class LineObserver final : public vfs::CallObserver {
 public:
  void OnBegin(const vfs::Call& call) override { begun_.push_back(call.kind); }
  void OnEnd(const vfs::Call& call, const absl::Status& result) override {
    std::string line;
    if (!vfs::Step::Path().empty()) line = vfs::Step::Path() + ": ";
    line += fmt::format("{} {}", vfs::ToString(call.kind), call.path);
    if (!call.path_to.empty()) line += fmt::format(" to {}", call.path_to);
    if (!result.ok()) line += " !";
    lines_.push_back(line);
  }

  std::vector<std::string> Take() { return std::exchange(lines_, {}); }
  const std::vector<vfs::CallKind>& begun() const { return begun_; }

 private:
  std::vector<std::string> lines_;
  std::vector<vfs::CallKind> begun_;
};

}  // namespace permafrost
