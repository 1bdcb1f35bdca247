// Where ledgers come from, one after another.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/ledger/ledger_decoder.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

// One ledger as the source has it.
struct SourcedLedger {
  LedgerSeq sequence;
  std::string bytes;
  std::string origin;  // for errors: "lake:DIR: KEY" or "stream:FILE at offset N"
};

// Ledgers in sequence, without a gap.
//
// Threads: one thread at a time.
class LedgerStream {
 public:
  LedgerStream() = default;
  virtual ~LedgerStream() = default;
  LedgerStream(const LedgerStream&) = delete;
  LedgerStream& operator=(const LedgerStream&) = delete;

  // The next ledger; nothing at the end of the source.
  //
  // Errors: kUnavailable  it is not there yet, or could not be read this time (then with errno):
  //                       again later
  //         kDataLoss     what is there is not this ledger: names the origin and the finding
  //         kCancelled    asked to stop while it waited
  virtual absl::StatusOr<std::optional<SourcedLedger>> Next() = 0;
};

// Whether a ledger's writer has not ended with it; nothing has failed.
inline bool IsNotThereYet(const absl::Status& status) {
  return absl::IsUnavailable(status) && vfs::ErrnoOf(status) == 0;
}

// Threads: any thread.
class LedgerSource {
 public:
  LedgerSource() = default;
  virtual ~LedgerSource() = default;
  LedgerSource(const LedgerSource&) = delete;
  LedgerSource& operator=(const LedgerSource&) = delete;

  // What decodes its ledgers.
  virtual const LedgerDecoder& decoder() const = 0;
  // "lake:DIR", "stream:FILE", "synthetic:SEED,N", "journal".
  virtual std::string name() const = 0;

  // Whether any ledger can be asked for, again and by several at once: a bulk source, from which
  // whole chunks are frozen.
  virtual bool is_bulk() const = 0;

  // The first and the last ledger that are there now. Only of a bulk source.
  //
  // Errors: kNotFound  there is none
  struct Range {
    LedgerSeq first;
    LedgerSeq last;
  };
  virtual absl::StatusOr<Range> Available() = 0;

  // Its first ledger; a source that is not bulk waits for it, and still delivers it.
  //
  // Errors: kNotFound  there is none
  virtual absl::StatusOr<LedgerSeq> First() {
    VFS_ASSIGN_OR_RETURN(const Range range, Available());
    return range.first;
  }

  // Ledgers from `first` on; without one, from the first that is there. A source that is not bulk
  // skips what lies before it and can be opened once.
  //
  // Errors: kOutOfRange  its ledgers begin behind `first`
  virtual absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) = 0;

  // Told that the store holds every ledger up to this one durably, after each that a stream of this
  // source delivered: nothing up to it will be asked for again.
  //
  // Errors: any; the ledger stays committed
  virtual absl::Status Committed(LedgerSeq /*last*/) { return absl::OkStatus(); }
};

}  // namespace permafrost::engine
