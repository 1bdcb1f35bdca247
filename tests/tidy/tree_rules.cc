// Rules that compare files with each other and with the registries.
#include <algorithm>
#include <array>
#include <map>
#include <set>

#include <fmt/format.h>

#include "tests/tidy/rules.h"

namespace permafrost::tidy {
namespace {

// Which rooms each room may include (style L1).
const std::map<std::string, std::set<std::string>, std::less<>>& Below() {
  static const std::map<std::string, std::set<std::string>, std::less<>> kBelow = {
      {"vfs", {"vfs"}},
      {"faults", {"faults", "vfs"}},
      {"engine", {"engine", "vfs"}},
      {"sim", {"sim", "engine", "faults", "vfs"}},
      {"tests", {"tests", "sim", "engine", "faults", "vfs"}},
  };
  return kBelow;
}

struct HeavyHeader {
  std::string_view prefix;
  std::vector<std::string_view> allowed;  // path prefixes
};

const std::vector<HeavyHeader>& HeavyHeaders() {
  static const std::vector<HeavyHeader> kHeavy = {
      {"rocksdb/",
       {"vfs/rocksdb/", "engine/catalog/", "engine/hot/", "sim/sched/", "sim/scenarios/",
        "sim/powercut", "tests/"}},
      {"toml", {"engine/config/", "sim/campaign/"}},
      {"google/protobuf/", {"engine/journal/", "tests/"}},
      {"gmock/", {"tests/"}},
      {"rapidcheck", {"tests/"}},
      {"nlohmann/",
       {"sim/", "engine/permafrost", "engine/daemon/", "engine/ledger/lake_manifest.cc", "tests/"}},
      {"CLI/",
       {"vfs/posix/command_line", "sim/cli/", "sim/powercut", "engine/permafrost",
        "engine/daemon/"}},
  };
  return kHeavy;
}

bool IsAllowed(std::string_view path, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [path](std::string_view prefix) { return path.starts_with(prefix); });
}

bool IsCMake(const SourceFile& file) {
  return file.path.ends_with("CMakeLists.txt") || file.path.ends_with(".cmake");
}

std::string_view FolderOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

// "faulty_file_system" -> "faulty".
std::string_view FirstWord(std::string_view stem) { return stem.substr(0, stem.find('_')); }

// Whether `line` holds `name` between blanks, slashes and brackets.
bool HasFileName(std::string_view line, std::string_view name) {
  for (std::size_t at = line.find(name); at != std::string_view::npos;
       at = line.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const bool starts =
        at == 0 || line[at - 1] == ' ' || line[at - 1] == '/' || line[at - 1] == '(';
    const bool ends = end == line.size() || line[end] == ' ' || line[end] == ')';
    if (starts && ends) return true;
  }
  return false;
}

// Whether a CMake file in the folder of `path`, or in a folder above it, names the file; or any
// other does with the file's folder ("../bench/a.cc").
bool IsNamedByCMake(Files files, std::string_view path) {
  const std::string_view folder = FolderOf(path);
  const std::string_view name = path.substr(folder.size() + 1);
  const std::size_t slash = folder.rfind('/');
  const std::string_view with_folder = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  return std::any_of(files.begin(), files.end(), [&](const SourceFile& cmake) {
    if (!IsCMake(cmake)) return false;
    const std::string_view wanted = folder.starts_with(FolderOf(cmake.path)) ? name : with_folder;
    return std::any_of(cmake.lines.begin(), cmake.lines.end(),
                       [wanted](const std::string& line) { return HasFileName(line, wanted); });
  });
}

// The literals of code that is not a test, with their places; includes are not literals.
template <typename Visit>
void ForEachLiteral(Files files, const Visit& visit) {
  for (const SourceFile& file : files) {
    if (!IsCpp(file) || RoomOf(file.path) == "tests") continue;
    for (std::size_t i = 0; i < file.strings.size(); ++i) {
      if (file.strings[i].starts_with("#include")) continue;
      for (const std::string& literal : LiteralsOf(file.strings[i])) visit(file, i + 1, literal);
    }
  }
}

// "freeze.sync.parent": two to four lower-case words, the shape of a label.
bool LooksLikeLabel(std::string_view text) {
  const auto is_label_char = [](char c) { return (c >= 'a' && c <= 'z') || c == '.' || c == '_'; };
  const bool framed = !text.empty() && text.front() != '.' && text.back() != '.';
  return framed && std::all_of(text.begin(), text.end(), is_label_char) &&
         text.find('.') != std::string_view::npos;
}

// Whether the literal is the name of a point of vfs/base/fault_point.h on this line.
bool IsPointAt(std::string_view line, const std::string& literal) {
  return line.find("FaultPoint(\"" + literal + "\"") != std::string_view::npos ||
         line.find("FaultErrno(\"" + literal + "\"") != std::string_view::npos;
}

constexpr std::string_view kPointRegistry = "faults/fault_points.cc";
constexpr std::string_view kLabelRegistry = "vfs/base/step_labels.h";
constexpr std::string_view kKeysDirectory = "engine/config/";

}  // namespace

Offences CheckLayering(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    const auto below = Below().find(RoomOf(file.path));
    if (!IsCpp(file) || below == Below().end()) continue;
    for (const Include& include : IncludesOf(file)) {
      if (!include.is_quoted) continue;
      const std::string room(RoomOf(include.name));
      if (!Below().contains(room)) {
        offences.push_back(
            {file.path, include.line,
             fmt::format("\"{}\" is no path from the repository root; third-party headers go in <>",
                         include.name)});
      } else if (!below->second.contains(room)) {
        offences.push_back(
            {file.path, include.line,
             fmt::format("{} must not include {}; turn the dependency round", below->first, room)});
      } else if (file.path.starts_with("vfs/base/") && !include.name.starts_with("vfs/base/")) {
        offences.push_back({file.path, include.line, "vfs/base includes nothing above it"});
      }
    }
  }
  return offences;
}

Offences CheckHeavyHeaders(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    if (!IsCpp(file)) continue;
    for (const Include& include : IncludesOf(file)) {
      if (include.is_quoted) continue;
      for (const HeavyHeader& heavy : HeavyHeaders()) {
        if (!include.name.starts_with(heavy.prefix) || IsAllowed(file.path, heavy.allowed))
          continue;
        offences.push_back(
            {file.path, include.line,
             fmt::format("<{}> belongs in {} only", include.name, fmt::join(heavy.allowed, ", "))});
      }
    }
  }
  return offences;
}

Offences CheckTestNames(Files files) {
  // Of each room: its folders, and the first words of its files' names.
  std::set<std::string, std::less<>> folders;
  std::map<std::string, std::set<std::string>, std::less<>> words;
  for (const SourceFile& file : files) {
    const std::string room(RoomOf(file.path));
    for (std::string_view part = file.path; part.size() > room.size(); part = FolderOf(part)) {
      words[room].emplace(FirstWord(StemOf(part)));
      folders.emplace(FolderOf(part));
    }
  }
  Offences offences;
  for (const SourceFile& file : files) {
    if (RoomOf(file.path) != "tests" || !file.path.ends_with("_test.cc")) continue;
    const std::string_view mirrored = FolderOf(std::string_view(file.path).substr(6));
    const std::string room(RoomOf(mirrored));
    if (!Below().contains(room)) continue;  // conformance, bench, tidy: not the mirror of a room
    if (!folders.contains(mirrored)) {
      offences.push_back({file.path, 0, fmt::format("there is no folder {} to mirror", mirrored)});
    } else if (mirrored == room &&
               !words[room].contains(std::string(FirstWord(StemOf(file.path))))) {
      offences.push_back(
          {file.path, 0, fmt::format("no file or folder of {}/ begins with that word", room)});
    }
  }
  return offences;
}

Offences CheckDeadHeaders(Files files) {
  std::set<std::string> included;
  for (const SourceFile& file : files) {
    for (const Include& include : IncludesOf(file)) {
      const bool is_own = StemOf(include.name) == StemOf(file.path) &&
                          FolderOf(include.name) == FolderOf(file.path);
      if (!is_own) included.insert(include.name);
    }
  }
  Offences offences;
  for (const SourceFile& file : files) {
    if (!IsHeader(file) || included.contains(file.path)) continue;
    offences.push_back(
        {file.path, 0, "nobody includes this header but its own .cc; use it or remove it"});
  }
  return offences;
}

Offences CheckRegistration(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    if (!file.path.ends_with(".cc") || IsNamedByCMake(files, file.path)) continue;
    offences.push_back({file.path, 0, "no CMake file names this file: it is never compiled"});
  }
  return offences;
}

Offences CheckFaultPoints(Files files, std::span<const std::string_view> names) {
  std::map<std::string, std::vector<std::string>> sites;
  Offences offences;
  ForEachLiteral(files, [&](const SourceFile& file, std::size_t line, const std::string& literal) {
    if (file.path == kPointRegistry) return;
    if (std::find(names.begin(), names.end(), literal) != names.end()) {
      sites[literal].push_back(fmt::format("{}:{}", file.path, line));
    } else if (IsPointAt(file.strings[line - 1], literal)) {
      offences.push_back(
          {file.path, line,
           fmt::format("fault point '{}' is not listed in {}", literal, kPointRegistry)});
    }
  });
  for (const std::string_view name : names) {
    const std::vector<std::string>& found = sites[std::string(name)];
    if (found.size() == 1) continue;
    offences.push_back({std::string(kPointRegistry), 0,
                        fmt::format("fault point '{}' is a literal at {} sites ({}), not at one",
                                    name, found.size(), fmt::join(found, ", "))});
  }
  return offences;
}

Offences CheckStepLabels(Files files, std::span<const std::string_view> labels) {
  std::set<std::string, std::less<>> areas;
  for (const std::string_view label : labels) {
    if (label.find('.') != std::string_view::npos) areas.emplace(label.substr(0, label.find('.')));
  }
  Offences offences;
  std::set<std::string, std::less<>> used;
  ForEachLiteral(files, [&](const SourceFile& file, std::size_t line, const std::string& literal) {
    if (file.path == kLabelRegistry) return;
    const bool is_known = std::find(labels.begin(), labels.end(), literal) != labels.end();
    if (is_known) used.insert(literal);
    const std::string& code = file.strings[line - 1];
    const bool is_step = code.find("Step ") != std::string::npos &&
                         code.find("(\"" + literal + "\")") != std::string::npos;
    // Keys of the configuration are spelled as labels are, in areas of the same names.
    const bool in_area = !file.path.starts_with(kKeysDirectory) && LooksLikeLabel(literal) &&
                         areas.contains(literal.substr(0, literal.find('.')));
    if ((is_step || in_area) && !is_known) {
      offences.push_back(
          {file.path, line,
           fmt::format("step label '{}' is not listed in {}", literal, kLabelRegistry)});
    }
  });
  for (const std::string_view label : labels) {
    if (used.contains(label)) continue;
    offences.push_back({std::string(kLabelRegistry), 0,
                        fmt::format("label '{}' is used nowhere; remove its line", label)});
  }
  return offences;
}

}  // namespace permafrost::tidy
