// BBHash and cmph, each with an array of four-byte slots: fingerprint and ledger.
#include <BooPHF.h>
#include <cmph.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/cold/merge_runs.h"
#include "engine/cold/window_index_format.h"
#include "tests/bench/window_index_contenders.h"
#include "vfs/base/check.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t SlotOf(const IndexKey& key, LedgerSeq ledger) {
  return ledger.value() << kSlotLedgerShift | FingerprintOf(key);
}

// The keys of all runs, and their ledgers.
struct KeysAndLedgers {
  std::vector<IndexKey> keys;
  std::vector<LedgerSeq> ledgers;
};
KeysAndLedgers Gather(const EntryRuns& runs) {
  KeysAndLedgers all;
  for (const auto& run : runs) {
    for (const IndexEntry& entry : run) {
      all.keys.push_back(KeyOf(entry.hash));
      all.ledgers.push_back(entry.ledger);
    }
  }
  return all;
}

class FunctionContender : public Contender {
 public:
  std::uint64_t Build(const EntryRuns& runs) final {
    KeysAndLedgers all = Gather(runs);
    const std::uint64_t function_bytes = BuildFunction(all.keys);
    slots_.assign(all.keys.size(), 0);
    for (std::size_t i = 0; i < all.keys.size(); ++i)
      slots_[RankOf(all.keys[i])] = SlotOf(all.keys[i], all.ledgers[i]);
    return function_bytes + slots_.size() * sizeof(std::uint32_t);
  }
  bool Finds(const Hash& hash, LedgerSeq ledger) final {
    const IndexKey key = KeyOf(hash);
    const std::uint64_t rank = RankOf(key);
    // A key that was not put in has any rank, or none.
    return rank < slots_.size() && slots_[rank] == SlotOf(key, ledger);
  }

 protected:
  virtual std::uint64_t BuildFunction(const std::vector<IndexKey>& keys) = 0;
  virtual std::uint64_t RankOf(const IndexKey& key) = 0;

 private:
  std::vector<std::uint32_t> slots_;
};

struct KeyHasher {
  std::uint64_t operator()(const IndexKey& key, std::uint64_t seed = 0) const {
    return FoldedProduct(key.high ^ seed, key.low ^ 0x9e37'79b9'7f4a'7c15);
  }
};

class BbHash final : public FunctionContender {
 public:
  std::string name() const override { return "bbhash_gamma_2"; }

 private:
  std::uint64_t BuildFunction(const std::vector<IndexKey>& keys) override {
    function_ = std::make_unique<boomphf::mphf<IndexKey, KeyHasher>>(keys.size(), keys, 1, 2.0,
                                                                     false, false);
    return function_->totalBitSize() / 8;
  }
  std::uint64_t RankOf(const IndexKey& key) override { return function_->lookup(key); }

  std::unique_ptr<boomphf::mphf<IndexKey, KeyHasher>> function_;
};

class Cmph final : public FunctionContender {
 public:
  Cmph(std::string name, CMPH_ALGO algorithm) : name_(std::move(name)), algorithm_(algorithm) {}
  ~Cmph() override { Free(); }
  std::string name() const override { return name_; }

 private:
  std::uint64_t BuildFunction(const std::vector<IndexKey>& keys) override {
    Free();
    std::vector<IndexKey> copy = keys;
    cmph_io_adapter_t* const source = cmph_io_struct_vector_adapter(
        copy.data(), sizeof(IndexKey), 0, sizeof(IndexKey), static_cast<cmph_uint32>(copy.size()));
    cmph_config_t* const config = cmph_config_new(source);
    cmph_config_set_algo(config, algorithm_);
    function_ = cmph_new(config);
    cmph_config_destroy(config);
    cmph_io_struct_vector_adapter_destroy(source);
    VFS_CHECK(function_ != nullptr, "{}: no function of {} keys", name_, keys.size());
    return cmph_packed_size(function_);
  }
  std::uint64_t RankOf(const IndexKey& key) override {
    return cmph_search(function_, reinterpret_cast<const char*>(&key), sizeof(key));
  }
  void Free() {
    if (function_ != nullptr) cmph_destroy(function_);
    function_ = nullptr;
  }

  const std::string name_;
  const CMPH_ALGO algorithm_;
  cmph_t* function_ = nullptr;
};

}  // namespace

void AddFunctions(std::vector<std::unique_ptr<Contender>>& contenders) {
  contenders.push_back(std::make_unique<BbHash>());
  contenders.push_back(std::make_unique<Cmph>("cmph_bdz", CMPH_BDZ));
  contenders.push_back(std::make_unique<Cmph>("cmph_chd", CMPH_CHD));
}

}  // namespace permafrost::engine
