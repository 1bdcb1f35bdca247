// What both commands do with their command line and their standard output, so that they refuse,
// explain and fail alike.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>
#include <absl/status/status.h>

namespace permafrost::vfs {

// What a command line asks for.
struct LineAnswer {
  enum class Kind {
    kRan,     // it was understood, and the callbacks of its command ran
    kShow,    // help or version: `text` goes to standard output
    kRefuse,  // it is wrong: `text` is one line for standard error
  };
  Kind kind = Kind::kRan;
  std::string text;
};

// Parses into `app`. `help [COMMAND]` is another spelling of `[COMMAND] --help`. A refusal names
// the word that was written, the nearest one that exists, and where the help is.
//
// Threads: one thread at a time.
LineAnswer ParseCommandLine(CLI::App& app, int argc, const char* const* argv);

// Bounds of a number on a command line, both allowed.
struct NumberRange {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

// For Option::transform: a whole number, decimal or 0x hexadecimal. The refusal shows the text as
// it was written.
CLI::Validator WholeNumber(NumberRange range);

// Writes and flushes. The errno is recorded (ErrnoOf): EPIPE says that the reader has left, which
// is no error of the command.
//
// Errors: whatever write(2) gives, with its text
absl::Status WriteStandardOutput(std::string_view text);

}  // namespace permafrost::vfs
