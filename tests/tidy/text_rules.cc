// Rules that look at one line of one file.
#include <algorithm>
#include <cctype>
#include <regex>

#include <fmt/format.h>

#include "tests/tidy/rules.h"

namespace permafrost::tidy {
namespace {

constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kLinesMax = 500;

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Finds `word` as a whole: no letter, digit or '_' touches an end that is one itself.
bool HasWord(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool starts = at == 0 || !IsWordChar(word.front()) || !IsWordChar(line[at - 1]);
    const bool ends = end == line.size() || !IsWordChar(word.back()) || !IsWordChar(line[end]);
    if (starts && ends) return true;
  }
  return false;
}

bool StartsWithAny(std::string_view path, std::span<const std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [path](std::string_view prefix) { return path.starts_with(prefix); });
}

struct Ban {
  std::vector<std::string_view> words;
  std::string_view instead;
  std::vector<std::string_view> rooms;    // where it is banned
  std::vector<std::string_view> allowed;  // and where not, as path prefixes
};

// Where system calls, threads, clocks and the environment may be used (style L2).
#define PERMAFROST_WORLD "vfs/posix/", "sim/sched/"
// The forked workers of the explorer, what is killed on the real disk, the mains, and what measures
// and prints for them.
#define PERMAFROST_SHELL                                                                    \
  "sim/explore/worker", "sim/kill/victim", "sim/cli/", "sim/powercut", "engine/permafrost", \
      "engine/daemon/"

const std::vector<Ban>& Bans() {
  static const std::vector<Ban> kBans = {
      {{"now()", "clock_gettime", "gettimeofday", "time(nullptr)", "time(NULL)"},
       "vfs::Clock",
       {"vfs/", "faults/", "engine/", "sim/"},
       {PERMAFROST_WORLD, PERMAFROST_SHELL}},
      {{"sleep", "usleep", "nanosleep", "sleep_for", "sleep_until"},
       "vfs::Clock::SleepNanos; tests wait for events",
       {""},
       {PERMAFROST_WORLD, "tests/sim/sched/thread"}},  // which show that a sleep is virtual there
      {{"std::rand", "rand()", "srand", "random_device", "mt19937", "mt19937_64",
        "default_random_engine"},
       "vfs::Prng with a seed",
       {""},
       {"tests/sim/sched/thread"}},  // which show that a seed is behind it there
      {{"std::thread", "std::jthread", "std::async", "pthread_create"},
       "vfs::Executor",
       {"vfs/", "faults/", "engine/", "sim/"},
       // The scenarios are programs under test that have threads of their own.
       {PERMAFROST_WORLD, "sim/explore/worker", "sim/campaign/thread_load",
        "sim/scenarios/concurrent_phase", "sim/scenarios/script_threads"}},
      {{"getenv", "setenv", "secure_getenv"},
       "an option that main reads",
       {"vfs/", "faults/", "engine/", "sim/"},
       {PERMAFROST_WORLD, PERMAFROST_SHELL}},
      {{"getpid", "fork"},
       "vfs::LockOptions::content, or the explorer's workers",
       {"vfs/", "faults/", "engine/", "sim/"},
       {PERMAFROST_WORLD, PERMAFROST_SHELL}},
      {{"std::filesystem", "<filesystem>", "fstream", "ifstream", "ofstream", "fopen"},
       "vfs::FileSystem",
       {"vfs/", "faults/", "engine/", "sim/"},
       {PERMAFROST_WORLD}},
      {{"std::hash", "absl::Hash", "std::boyer_moore_searcher"},
       "vfs::HashBytes or vfs::Hasher, equal in every process",
       {"vfs/", "faults/", "engine/", "sim/"},
       {}},
      {{"absl::Mutex", "absl::MutexLock"}, "vfs::Mutex, which the scheduler sees", {""}, {}},
      {{"unordered_map", "unordered_set", "unordered_multimap", "flat_hash_map", "flat_hash_set",
        "node_hash_map", "node_hash_set"},
       "std::map, absl::btree_map or a sorted vector: hash order differs per process",
       {"faults/", "engine/", "sim/"},
       {}},
      {{"SyncDir("}, "a barrier of vfs/durable.h", {"engine/"}, {}},
      {{"throw"}, "absl::Status", {"vfs/", "faults/", "engine/", "sim/"}, {}},
      {{"printf", "fprintf", "puts", "std::cout", "std::cerr", "fmt::print"},
       "vfs::Log, or text that main prints",
       {"vfs/", "faults/", "engine/", "sim/"},
       {"vfs/base/check.cc", "vfs/base/log.cc", "sim/sched/", PERMAFROST_SHELL}},
      {{"std::source_location", "<format>", "<expected>", "std::views", "std::ranges::views"},
       "what clang 14 and g++ 12 both have",
       {""},
       {}},
      {{"DISABLED_"}, "a test that runs", {"tests/"}, {}},
  };
  return kBans;
}

#undef PERMAFROST_WORLD
#undef PERMAFROST_SHELL

// The rules themselves and their test name what they forbid.
bool IsTidyItself(const SourceFile& file) {
  return file.path.starts_with("tests/tidy/") || file.path == "tests/tidy_test.cc";
}

void CheckAddressOrder(const SourceFile& file, Offences& offences) {
  static const std::regex kAddressKey(
      R"(\b(map|set|multimap|multiset)<\s*(const\s+)?[\w:]+(\s+const)?\s*\*)");
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    const std::string& line = file.code[i];
    if (line.find('<') == std::string::npos || line.find('*') == std::string::npos) continue;
    if (!std::regex_search(line, kAddressKey)) continue;
    offences.push_back({file.path, i + 1,
                        "container ordered by address; use a key that is equal in every process"});
  }
}

}  // namespace

Offences CheckFirstLine(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    const bool is_source_list = file.path.ends_with(".cmake") && file.lines.size() <= 10;
    if (file.path.ends_with(".md") || is_source_list) continue;
    const std::string_view mark = IsCpp(file) ? "// " : "# ";
    const std::string_view first =
        file.lines.empty() ? std::string_view() : std::string_view(file.lines[0]);
    const bool says_something =
        first.starts_with(mark) && std::count(first.begin(), first.end(), ' ') >= 2;
    if (!says_something)
      offences.push_back({file.path, 1, "first line does not say in a sentence what the file is"});
  }
  return offences;
}

Offences CheckColumns(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    if (!IsCpp(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::size_t columns = file.lines[i].size();
      const bool is_include = file.lines[i].starts_with("#include");
      const bool is_marker = file.lines[i].find("// NOLINT") != std::string::npos;
      if (columns <= kColumnsMax || is_include || is_marker) continue;
      offences.push_back(
          {file.path, i + 1, "line of " + std::to_string(columns) + " columns (limit 100)"});
    }
  }
  return offences;
}

Offences CheckAscii(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    if (file.path.ends_with(".md")) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      const bool plain =
          std::all_of(line.begin(), line.end(), [](char c) { return c >= ' ' && c <= '~'; });
      if (!plain)
        offences.push_back(
            {file.path, i + 1, "character that is not printable ASCII; write it out or escape it"});
      if (line.ends_with(' '))
        offences.push_back({file.path, i + 1, "blank at the end of the line"});
    }
  }
  return offences;
}

Offences CheckOpenEnds(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    if (IsTidyItself(file)) continue;
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      for (const std::string_view word : {"FIXME", "TODO", "XXX", "HACK"}) {
        if (!HasWord(file.lines[i], word)) continue;
        offences.push_back({file.path, i + 1,
                            std::string(word) + "; do it now, or write an issue and take it out"});
      }
    }
  }
  return offences;
}

Offences CheckFileLength(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    if (!IsCpp(file) || file.lines.size() <= kLinesMax) continue;
    offences.push_back(
        {file.path, 0,
         "file of " + std::to_string(file.lines.size()) + " lines (limit 500); split it"});
  }
  return offences;
}

Offences CheckBans(Files files) {
  Offences offences;
  for (const SourceFile& file : files) {
    if (!IsCpp(file) || IsTidyItself(file)) continue;
    for (const Ban& ban : Bans()) {
      if (!StartsWithAny(file.path, ban.rooms) || StartsWithAny(file.path, ban.allowed)) continue;
      for (std::size_t i = 0; i < file.code.size(); ++i) {
        for (const std::string_view word : ban.words) {
          if (!HasWord(file.code[i], word)) continue;
          offences.push_back(
              {file.path, i + 1, fmt::format("'{}' is banned here; use {}", word, ban.instead)});
        }
      }
    }
    CheckAddressOrder(file, offences);
  }
  return offences;
}

std::string ToString(const Offences& offences) {
  std::string text;
  for (const Offence& offence : offences) {
    text += fmt::format("{}:{}: {}\n", offence.path, offence.line, offence.finding);
  }
  return text;
}

}  // namespace permafrost::tidy
