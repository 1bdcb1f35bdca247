// Ledgers as a core node writes them to its metadata pipe, one record after another.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/ledger/byte_stream.h"
#include "engine/ledger/ledger_source.h"
#include "engine/ledger/record_reader.h"
#include "engine/ledger/stellar_decoder.h"

namespace permafrost::engine {

// Not a bulk source: it can be opened once, and what is before the first ledger that is asked for
// is read and dropped. A ledger that is not the next one is kDataLoss with its offset.
class StreamSource final : public LedgerSource {
 public:
  // `path` is for texts: "stream:PATH".
  StreamSource(std::unique_ptr<ByteStream> bytes, std::string_view path);

  const LedgerDecoder& decoder() const override { return decoder_; }
  std::string name() const override { return name_; }
  bool is_bulk() const override { return false; }

  // kUnimplemented: nobody knows what will come.
  absl::StatusOr<Range> Available() override;
  absl::StatusOr<LedgerSeq> First() override;

  // Waits for the first ledger that was asked for. After an error it may be called again, and goes
  // on behind what was read.
  //
  // Errors: kOutOfRange          its ledgers begin behind `first`
  //         kFailedPrecondition  it was opened before
  //         others               as LedgerStream::Next
  absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) override;

 private:
  class Stream;

  // The next ledger that the stream has, whatever was asked for.
  absl::StatusOr<std::optional<SourcedLedger>> ReadLedger();

  StellarDecoder decoder_;
  std::string name_;
  RecordReader records_;
  std::optional<SourcedLedger> peeked_;
  std::optional<LedgerSeq> last_;
  bool is_open_ = false;
};

}  // namespace permafrost::engine
