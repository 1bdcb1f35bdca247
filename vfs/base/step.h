// vfs::Step: a scoped label that names the protocol step whose disk calls follow
// ("freeze.sync.parent").
//
// Steps nest; a disk call carries the whole stack, innermost last. In production a step costs one
// thread-local store. Labels read area.verb.object; every label is listed in vfs/base/step_labels.h
// and tests/tidy_test.cc keeps the list.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace permafrost::vfs {

// A label and where it was given: converts from a literal at the place of the call, so that a
// barrier which opens steps for its caller names the caller.
class StepAt {
 public:
  // `label` must be a string literal (it is kept by pointer), or null for none.
  // NOLINTNEXTLINE(google-explicit-constructor): the conversion is what takes the call's place
  constexpr StepAt(const char* label,
                   const char* file = __builtin_FILE(),
                   int line = __builtin_LINE())
      : label_(label), file_(file), line_(line) {}

  const char* label() const { return label_; }
  const char* file() const { return file_; }
  int line() const { return line_; }

 private:
  const char* label_;
  const char* file_;
  int line_;
};

// Threads: a step belongs to the thread that made it; steps are destroyed in reverse order.
class Step {
 public:
  // Without a label there is no step: nothing of it shows on the stack.
  explicit Step(const StepAt& at);
  ~Step();
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

  const char* label() const { return at_.label(); }
  const char* file() const { return at_.file(); }
  int line() const { return at_.line(); }
  const Step* outer() const { return outer_; }
  // Counts steps as they are entered in this thread, so that two instances of one label can be told
  // apart.
  std::uint64_t instance() const { return instance_; }

  // The innermost step of this thread, or null.
  static const Step* Current();
  // Where this thread keeps Current(), for a watchdog that names what a thread that stands is in.
  static const Step* const* CurrentPlace();
  // Whether any step on this thread's stack has this label.
  static bool IsUnder(std::string_view label);
  // The outermost-first labels joined with '/', or "" outside every step.
  static std::string Path();
  // The innermost label, or "".
  static std::string_view Innermost();

 private:
  const StepAt at_;
  const Step* const outer_;
  const std::uint64_t instance_;
};

}  // namespace permafrost::vfs
