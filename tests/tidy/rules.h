// The rules of the house as functions over source files; each answers the lines that break it.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_file.h"

namespace permafrost::tidy {

struct Offence {
  std::string path;
  std::size_t line = 0;  // from 1; 0: the file as a whole
  std::string finding;   // what is wrong; and the remedy
};

using Files = std::span<const SourceFile>;
using Offences = std::vector<Offence>;

// text_rules.cc: one file at a time.
Offences CheckFirstLine(Files files);   // says what the file is
Offences CheckColumns(Files files);     // at most 100
Offences CheckAscii(Files files);       // sources are ASCII, without tabs and trailing blanks
Offences CheckOpenEnds(Files files);    // nothing left for later in comments
Offences CheckFileLength(Files files);  // at most 500 lines
Offences CheckBans(Files files);  // words with a better replacement, and where they are allowed

// tree_rules.cc: files against each other.
Offences CheckLayering(Files files);      // includes point downwards only
Offences CheckHeavyHeaders(Files files);  // RocksDB, toml++, gmock, rapidcheck stay in few files
Offences CheckTestNames(Files files);     // a test mirrors the file it tests
Offences CheckDeadHeaders(Files files);   // somebody includes every header
Offences CheckRegistration(Files files);  // every .cc is named by a CMake file

// Fault points: each listed one is a literal at one site beside the registry, and none is unlisted.
Offences CheckFaultPoints(Files files, std::span<const std::string_view> names);

// Step labels: a literal whose first word is the area of a known label must be a known label, and
// each known label must occur outside the registry.
Offences CheckStepLabels(Files files, std::span<const std::string_view> labels);

// "path:line: finding" lines.
std::string ToString(const Offences& offences);

}  // namespace permafrost::tidy
