// Turns the parser's findings into lines that name the word, the nearest one, and the way on.
#include "vfs/posix/command_line.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "vfs/base/nearest.h"
#include "vfs/base/status.h"

namespace permafrost::vfs {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += " " + word;
  return text;
}

// "; did you mean 'sweep'?", or "".
std::string Guess(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> views(known.begin(), known.end());
  return DidYouMean(word, views);
}

std::vector<std::string> CommandsOf(const CLI::App& app) {
  std::vector<std::string> names;
  // A null filter is the parser's way to ask for every subcommand.
  for (const CLI::App* command : app.get_subcommands(nullptr)) names.push_back(command->get_name());
  return names;
}

std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

// The command that was chosen, innermost, and what it is called on the command line.
struct Chosen {
  const CLI::App* app = nullptr;
  std::string path;
};

Chosen ChosenOf(const CLI::App& app) {
  Chosen chosen{&app, app.get_name()};
  while (!chosen.app->get_subcommands().empty()) {
    chosen.app = chosen.app->get_subcommands().front();
    chosen.path += " " + chosen.app->get_name();
  }
  return chosen;
}

bool IsFlag(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

enum class Expects { kCommand, kFlags };

// Of the words that no option and no command took, the one to blame. Where a command was expected
// that is the first: what follows belongs to it. Else a flag rather than a word that may be its
// value.
std::optional<std::string> Stray(const std::vector<std::string>& words, Expects expects) {
  if (words.empty()) return std::nullopt;
  const auto flag = std::find_if(words.begin(), words.end(), IsFlag);
  const bool is_first = expects == Expects::kCommand || flag == words.end();
  const std::string& word = is_first ? words.front() : *flag;
  return IsFlag(word) ? word.substr(0, word.find('=')) : word;
}

// The parser's own words, where they would puzzle.
std::string Reworded(const CLI::ParseError& error) {
  const std::string text = error.what();
  if (error.get_name() == "RequiredError")
    return fmt::format("'{}' is missing", text.substr(0, text.find(' ')));
  if (error.get_name() == "ArgumentMismatch") {
    return fmt::format("{}: {}", text.substr(0, text.find(':')),
                       text.find("received") == std::string::npos ? "its value is missing"
                                                                  : "stands there more than once");
  }
  return text;
}

std::string Finding(const CLI::App& app, const Chosen& chosen, const CLI::ParseError& error) {
  std::vector<std::string> stray_words = chosen.app->remaining();
  if (stray_words.empty()) stray_words = app.remaining();
  const std::vector<std::string> commands = CommandsOf(*chosen.app);
  const std::optional<std::string> stray =
      Stray(stray_words, commands.empty() ? Expects::kFlags : Expects::kCommand);
  if (stray.has_value() && IsFlag(*stray))
    return fmt::format("no flag '{}'{}", *stray, Guess(*stray, FlagsOf(*chosen.app)));
  if (!commands.empty() && stray.has_value()) {
    return fmt::format("no command '{}'{}; known:{}", *stray, Guess(*stray, commands),
                       Joined(commands));
  }
  if (!commands.empty() && chosen.app->get_subcommands().empty())
    return fmt::format("a command is missing; known:{}", Joined(commands));
  if (stray.has_value()) return fmt::format("'{}' is one word too many", *stray);
  return Reworded(error);
}

LineAnswer Refusal(const CLI::App& app, const Chosen& chosen, const CLI::ParseError& error) {
  return {.kind = LineAnswer::Kind::kRefuse,
          .text = fmt::format("{}: {}; see {} --help\n", app.get_name(),
                              Finding(app, chosen, error), chosen.path)};
}

bool ParseDigits(std::string_view text, std::uint64_t& value) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  }
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return code == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

LineAnswer ParseCommandLine(CLI::App& app, int argc, const char* const* argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    words.emplace_back(argv[i]);
    // The parser would take the next word for the value of "--flag=".
    if (words.back().starts_with("--") && words.back().find('=') + 1 == words.back().size()) {
      words.back().pop_back();
      words.emplace_back();
    }
  }
  if (!words.empty() && words.front() == "help") {
    words.erase(words.begin());
    words.emplace_back("--help");
  }
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // it takes from the back
    return {};
  } catch (const CLI::CallForHelp& help) {
    const Chosen chosen = ChosenOf(app);
    if (CommandsOf(*chosen.app).empty() || chosen.app->remaining().empty())
      return {.kind = LineAnswer::Kind::kShow, .text = app.help()};
    return Refusal(app, chosen, help);  // help on a command that does not exist
  } catch (const CLI::CallForVersion& version) {
    return {.kind = LineAnswer::Kind::kShow, .text = fmt::format("{}\n", version.what())};
  } catch (const CLI::ParseError& error) {
    return Refusal(app, ChosenOf(app), error);
  }
}

CLI::Validator WholeNumber(NumberRange range) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const std::string allowed = fmt::format(
      "from {} to {}", range.min, range.max == kMost ? "2^64-1" : std::to_string(range.max));
  return CLI::Validator(
      [range, allowed](std::string& text) {
        std::uint64_t value = 0;
        if (!ParseDigits(text, value) || value < range.min || value > range.max)
          return fmt::format("'{}' is not a whole number {}", text, allowed);
        text = std::to_string(value);  // what comes next would read a leading zero as octal
        return std::string();
      },
      "", "whole number");
}

absl::Status WriteStandardOutput(std::string_view text) {
  const bool is_written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (is_written && std::fflush(stdout) == 0) return absl::OkStatus();
  return ErrnoToStatus(errno, "write", "standard output");
}

}  // namespace permafrost::vfs
