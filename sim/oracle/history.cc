// Appends to the memory.
#include "sim/oracle/history.h"

#include "vfs/base/check.h"

namespace permafrost::sim {

std::string_view ToString(EventKind kind) {
  switch (kind) {
    case EventKind::kAttempt: return "attempt";
    case EventKind::kAcknowledge: return "acknowledge";
    case EventKind::kServe: return "serve";
    case EventKind::kViolation: return "violation";
    case EventKind::kConfigure: return "configure";
    case EventKind::kNote: return "note";
  }
  VFS_CHECK(false, "bad EventKind {}", static_cast<int>(kind));
}

void History::Attempt(std::string_view domain, std::string value) {
  events_.push_back({EventKind::kAttempt, std::string(domain), std::move(value)});
}

void History::Acknowledge(std::string_view domain) {
  events_.push_back({EventKind::kAcknowledge, std::string(domain), ""});
}

void History::Serve(std::string_view domain, std::string value) {
  events_.push_back({EventKind::kServe, std::string(domain), std::move(value)});
}

void History::Violate(std::string_view invariant, std::string text) {
  events_.push_back({EventKind::kViolation, std::string(invariant), std::move(text)});
}

void History::Configure(std::string config) {
  config_ = config;
  events_.push_back({EventKind::kConfigure, "", std::move(config)});
}

void History::Note(std::string text) { events_.push_back({EventKind::kNote, "", std::move(text)}); }

}  // namespace permafrost::sim
