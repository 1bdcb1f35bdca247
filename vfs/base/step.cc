// The thread-local stack of steps: a linked list through the stack frames.
#include "vfs/base/step.h"

#include <vector>

namespace permafrost::vfs {
namespace {

// The stack that the step objects form is one per thread, and so is their count.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
thread_local const Step* t_current = nullptr;
thread_local std::uint64_t t_instance_count = 0;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)

}  // namespace

// Without a label it is none: whoever walks the stack reads labels.
Step::Step(const StepAt& at)
    : at_(at),
      outer_(t_current),
      instance_(at.label() == nullptr ? t_instance_count : ++t_instance_count) {
  if (at.label() != nullptr) t_current = this;
}

Step::~Step() { t_current = outer_; }

const Step* Step::Current() { return t_current; }

const Step* const* Step::CurrentPlace() { return &t_current; }

bool Step::IsUnder(std::string_view label) {
  for (const Step* step = t_current; step != nullptr; step = step->outer_) {
    if (label == step->label()) return true;
  }
  return false;
}

std::string Step::Path() {
  std::vector<const Step*> stack;
  for (const Step* step = t_current; step != nullptr; step = step->outer_) stack.push_back(step);
  std::string path;
  for (auto it = stack.rbegin(); it != stack.rend(); ++it) {
    if (!path.empty()) path += '/';
    path += (*it)->label();
  }
  return path;
}

std::string_view Step::Innermost() {
  return t_current == nullptr ? std::string_view() : t_current->label();
}

}  // namespace permafrost::vfs
