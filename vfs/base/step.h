// vfs::Step: a scoped label that names the protocol step whose disk calls follow
// ("freeze.sync.parent").
//
// Steps nest; a disk call carries the whole stack, innermost last. In production a step costs one
// thread-local store. Labels read area.verb.object; every label is listed in vfs/base/step_labels.h
// and tests/tidy_test.cc keeps the list.
#pragma once

#include <string>
#include <string_view>

namespace permafrost::vfs {

// Threads: a step belongs to the thread that made it; steps are destroyed in reverse order.
class Step {
 public:
  // `label` must be a string literal (it is kept by pointer).
  explicit Step(const char* label,
                const char* file = __builtin_FILE(),
                int line = __builtin_LINE());
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  const char* label() const { return label_; }
  const char* file() const { return file_; }
  int line() const { return line_; }
  const Step* outer() const { return outer_; }
  // Counts steps as they are entered in this thread, so that two instances of one label can be told
  // apart.
  unsigned long instance() const {
    return instance_;
  }  // NOLINT(google-runtime-int): width does not matter

  // The innermost step of this thread, or null.
  static const Step* Current();
  // Whether any step on this thread's stack has this label.
  static bool IsUnder(std::string_view label);
  // The outermost-first labels joined with '/', or "" outside every step.
  static std::string Path();
  // The innermost label, or "".
  static std::string_view Innermost();

 private:
  const char* const label_;
  const char* const file_;
  const int line_;
  const Step* const outer_;
  const unsigned long instance_;  // NOLINT(google-runtime-int)
};

}  // namespace permafrost::vfs
