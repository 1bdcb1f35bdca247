// Cuts as text.
#include "sim/explore/cut.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {

absl::StatusOr<std::uint64_t> ParseNumber(std::string_view text) {
  const bool is_hex = text.starts_with("0x") || text.starts_with("0X");
  const std::string_view digits = text.substr(is_hex ? 2 : 0);
  const char* const last = digits.data() + digits.size();
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), last, value, is_hex ? 16 : 10);
  if (error != std::errc() || end != last || digits.empty()) {
    return vfs::InvalidArgument("'{}' is not a number", text);
  }
  return value;
}

std::string StepOf(const Cut& cut) {
  std::string_view rest = cut.label;
  while (true) {
    const std::size_t slash = rest.rfind('/');
    if (slash == std::string_view::npos) return std::string(rest);
    const std::string_view label = rest.substr(slash + 1);
    if (!label.starts_with("rocksdb.")) return std::string(label);
    rest = rest.substr(0, slash);
  }
}

std::string ToString(const Cut& cut) {
  return cut.kind == CutKind::kProcessDeath
             ? fmt::format("death point={} label={}", cut.point, cut.label)
             : fmt::format("power point={} label={} choice={}", cut.point, cut.label, cut.choice);
}

absl::StatusOr<Cut> ParseCut(std::string_view text) {
  Cut cut;
  if (text.starts_with("power ")) {
    cut.kind = CutKind::kPowerCut;
  } else if (text.starts_with("death ")) {
    cut.kind = CutKind::kProcessDeath;
  } else {
    return vfs::InvalidArgument("'{}' begins with neither 'power' nor 'death'", text);
  }
  text.remove_prefix(6);
  const std::size_t label_at = text.find(" label=");
  const std::size_t choice_at = text.find(" choice=");
  const bool wants_choice = cut.kind == CutKind::kPowerCut;
  if (!text.starts_with("point=") || label_at == std::string_view::npos ||
      (wants_choice && (choice_at == std::string_view::npos || choice_at < label_at))) {
    return vfs::InvalidArgument("'{}' is not 'point=N label=LABEL{}'", text,
                                wants_choice ? " choice=CHOICE" : "");
  }
  VFS_ASSIGN_OR_RETURN(cut.point, ParseNumber(text.substr(6, label_at - 6)));
  cut.label = std::string(
      text.substr(label_at + 7, wants_choice ? choice_at - label_at - 7 : std::string_view::npos));
  if (wants_choice) cut.choice = std::string(text.substr(choice_at + 8));
  return cut;
}

std::vector<Cut> ParseCutLines(std::string_view text) {
  std::vector<Cut> cuts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto cut = ParseCut(text.substr(0, end));
    if (cut.ok()) cuts.push_back(*cut);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return cuts;
}

}  // namespace permafrost::sim
