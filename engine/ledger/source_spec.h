// Which source of ledgers is meant, as an operator writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::engine {

struct SourceSpec {
  enum class Kind { kLake, kStream, kSynthetic, kJournal };
  Kind kind = Kind::kSynthetic;
  std::string path = {};  // of a lake or a stream; "-": standard input
  std::uint64_t seed = 0;
  std::uint32_t ledgers = 0;

  bool is_standard_input() const { return kind == Kind::kStream && path == "-"; }
};

// "lake:DIR", "stream:FILE", "stream:-", "synthetic:SEED,N" or "journal".
//
// Errors: kInvalidArgument  names what is wrong and what there is
absl::StatusOr<SourceSpec> ParseSourceSpec(std::string_view text);

}  // namespace permafrost::engine
