// Stores on the real disk.
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "engine/ingest/ingest.h"
#include "engine/ledger/any_decoder.h"
#include "tests/bench/engine_bench.h"

namespace permafrost::bench {

EngineWorld::EngineWorld(const LedgerSet& set) : set_(set) {
  fs_ = Must(vfs::PosixFileSystem::Open(root_.path()));
}

EngineWorld::EngineWorld(const LedgerSet& set, const EngineWorld& crashed) : EngineWorld(set) {
  std::filesystem::copy(crashed.root_.path(), root_.path(),
                        std::filesystem::copy_options::recursive);
  // The writing of the copy is no part of the start.
  const int fd = ::open(root_.path().c_str(), O_RDONLY | O_DIRECTORY);
  VFS_CHECK(fd >= 0 && ::syncfs(fd) == 0 && ::close(fd) == 0, "sync the copy");
}

EngineWorld::~EngineWorld() {
  if (store_ != nullptr) Must(store_->Close());
}

void EngineWorld::Open() {
  engine::StoreOptions options;
  options.geometry = Must(engine::Geometry::Create(
      {.ledgers_per_chunk = static_cast<std::uint32_t>(set_.ledgers.size()),
       .chunks_per_window = 1,
       .chunks_per_bucket = 1'000}));
  options.earliest_ledger = set_.first;
  const vfs::Env env = {.fs = fs_.get(),
                        .clock = &clock_,
                        .executor = &executor_,
                        .prng = &prng_,
                        .log = &vfs::NullLog()};
  store_ = Must(engine::LedgerStore::Open(env, options, engine::AnyDecoder()));
}

void EngineWorld::Append(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) Must(store_->Append(set_.ledgers[i], set_.name));
}

void EngineWorld::Settle() { Must(engine::Settle(*store_, nullptr).status()); }

std::string EngineWorld::LogBytes() const {
  std::string all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root_.path() + "/hot"))
    if (entry.path().extension() == ".log") all += ReadText(entry.path());
  return all;
}

}  // namespace permafrost::bench
