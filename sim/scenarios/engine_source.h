// Where the engine/ scenarios take their ledgers from: part of the model, that may end early.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/ledger/ledger_source.h"
#include "sim/scenarios/engine_model.h"

namespace permafrost::sim {

class EngineSource final : public engine::LedgerSource {
 public:
  // Whether the ledger goes to a hot chunk, or to the files of a whole chunk.
  enum class Way { kHot, kCold };
  // Asked before a ledger is handed over; an error is what the stream answers.
  using Gate = std::function<absl::Status(engine::LedgerSeq, Way)>;

  // `model` is borrowed; of its ledgers those of `range` are there, none if it is inverted.
  EngineSource(const EngineModel* model, const Range& range, bool is_bulk, Gate gate)
      : model_(*model), range_(range), is_bulk_(is_bulk), gate_(std::move(gate)) {}

  const engine::LedgerDecoder& decoder() const override { return model_.decoder(); }
  std::string name() const override { return "model"; }
  bool is_bulk() const override { return is_bulk_; }
  absl::StatusOr<Range> Available() override;
  absl::StatusOr<std::unique_ptr<engine::LedgerStream>> Open(
      std::optional<engine::LedgerSeq> first) override;

 private:
  class Stream;

  const EngineModel& model_;
  const Range range_;
  const bool is_bulk_;
  const Gate gate_;
};

}  // namespace permafrost::sim
