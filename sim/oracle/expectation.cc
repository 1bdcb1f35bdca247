// Folding events into allowed values.
#include "sim/oracle/expectation.h"

#include <algorithm>

#include <fmt/format.h>

namespace permafrost::sim {
namespace {

constexpr std::size_t kShownBytesMax = 400;

std::string Shown(const std::string& value) {
  return value.size() <= kShownBytesMax
             ? value
             : fmt::format("{}... ({} bytes)", value.substr(0, kShownBytesMax), value.size());
}

// The entries ("key=value;" pieces) in which two values differ, so that a message names what is
// missing.
std::string Difference(const std::string& expected, const std::string& found) {
  const auto split = [](const std::string& text) {
    std::vector<std::string> pieces;
    std::size_t begin = 0;
    while (begin < text.size()) {
      std::size_t end = text.find(';', begin);
      if (end == std::string::npos) end = text.size();
      pieces.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
    std::sort(pieces.begin(), pieces.end());
    return pieces;
  };
  const std::vector<std::string> want = split(expected);
  const std::vector<std::string> have = split(found);
  if (want.size() < 2 && have.size() < 2) return "";
  std::vector<std::string> missing;
  std::vector<std::string> extra;
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(),
                      std::back_inserter(missing));
  std::set_difference(have.begin(), have.end(), want.begin(), want.end(),
                      std::back_inserter(extra));
  std::string text;
  for (const std::string& piece : missing) text += " -" + piece;
  for (const std::string& piece : extra) text += " +" + piece;
  return text;
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
            fmt::format("{}: served {}, promised {}{}; difference:{}", event.domain,
                        Shown(event.text), Shown(promised),
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
