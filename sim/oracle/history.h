// The perfect memory: what was attempted, acknowledged and answered, in order, outside the disk.
//
// A *domain* is a piece of the system's logical state that changes by one operation at a time (the
// whole content of a database; the ledgers that reads of one chunk return). Its values are texts.
// The rule that every scenario gets: after a cut the served value is the last acknowledged one or
// one attempted since, nothing else, and what was once served stays served.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vfs/base/mutex.h"

namespace permafrost::sim {

enum class EventKind : std::uint8_t {
  kAttempt = 0,      // an operation that makes the domain's value `text` is about to begin
  kAcknowledge = 1,  // the last attempt of the domain was acknowledged as durable
  kServe = 2,        // the system answered `text` for the domain
  kViolation = 3,    // `domain` names an invariant, `text` what was found without the memory
  kConfigure = 4,    // the configuration with which a restart from here on starts
  kNote = 5,         // an operation of the script begins: for whoever reads the history
};
// "attempt", "acknowledge", "serve", "violation", "configure", "note".
std::string_view ToString(EventKind kind);

struct Event {
  EventKind kind = EventKind::kAttempt;
  std::string domain;
  std::string text;
  friend auto operator<=>(const Event&, const Event&) = default;
};

// Threads: any thread may add.
class History {
 public:
  explicit History(std::string config = "") : config_(std::move(config)) {}
  History(History&& other) noexcept;  // when nobody adds to it

  void Attempt(std::string_view domain, std::string value);
  void Acknowledge(std::string_view domain);
  void Serve(std::string_view domain, std::string value);
  // `invariant`: the numbered predicate, for example "10-every-file-has-a-key".
  void Violate(std::string_view invariant, std::string text);
  void Configure(std::string config);
  void Note(std::string text);

  // `listener` sees every event from now on, before the call that adds it returns.
  void SetListener(std::function<void(const Event&)> listener);

  // For when nobody adds to it; how much there is, and the configuration, at any time.
  const std::vector<Event>& events() const { return events_; }
  std::size_t event_count() const;
  std::string config() const;

 private:
  void Add(Event event);
  void AddLocked(Event event);

  mutable vfs::Mutex mu_;  // what follows, while the code under test runs
  std::vector<Event> events_;
  std::string config_;
  std::function<void(const Event&)> listener_;  // empty: nobody listens
};

}  // namespace permafrost::sim
