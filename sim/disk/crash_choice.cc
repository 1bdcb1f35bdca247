// Choices as text.
#include "sim/disk/crash_choice.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

using vfs::InvalidArgument;

void AppendItem(std::string& list, std::string_view separator, std::string_view item) {
  if (!list.empty()) list += separator;
  list += item;
}

std::string PrintRange(std::size_t first, std::size_t last) {
  return first == last ? fmt::format("{}", first) : fmt::format("{}-{}", first, last);
}

std::string PrintPart(const Fate& fate) {
  std::string parts;
  if (fate.keeps_size) parts = "size";
  for (std::size_t rank = 0; rank < fate.keeps_sector.size(); ++rank) {
    if (!fate.keeps_sector[rank]) continue;
    std::size_t last = rank;
    while (last + 1 < fate.keeps_sector.size() && fate.keeps_sector[last + 1]) ++last;
    AppendItem(parts, "+", "s" + PrintRange(rank, last));
    rank = last;
  }
  return parts;
}

// Splits at `separator`; "" gives nothing.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    const std::size_t at = text.find(separator);
    pieces.push_back(text.substr(0, at));
    text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  }
  return pieces;
}

bool ParseNumber(std::string_view text, std::uint64_t* value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *value);
  return !text.empty() && result.ec == std::errc() && result.ptr == text.data() + text.size();
}

// "4" or "2-7".
bool ParseRange(std::string_view text, std::uint64_t* first, std::uint64_t* last) {
  const std::size_t dash = text.find('-');
  if (!ParseNumber(text.substr(0, dash), first)) return false;
  if (dash == std::string_view::npos) {
    *last = *first;
    return true;
  }
  return ParseNumber(text.substr(dash + 1), last) && *first <= *last;
}

absl::Status Bad(std::string_view text, std::string_view item) {
  return InvalidArgument("crash choice '{}': '{}' does not fit this snapshot or does not parse",
                         text, item);
}

class Parser {
 public:
  Parser(std::string_view text, const std::vector<EffectRef>& effects)
      : text_(text), effects_(effects) {
    choice_.fates.resize(effects.size());
  }

  absl::StatusOr<Choice> Parse(const Personality& personality) {
    const std::vector<std::string_view> words = Split(text_, ' ');
    if (words.empty() || words[0] != ToString(personality)) {
      return InvalidArgument("crash choice '{}': is not of personality {}", text_,
                             ToString(personality));
    }
    bool has_keep = false;
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::size_t equals = words[i].find('=');
      if (equals == std::string_view::npos) return Bad(text_, words[i]);
      const std::string_view field = words[i].substr(0, equals);
      const std::string_view value = words[i].substr(equals + 1);
      if (field == "fill") {
        VFS_RETURN_IF_ERROR(ParseFill(value));
        continue;
      }
      has_keep = has_keep || field == "keep";
      for (std::string_view item : Split(value, ',')) {
        const bool is_good = field == "keep"   ? ParseKeep(item)
                             : field == "size" ? ParseSize(item)
                             : field == "tear" ? ParseTear(item)
                                               : false;
        if (!is_good) return Bad(text_, words[i]);
      }
    }
    if (!has_keep) return Bad(text_, "no keep=");
    for (std::size_t i = 0; i < effects_.size(); ++i) Normalize(*effects_[i], choice_.fates[i]);
    return choice_;
  }

 private:
  absl::Status ParseFill(std::string_view value) {
    if (value == "zero") {
      choice_.fill = Fill::kZero;
    } else if (value == "stale") {
      choice_.fill = Fill::kStale;
    } else if (value.starts_with("garbage:") &&
               ParseNumber(value.substr(value.find(':') + 1), &choice_.fill_seed)) {
      choice_.fill = Fill::kGarbage;
    } else {
      return Bad(text_, value);
    }
    return absl::OkStatus();
  }

  bool ParseKeep(std::string_view item) {
    if (item == "none") return true;
    const std::size_t dot = item.find('.');
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (!ParseRange(item.substr(0, dot), &first, &last) || last >= effects_.size()) return false;
    if (dot == std::string_view::npos) {
      for (std::uint64_t i = first; i <= last; ++i) choice_.fates[i].extent = Extent::kKept;
      return true;
    }
    if (first != last) return false;
    const std::size_t count = SectorCount(*effects_[first]);
    Fate& fate = choice_.fates[first];
    fate.extent = Extent::kPart;
    fate.keeps_sector.assign(count, false);
    for (std::string_view part : Split(item.substr(dot + 1), '+')) {
      std::uint64_t rank = 0;
      std::uint64_t rank_last = 0;
      if (part == "size" && effects_[first]->has_size) {
        fate.keeps_size = true;
      } else if (part.starts_with('s') && ParseRange(part.substr(1), &rank, &rank_last) &&
                 rank_last < count) {
        for (; rank <= rank_last; ++rank) fate.keeps_sector[rank] = true;
      } else {
        return false;
      }
    }
    return true;
  }

  bool ParseSize(std::string_view item) {
    const std::size_t colon = item.find(':');
    std::uint64_t index = 0;
    std::uint64_t bytes = 0;
    if (colon == std::string_view::npos || !ParseNumber(item.substr(0, colon), &index) ||
        !ParseNumber(item.substr(colon + 1), &bytes) || index >= effects_.size()) {
      return false;
    }
    const Effect& effect = *effects_[index];
    if (effect.kind != EffectKind::kGrow || bytes <= effect.size_before ||
        bytes > effect.size_after) {
      return false;
    }
    choice_.fates[index].size = bytes;
    return true;
  }

  bool ParseTear(std::string_view item) {
    const std::size_t dot = item.find(".s");
    const std::size_t colon = item.find(':');
    if (dot == std::string_view::npos || colon == std::string_view::npos || colon < dot) {
      return false;
    }
    Tear tear;
    std::uint64_t effect = 0;
    std::uint64_t sector = 0;
    if (!ParseNumber(item.substr(0, dot), &effect) || effect >= effects_.size() ||
        !ParseNumber(item.substr(dot + 2, colon - dot - 2), &sector) ||
        sector >= SectorCount(*effects_[effect])) {
      return false;
    }
    tear.effect = effect;
    tear.sector = sector;
    if (item.substr(colon + 1) == "garbled") {
      tear.is_garbled = true;
    } else if (!ParseNumber(item.substr(colon + 1), &tear.bytes) || tear.bytes == 0 ||
               tear.bytes >= kSectorBytes) {
      return false;
    }
    choice_.tears.push_back(tear);
    return true;
  }

  const std::string_view text_;
  const std::vector<EffectRef>& effects_;
  Choice choice_;
};

}  // namespace

bool KeepsSector(const Fate& fate, std::size_t rank) {
  if (fate.extent != Extent::kPart) return fate.extent == Extent::kKept;
  return rank < fate.keeps_sector.size() && fate.keeps_sector[rank];
}

bool KeepsSize(const Fate& fate) {
  if (fate.extent != Extent::kPart) return fate.extent == Extent::kKept;
  return fate.keeps_size;
}

void Normalize(const Effect& effect, Fate& fate) {
  if (fate.extent == Extent::kPart) {
    fate.keeps_sector.resize(SectorCount(effect), false);
    fate.keeps_size = fate.keeps_size && effect.has_size;
    const auto kept = std::count(fate.keeps_sector.begin(), fate.keeps_sector.end(), true);
    const bool is_all = static_cast<std::size_t>(kept) == fate.keeps_sector.size();
    if (is_all && fate.keeps_size == effect.has_size) fate.extent = Extent::kKept;
    if (kept == 0 && !fate.keeps_size) fate.extent = Extent::kLost;
  }
  if (fate.extent != Extent::kPart) {
    fate.keeps_sector.clear();
    fate.keeps_size = false;
  }
  if (!KeepsSize(fate) || !effect.has_size || fate.size == effect.size_after) fate.size.reset();
}

vfs::Hash128 DigestOf(const Choice& choice) {
  std::string flat;
  flat.reserve(choice.fates.size() * 2 + 16);
  for (const Fate& fate : choice.fates) {
    flat += static_cast<char>(fate.extent);
    if (fate.extent == Extent::kPart) {
      flat += fate.keeps_size ? 's' : '-';
      for (bool is_kept : fate.keeps_sector) flat += is_kept ? '1' : '0';
    }
    if (fate.size.has_value()) flat += fmt::format(":{};", *fate.size);
  }
  for (const Tear& tear : choice.tears) {
    flat += fmt::format("t{}.{}:{}{}", tear.effect, tear.sector, tear.bytes,
                        tear.is_garbled ? 'g' : 'b');
  }
  flat += fmt::format("f{}:{}", static_cast<int>(choice.fill), choice.fill_seed);
  return vfs::HashBytes(flat);
}

std::string PrintChoice(const Personality& personality, const Choice& choice) {
  std::string keep;
  std::string size;
  std::string tear;
  const auto is_whole = [&](std::size_t i) { return choice.fates[i].extent == Extent::kKept; };
  for (std::size_t i = 0; i < choice.fates.size(); ++i) {
    const Fate& fate = choice.fates[i];
    if (fate.size.has_value()) AppendItem(size, ",", fmt::format("{}:{}", i, *fate.size));
    if (fate.extent == Extent::kPart) {
      AppendItem(keep, ",", fmt::format("{}.{}", i, PrintPart(fate)));
    } else if (is_whole(i) && (i == 0 || !is_whole(i - 1))) {
      std::size_t last = i;
      while (last + 1 < choice.fates.size() && is_whole(last + 1)) ++last;
      AppendItem(keep, ",", PrintRange(i, last));
    }
  }
  for (const Tear& t : choice.tears) {
    const std::string how = t.is_garbled ? "garbled" : fmt::format("{}", t.bytes);
    AppendItem(tear, ",", fmt::format("{}.s{}:{}", t.effect, t.sector, how));
  }
  std::string text = fmt::format("{} keep={}", ToString(personality), keep.empty() ? "none" : keep);
  if (!size.empty()) text += " size=" + size;
  if (!tear.empty()) text += " tear=" + tear;
  switch (choice.fill) {
    case Fill::kZero: text += " fill=zero"; break;
    case Fill::kStale: text += " fill=stale"; break;
    case Fill::kGarbage: text += fmt::format(" fill=garbage:{}", choice.fill_seed); break;
  }
  return text;
}

absl::StatusOr<Choice> ParseChoice(const Personality& personality,
                                   std::string_view text,
                                   const std::vector<EffectRef>& effects) {
  return Parser(text, effects).Parse(personality);
}

}  // namespace permafrost::sim
