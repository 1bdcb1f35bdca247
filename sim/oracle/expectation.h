// What may be served: the history folded into one set of allowed values per domain, and the
// judgement of an answer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/oracle/history.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

struct Violation {
  std::string invariant;  // "26-acknowledged-is-present", "10-every-file-has-a-key", ...
  std::string text;       // one line
  friend bool operator==(const Violation&, const Violation&) = default;
};

// The invariant whose violation is the end of the process.
inline constexpr char kNoCrash[] = "0-no-crash-no-hang";

// The value of a domain that nothing was ever attempted on.
inline constexpr char kAbsent[] = "absent";

// Threads: one thread at a time.
class Expectation {
 public:
  // Takes one more event. An answer that is not allowed, and a breach found without the memory,
  // come back.
  std::optional<Violation> Fold(const Event& event);

  // Equal digests: every later answer is judged equally (the verdict key's share of the memory).
  vfs::Hash128 Digest() const;

 private:
  struct Domain {
    std::vector<std::string> allowed;  // oldest first; the last is the newest attempt
    bool has_acknowledged = false;     // allowed.front() was acknowledged or served
  };
  std::map<std::string, Domain, std::less<>> domains_;
};

}  // namespace permafrost::sim
