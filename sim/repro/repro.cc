// Prints and parses repro files.
#include "sim/repro/repro.h"

#include <fmt/format.h>

#include "sim/explore/cut.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

constexpr std::string_view kHeader = "powercut-repro 1";

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// A binary file by mistake must not reach the terminal as it is.
std::string Printable(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    shown += c >= ' ' && c <= '~' ? std::string(1, c)
                                  : fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return shown;
}

absl::Status ParseLine(std::string_view key, std::string_view value, Repro& repro) {
  if (key == "scenario") {
    repro.scenario = std::string(value);
  } else if (key == "seed") {
    VFS_ASSIGN_OR_RETURN(repro.seed, ParseNumber(value));
  } else if (key == "personality") {
    VFS_ASSIGN_OR_RETURN(repro.personality, ParsePersonality(value));
  } else if (key == "stock") {
    if (value != "yes" && value != "no")
      return vfs::InvalidArgument("'{}' is neither 'yes' nor 'no'", value);
    repro.is_stock = value == "yes";
  } else if (key == "after-failed-sync") {
    if (value != "keep" && value != "revert")
      return vfs::InvalidArgument("'{}' is neither 'keep' nor 'revert'", value);
    repro.reverts_after_failed_sync = value == "revert";
  } else if (key == "without") {
    repro.without.emplace_back(value);
  } else if (key == "mutate") {
    repro.mutate = std::string(value);
  } else if (key == "faults") {
    repro.faults = std::string(value);
  } else if (key == "threads") {
    VFS_ASSIGN_OR_RETURN(repro.thread_mode, ParseThreadMode(value));
    repro.has_threads = true;
  } else if (key == "sync-points") {
    if (value != "yes" && value != "no")
      return vfs::InvalidArgument("'{}' is neither 'yes' nor 'no'", value);
    repro.has_sync_points = value == "yes";
  } else if (key == "strategy") {
    VFS_ASSIGN_OR_RETURN(repro.strategy, ParseStrategy(value));
  } else if (key == "schedule") {
    VFS_ASSIGN_OR_RETURN(repro.schedule, ParseSchedule(value));
  } else if (key == "op") {
    (repro.cuts.empty() ? repro.ops : repro.cuts.back().ops).emplace_back(value);
  } else if (key == "cut") {
    VFS_ASSIGN_OR_RETURN(Cut cut, ParseCut(value));
    repro.cuts.push_back(std::move(cut));
  } else if (key == "expect") {
    repro.expect = value == "clean" ? "" : std::string(value);
  } else if (key == "text") {
    repro.text = std::string(value);
  } else {
    return vfs::InvalidArgument(
        "unknown key '{}'; known: scenario seed personality stock after-failed-sync without mutate "
        "faults threads sync-points strategy schedule op cut expect text",
        Printable(key));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ToString(const Repro& repro) {
  std::string out(kHeader);
  out += '\n';
  std::string_view story = repro.story;
  while (!story.empty()) {
    const std::size_t end = story.find('\n');
    out += fmt::format("# {}\n", story.substr(0, end));
    story = end == std::string_view::npos ? std::string_view() : story.substr(end + 1);
  }
  out += fmt::format("scenario: {}\nseed: 0x{:016x}\npersonality: {}\n", repro.scenario, repro.seed,
                     ToString(repro.personality));
  if (repro.is_stock) out += "stock: yes\n";
  if (repro.reverts_after_failed_sync) out += "after-failed-sync: revert\n";
  for (const std::string& name : repro.without) out += fmt::format("without: {}\n", name);
  if (!repro.mutate.empty()) out += fmt::format("mutate: {}\n", repro.mutate);
  if (!repro.faults.empty()) out += fmt::format("faults: {}\n", repro.faults);
  if (repro.has_threads) {
    out += fmt::format("threads: {}\nstrategy: {}\n", ToString(repro.thread_mode),
                       ToString(repro.strategy));
    if (repro.has_sync_points) out += "sync-points: yes\n";
    if (repro.schedule.has_value()) out += fmt::format("schedule: {}\n", ToString(*repro.schedule));
  }
  for (const std::string& op : repro.ops) out += fmt::format("op: {}\n", op);
  for (const Cut& cut : repro.cuts) {
    out += fmt::format("cut: {}\n", ToString(cut));
    for (const std::string& op : cut.ops) out += fmt::format("op: {}\n", op);
  }
  out += fmt::format("expect: {}\n", repro.expect.empty() ? "clean" : repro.expect);
  if (!repro.text.empty()) out += fmt::format("text: {}\n", Printable(repro.text));
  return out;
}

absl::StatusOr<Repro> ParseRepro(std::string_view text, std::string_view name) {
  Repro repro;
  std::size_t number = 0;
  bool has_header = false;
  bool has_verdict = false;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = Trim(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    if (!has_header) {
      if (line != kHeader)
        return vfs::InvalidArgument("parse {} line 1: found '{}', expected '{}'", name,
                                    Printable(line.substr(0, 60)), kHeader);
      has_header = true;
      continue;
    }
    if (line.empty()) continue;
    if (line.front() == '#') {
      if (!repro.story.empty()) repro.story += '\n';
      repro.story += Trim(line.substr(1));
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) {
      return vfs::InvalidArgument("parse {} line {}: '{}' is not 'key: value'", name, number,
                                  Printable(line.substr(0, 60)));
    }
    has_verdict = has_verdict || line.substr(0, colon) == "expect";
    const absl::Status status =
        ParseLine(line.substr(0, colon), Trim(line.substr(colon + 1)), repro);
    if (!status.ok())
      return vfs::InvalidArgument("parse {} line {}: {}", name, number, vfs::Message(status));
  }
  if (!has_header)
    return vfs::InvalidArgument("parse {}: empty file, expected '{}'", name, kHeader);
  if (repro.scenario.empty()) return vfs::InvalidArgument("parse {}: no 'scenario:' line", name);
  if (!has_verdict) {
    return vfs::InvalidArgument(
        "parse {}: no 'expect:' line, as in a file that was cut short; add 'expect: clean' or the "
        "invariant that is broken",
        name);
  }
  return repro;
}

}  // namespace permafrost::sim
