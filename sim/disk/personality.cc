// Personalities as text.
#include "sim/disk/personality.h"

#include <array>
#include <utility>

#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

using Kind = Personality::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 7> kKinds = {{
    {"strict", Kind::kStrict},
    {"ordered", Kind::kOrdered},
    {"writeback", Kind::kWriteback},
    {"treelog", Kind::kTreelog},
    {"prefix", Kind::kPrefix},
    {"all", Kind::kAll},
    {"none", Kind::kNone},
}};

}  // namespace

std::string ToString(const Personality& personality) {
  std::string text;
  for (const auto& [name, kind] : kKinds) {
    if (kind == personality.kind) text = name;
  }
  if (personality.da_alloc) text += "+da_alloc";
  if (personality.nopsow) text += "+nopsow";
  if (personality.tear_bytes) text += "+tear_bytes";
  return text;
}

absl::StatusOr<Personality> ParsePersonality(std::string_view text) {
  Personality personality;
  std::string_view rest = text;
  for (bool is_first = true; is_first || !rest.empty(); is_first = false) {
    const std::size_t plus = rest.find('+');
    const std::string_view word = rest.substr(0, plus);
    rest = plus == std::string_view::npos ? std::string_view() : rest.substr(plus + 1);
    bool is_known = false;
    if (is_first) {
      for (const auto& [name, kind] : kKinds) {
        if (name != word) continue;
        personality.kind = kind;
        is_known = true;
      }
    } else if (word == "da_alloc") {
      is_known = personality.da_alloc = true;
    } else if (word == "nopsow") {
      is_known = personality.nopsow = true;
    } else if (word == "tear_bytes") {
      is_known = personality.tear_bytes = true;
    }
    if (!is_known) {
      return vfs::InvalidArgument(
          "personality '{}': unknown word '{}'; known: strict ordered writeback treelog prefix all "
          "none, then +da_alloc +nopsow +tear_bytes",
          text, word);
    }
  }
  return personality;
}

}  // namespace permafrost::sim
