// Snapshots are copies of the simulated disk's state, which cost nothing.
#include "tests/vfs/rocksdb/rocks_sweep.h"

#include <set>

#include "tests/status_matchers.h"

namespace permafrost::vfs {
namespace {

// One text per kind of finding: digits (offsets, numbers) are not part of the kind.
std::string KindOf(const std::string& finding) {
  if (finding.starts_with("lost ")) return finding;
  std::string kind;
  for (const char c : finding) kind.push_back(c >= '0' && c <= '9' ? '#' : c);
  return kind;
}

}  // namespace

RocksSweep::RocksSweep(RocksDbOptions options, sim::DiskState start)
    : options_(std::move(options)), sim_(std::move(start)) {}

std::unique_ptr<RocksDb> RocksSweep::Open() {
  auto db = RocksDb::Open(world_.env, kSweepPath, options_);
  EXPECT_OK(db);
  return db.ok() ? *std::move(db) : nullptr;
}

void RocksSweep::Put(RocksDb& db, std::string_view key) {
  ASSERT_OK(
      db.Write(RocksBatch().Put(kDefaultFamily, key, std::string(200, 'v')), SyncWrite::kYes));
  Acknowledge(key);
}

void RocksSweep::OnBegin(const Call& call) {
  if (IsMutating(call.kind)) snapshots_.push_back({sim_.state(), acknowledged_.size()});
}

std::string RocksSweep::JudgeImage(const sim::DiskState& image, std::size_t acknowledged) const {
  sim::SimFileSystem disk(image);
  RocksWorld world(disk);
  auto opened = RocksDb::Open(world.env, kSweepPath, options_);
  if (!opened.ok()) return "does not open: " + Message(opened.status());
  for (std::size_t i = 0; i < acknowledged; ++i) {
    const auto value = (*opened)->Get(kDefaultFamily, acknowledged_[i]);
    if (!value.ok()) return "cannot read: " + Message(value.status());
    if (!value->has_value()) return "lost " + acknowledged_[i];
  }
  const absl::Status closed = (*opened)->Close();
  return closed.ok() ? "" : "does not close: " + Message(closed);
}

std::vector<std::string> RocksSweep::Judge(std::string_view personality) {
  snapshots_.push_back({sim_.state(), acknowledged_.size()});
  const sim::Personality rules = *sim::ParsePersonality(personality);
  std::set<std::string> kinds;
  std::vector<std::string> findings;
  for (const Snapshot& snapshot : snapshots_) {
    const sim::CrashImages images(snapshot.state, rules,
                                  {.images_max = 48, .random_images = 4, .seed = 7});
    images.ForEach([&](const sim::CrashImage& image) {
      ++images_;
      const std::string finding = JudgeImage(image.state, snapshot.acknowledged);
      if (!finding.empty() && kinds.insert(KindOf(finding)).second) findings.push_back(finding);
      return true;
    });
  }
  return findings;
}

}  // namespace permafrost::vfs
