// What the parts of engine_bench share: options, ledgers, contenders that take turns, the report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/geometry/ids.h"
#include "engine/store/ledger_store.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/base/prng.h"
#include "vfs/base/status.h"
#include "vfs/env.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::bench {

inline void Must(const absl::Status& status) { VFS_CHECK(status.ok(), "{}", vfs::Message(status)); }

template <typename T>
T Must(absl::StatusOr<T> result) {
  Must(result.status());
  return *std::move(result);
}

struct EngineBenchOptions {
  std::size_t rounds = 5;
  std::size_t ledgers = 320;  // of 60 KiB; an eighth of it of 1 MB
  std::string only;           // names of rows begin with it
};

// Consecutive ledgers that are one chunk.
struct LedgerSet {
  std::string name;
  engine::LedgerSeq first;
  std::vector<std::string> ledgers;

  double bytes() const;
};
// "60KiB" and "1MB", synthetic; "real", the ten of tests/data/stellar, which is read from the
// current directory.
std::vector<LedgerSet> LedgerSets(const EngineBenchOptions& options);

// One of those that a row compares; one call is its turn in a round.
struct Contender {
  std::string name;
  std::function<double()> measure;
};

// A bound of performance.md: `ours` divided by `other`, the median over the rounds.
struct Goal {
  std::string ours;
  std::string other;
  double bound = 0;
  enum class Side { kAtLeast, kAtMost } side = Side::kAtLeast;
};

struct EngineBenchRow {
  std::string name;
  std::string unit;
  std::vector<std::pair<std::string, std::vector<double>>> samples;  // by contender, a round each
  std::vector<Goal> goals;

  // Median, over the rounds, of one contender divided by another.
  double Ratio(std::string_view ours, std::string_view other) const;
};

// Lets the contenders take turns, unless nobody asked for the row.
void MeasureRow(const EngineBenchOptions& options,
                std::string name,
                std::string unit,
                const std::vector<Contender>& contenders,
                std::vector<Goal> goals,
                std::vector<EngineBenchRow>& rows);
bool IsWanted(const EngineBenchOptions& options, std::string_view row);

// A store on the real disk whose only chunk takes a whole set; empty at first.
class EngineWorld {
 public:
  explicit EngineWorld(const LedgerSet& set);
  // Of a copy of another one's files as they are now: what a crash leaves.
  EngineWorld(const LedgerSet& set, const EngineWorld& crashed);
  ~EngineWorld();
  EngineWorld(const EngineWorld&) = delete;
  EngineWorld& operator=(const EngineWorld&) = delete;

  void Open();
  // Ledgers `begin` to `end` - 1 of the set.
  void Append(std::size_t begin, std::size_t end);
  void Settle();
  // The content of the hot database's logs.
  std::string LogBytes() const;

  engine::LedgerStore& store() { return *store_; }

 private:
  const LedgerSet& set_;
  TempDir root_;
  std::unique_ptr<vfs::PosixFileSystem> fs_;
  vfs::SystemClock clock_;
  vfs::NativeExecutor executor_;
  vfs::Prng prng_{1};
  std::unique_ptr<engine::LedgerStore> store_;
};

// Rows "ingest/SET": durable ledgers a second.
void MeasureIngest(const EngineBenchOptions& options,
                   const LedgerSet& set,
                   std::vector<EngineBenchRow>& rows);
// Rows "freeze/SET" and "start/SET".
void MeasureFreeze(const EngineBenchOptions& options,
                   const LedgerSet& set,
                   std::vector<EngineBenchRow>& rows);
// Rows "read/SET", "transaction/SET" and "events/SET".
void MeasureReads(const EngineBenchOptions& options,
                  const LedgerSet& set,
                  std::vector<EngineBenchRow>& rows);

}  // namespace permafrost::bench
