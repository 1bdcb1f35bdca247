// Folding events into allowed values.
#include "sim/oracle/expectation.h"

#include <algorithm>

#include <fmt/format.h>

#include "sim/oracle/state_difference.h"

namespace permafrost::sim {
namespace {

constexpr std::size_t kShownBytesMax = 400;

std::string Shown(const std::string& value) {
  return value.size() <= kShownBytesMax
             ? value
             : fmt::format("{}... ({} bytes)", value.substr(0, kShownBytesMax), value.size());
}

// "; difference: ..." where there is more than one entry, so that a message names what is missing.
std::string Difference(const std::string& expected, const std::string& found) {
  const auto has_entries = [](const std::string& state) {
    const std::size_t end = state.find(';');
    return end != std::string::npos && end + 1 < state.size();
  };
  if (!has_entries(expected) && !has_entries(found)) return "";
  return "; difference: " + StateDifference(expected, found);
}

}  // namespace

std::optional<Violation> Expectation::Fold(const Event& event) {
  switch (event.kind) {
    case EventKind::kViolation: return Violation{event.domain, event.text};
    case EventKind::kConfigure:
    case EventKind::kNote: return std::nullopt;
    case EventKind::kAttempt: {
      Domain& domain = domains_[event.domain];
      if (domain.allowed.empty()) domain.allowed.emplace_back(kAbsent);
      if (domain.allowed.back() != event.text) domain.allowed.push_back(event.text);
      return std::nullopt;
    }
    case EventKind::kAcknowledge: {
      Domain& domain = domains_[event.domain];
      if (domain.allowed.empty()) domain.allowed.emplace_back(kAbsent);
      domain.allowed.erase(domain.allowed.begin(), domain.allowed.end() - 1);
      domain.has_acknowledged = true;
      return std::nullopt;
    }
    case EventKind::kServe: {
      Domain& domain = domains_[event.domain];
      if (domain.allowed.empty()) domain.allowed.emplace_back(kAbsent);
      const bool is_allowed = std::find(domain.allowed.begin(), domain.allowed.end(), event.text) !=
                              domain.allowed.end();
      std::optional<Violation> violation;
      if (!is_allowed) {
        // The nearest allowed value is the acknowledged one: what was promised.
        const std::string& promised = domain.allowed.front();
        violation = Violation{
            domain.has_acknowledged ? "26-acknowledged-is-present" : "1-only-what-was-written",
            fmt::format("{}: served {}, promised {}{}{}", event.domain, Shown(event.text),
                        Shown(promised),
                        domain.allowed.size() > 1
                            ? fmt::format(" or one of {} later attempts", domain.allowed.size() - 1)
                            : "",
                        Difference(promised, event.text))};
      }
      domain.allowed = {event.text};
      domain.has_acknowledged = true;
      return violation;
    }
  }
  return std::nullopt;
}

vfs::Hash128 Expectation::Digest() const {
  vfs::Hasher hasher;
  for (const auto& [name, domain] : domains_) {
    hasher.Add(name).Add(domain.allowed.size()).Add(domain.has_acknowledged ? 1 : 0);
    for (const std::string& value : domain.allowed) hasher.Add(value);
  }
  return hasher.Finish();
}

}  // namespace permafrost::sim
