// One process life of a program that keeps a journal, for the journal/ scenarios: opens it, judges
// what it serves, and goes on after a failure as an operator's process would.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/journal/journal.h"
#include "sim/oracle/history.h"
#include "sim/world/world.h"

namespace permafrost::sim {

inline constexpr char kJournalPath[] = "journal";
inline constexpr std::uint8_t kJournalType = 7;

engine::journal::JournalOptions JournalOptionsOf(std::uint64_t segment_bytes);

// Threads: one thread at a time, but for journal().
class JournalSession {
 public:
  // `serve` is told of every open journal, before anything else is done with it: it serves the
  // domains of its scenario.
  using Serve = std::function<absl::Status(const engine::journal::Journal&)>;
  JournalSession(World& world,
                 History& history,
                 const engine::journal::JournalOptions& options,
                 Serve serve);
  ~JournalSession();
  JournalSession(const JournalSession&) = delete;
  JournalSession& operator=(const JournalSession&) = delete;

  // Opens and serves. False: it cannot be used; that was reported unless a fault did it.
  bool Start();
  // Flushes, marks, gives the lock back; nothing is promised by closing.
  void Stop();
  void Die();
  // Runs a step, and once more after a restart if it failed: either outcome is allowed then, and
  // the open says which. False: nothing more can be done.
  bool Try(const std::function<absl::Status()>& step);

  engine::journal::Journal& journal() { return *journal_; }

 private:
  World& world_;
  History& history_;
  const engine::journal::JournalOptions options_;
  const Serve serve_;
  std::unique_ptr<engine::journal::Journal> journal_;
};

// The records from the first that is needed to the last, checked against their numbers and hashes.
absl::StatusOr<std::vector<engine::JournalRecord>> ReadJournal(
    const engine::journal::Journal& journal);

// Whole state as text: records, cursors, where it begins to be needed.
std::string JournalStateText(const engine::journal::Journal& journal);
// For scenarios with nothing but a journal: Scenario::LogicalState and Scenario::OpenDatabases.
std::string JournalStateText(World& clone, std::uint64_t segment_bytes);
std::uint64_t OpenJournals(World& clone, std::uint64_t segment_bytes);

}  // namespace permafrost::sim
