// The certificate as JSON, as text, and as an exit code.
#include "sim/explore/certificate.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/explore/interrupt.h"

namespace permafrost::sim {
namespace {

double Share(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

bool IsSmaller(const std::vector<Cut>& cuts, const std::vector<Cut>& than) {
  if (cuts.size() != than.size()) return cuts.size() < than.size();
  return !cuts.empty() && cuts.back().lost_effects < than.back().lost_effects;
}

// What the last cut of a repro was.
Cut LastCut(const Repro& repro) {
  return repro.cuts.empty() ? Cut{.label = "no cut"} : repro.cuts.back();
}

std::string PlaceOf(const FoundViolation& found) {
  return fmt::format("{}/{}", found.invariant, StepOf(LastCut(found.repro)));
}

}  // namespace

std::string FingerprintOf(const FoundViolation& found) {
  const Cut last = LastCut(found.repro);
  const std::string kinds = last.kind == CutKind::kProcessDeath ? "death"
                            : last.lost.empty()                 ? "nothing-lost"
                                                                : last.lost;
  return fmt::format("{}/{}", PlaceOf(found), kinds);
}

void AddFinding(FoundViolation found, Certificate& certificate) {
  const std::string place = PlaceOf(found);
  found.fingerprint = FingerprintOf(found);
  const auto [it, is_new] = certificate.violations.try_emplace(place, found);
  if (is_new) return;
  found.count = it->second.count + found.count;
  if (IsSmaller(found.repro.cuts, it->second.repro.cuts)) {
    it->second = std::move(found);
  } else {
    it->second.count = found.count;
  }
}

std::uint64_t Certificate::violation_count() const { return violations.size(); }

double Certificate::exhaustive_share() const { return Share(exhausted, crash_points); }

double Certificate::images_per_core_second() const {
  return core_seconds > 0 ? static_cast<double>(recoveries) / core_seconds : 0;
}

double Certificate::raw_share() const {
  return core_seconds > 0 ? static_cast<double>(opens) * raw_open_seconds / core_seconds : 0;
}

int Certificate::ExitCode() const {
  if (!violations.empty()) return 1;
  if (is_interrupted) return InterruptExitCode() != 0 ? InterruptExitCode() : 130;
  if (crash_points == 0 || recoveries == 0 || !labels_uncut.empty() || !probes_missed.empty())
    return 3;
  return 0;
}

nlohmann::ordered_json ToJson(const Certificate& c) {
  nlohmann::ordered_json json;
  json["scenario"] = c.scenario;
  json["personality"] = c.personality;
  json["depth"] = c.depth;
  json["runs"] = c.runs;
  json["crash_points"] = c.crash_points;
  json["exhausted"] = c.exhausted;
  json["exhaustive_share"] = c.exhaustive_share();
  json["deaths"] = c.deaths;
  json["nested_points"] = c.nested_points;
  json["nested_exhausted"] = c.nested_exhausted;
  json["candidates"] = c.candidates;
  json["distinct"] = c.distinct;
  json["recoveries"] = c.recoveries;
  json["schedules"] = c.schedules;
  json["judgements"] = c.judgements;
  json["violations"] = c.violation_count();
  nlohmann::ordered_json found = nlohmann::ordered_json::array();
  for (const auto& [place, violation] : c.violations) {
    found.push_back({{"fingerprint", violation.fingerprint},
                     {"invariant", violation.invariant},
                     {"count", violation.count},
                     {"text", violation.text},
                     {"operations", violation.repro.ops.size()},
                     {"minimized", violation.minimized}});
  }
  json["violation_list"] = std::move(found);
  json["labels_uncut"] = c.labels_uncut;
  json["probes_missed"] = c.probes_missed;
  nlohmann::ordered_json labels = nlohmann::ordered_json::object();
  for (const auto& [label, coverage] : c.labels) {
    labels[label] = {{"before", coverage.before},
                     {"inside", coverage.inside},
                     {"after", coverage.after},
                     {"distinct", coverage.distinct},
                     {"pending", coverage.pending}};
  }
  json["labels"] = std::move(labels);
  json["probes"] = c.probes;
  json["images_per_core_second"] = c.images_per_core_second();
  json["opens"] = c.opens;
  if (!c.threads.empty()) json["threads"] = c.threads;
  json["raw_open_us"] = c.raw_open_seconds * 1e6;
  json["raw_share"] = c.raw_share();
  json["trace_hash"] = c.trace_hash.Hex();
  json["seconds"] = c.seconds;
  json["core_seconds"] = c.core_seconds;
  json["interrupted"] = c.is_interrupted;
  return json;
}

std::string ToText(const Certificate& c) {
  std::string out = fmt::format(
      "certificate {} personality={} depth={}{}\n"
      "  crash points   {} ({} exhausted, {:.1f} %), process deaths {}, points of later "
      "generations {}\n"
      "  crash images   {} offered, {} distinct disks recovered in {} recoveries, {} verdicts\n"
      "  violations     {}\n",
      c.scenario, c.personality, c.depth,
      c.is_interrupted ? " (interrupted: a partial result)" : "", c.crash_points, c.exhausted,
      100 * c.exhaustive_share(), c.deaths, c.nested_points, c.candidates, c.distinct, c.recoveries,
      c.judgements, c.violation_count());
  if (c.labels.empty()) return out;
  out += fmt::format("  {:<26} {:>8} {:>8} {:>8} {:>9}\n", "cuts around the step", "before",
                     "inside", "after", "distinct");
  for (const auto& [label, coverage] : c.labels) {
    if (label.starts_with("rocksdb.")) continue;
    out += fmt::format("  {:<26} {:>8} {:>8} {:>8} {:>9}\n", label, coverage.before,
                       coverage.inside, coverage.after, coverage.distinct);
  }
  for (const std::string& label : c.labels_uncut)
    out += fmt::format("  not cut enough: {}\n", label);
  for (const std::string& probe : c.probes_missed)
    out += fmt::format("  never reached:  {}\n", probe);
  out += fmt::format(
      "  differs from production: the simulated file system refuses OPTIONS-* files; {}\n",
      c.threads.empty() ? "background jobs run one at a time"
                        : "one thread runs at a time (" + c.threads + ")");
  out += fmt::format(
      "  {:.0f} recoveries per core-second, {} database opens, raw share {:.2f}, trace {}, {:.1f} "
      "s, {:.1f} core-s\n",
      c.images_per_core_second(), c.opens, c.raw_share(), c.trace_hash.Hex(), c.seconds,
      c.core_seconds);
  return out;
}

std::string FailureBlock(const Certificate& c,
                         const FoundViolation& violation,
                         const std::string& artifact) {
  const Cut cut = LastCut(violation.repro);
  return fmt::format(
      "FAIL {} scenario={} seed=0x{:016x} step={} point={} fingerprint={}\n"
      "  {}\n"
      "  seen in {} verdicts under {}{}{}\n"
      "  artifact:  {}\n"
      "Reproduce:   powercut replay {}\n",
      violation.invariant, c.scenario, violation.repro.seed, cut.label, cut.point,
      violation.fingerprint, violation.text, violation.count, c.personality,
      violation.minimized.empty() ? "" : "; ", violation.minimized, artifact, artifact);
}

}  // namespace permafrost::sim
