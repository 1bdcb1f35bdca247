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

History::History(History&& other) noexcept
    : events_(std::move(other.events_)), config_(std::move(other.config_)) {}

void History::Add(Event event) {
  const vfs::MutexLock lock(&mu_);
  AddLocked(std::move(event));
}

void History::AddLocked(Event event) {
  events_.push_back(std::move(event));
  if (listener_) listener_(events_.back());
}

void History::SetListener(std::function<void(const Event&)> listener) {
  const vfs::MutexLock lock(&mu_);
  listener_ = std::move(listener);
}

std::size_t History::event_count() const {
  const vfs::MutexLock lock(&mu_);
  return events_.size();
}

std::string History::config() const {
  const vfs::MutexLock lock(&mu_);
  return config_;
}

void History::Attempt(std::string_view domain, std::string value) {
  Add({EventKind::kAttempt, std::string(domain), std::move(value)});
}

void History::Acknowledge(std::string_view domain) {
  Add({EventKind::kAcknowledge, std::string(domain), ""});
}

void History::Serve(std::string_view domain, std::string value) {
  Add({EventKind::kServe, std::string(domain), std::move(value)});
}

void History::Violate(std::string_view invariant, std::string text) {
  Add({EventKind::kViolation, std::string(invariant), std::move(text)});
}

void History::Configure(std::string config) {
  const vfs::MutexLock lock(&mu_);
  config_ = config;
  AddLocked({EventKind::kConfigure, "", std::move(config)});
}

void History::Note(std::string text) { Add({EventKind::kNote, "", std::move(text)}); }

}  // namespace permafrost::sim
