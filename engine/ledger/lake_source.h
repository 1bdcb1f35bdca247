// A directory laid out as SEP-54 describes: what exporters of ledgers leave in an object store.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/ledger/lake_layout.h"
#include "engine/ledger/lake_manifest.h"
#include "engine/ledger/ledger_source.h"
#include "engine/ledger/stellar_decoder.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// A bulk source. At its tip a stream answers kUnavailable, never the end: a lake grows. So it does
// for an object that cannot be read, or that its writer has begun and not ended, as long as nothing
// newer is there; once something is, a missing or torn object is kDataLoss.
//
// Threads: any thread; it is immutable.
class LakeSource final : public LedgerSource {
 public:
  // `fs` is rooted at the lake, which `dir` names in texts, and is borrowed.
  //
  // Errors: kFailedPrecondition  it is another lake than the options say: names each difference
  //         kInvalidArgument     its layout is neither in it nor in the options
  //         kDataLoss            its manifest is damaged
  static absl::StatusOr<std::unique_ptr<LakeSource>> Open(vfs::FileSystem* fs,
                                                          std::string_view dir,
                                                          const LakeOptions& options);

  const LedgerDecoder& decoder() const override { return decoder_; }
  std::string name() const override { return name_; }
  bool is_bulk() const override { return true; }

  // The newest by a listing, the oldest by a search among the objects that should be there.
  //
  // Errors: kNotFound            there is none
  //         kFailedPrecondition  an object's name does not fit the layout
  absl::StatusOr<Range> Available() override;

  // Errors: kNotFound            there is none
  //         kFailedPrecondition  the object before it has another suffix
  absl::StatusOr<LedgerSeq> First() override;

  // An empty lake may be opened, and waits for its first object.
  absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) override;

  const LakeLayout& layout() const { return layout_; }

 private:
  class Stream;

  // The newest object; its batch fits the layout.
  struct Newest {
    LakeBatch batch;
    std::string suffix;
  };

  LakeSource(vfs::FileSystem* fs, std::string name, const LakeLayout& layout);

  absl::Status CheckBegin(LedgerSeq first);
  absl::Status CheckSameSuffixBefore(LedgerSeq first) const;
  absl::StatusOr<Newest> FindNewest() const;
  absl::StatusOr<std::optional<Newest>> NewestIn(std::string_view directory) const;
  // The content of the object of a batch.
  absl::StatusOr<std::string> Unpack(const LakeBatch& batch, const Newest& newest) const;

  vfs::FileSystem* fs_;
  std::string name_;
  LakeLayout layout_;
  StellarDecoder decoder_;
};

}  // namespace permafrost::engine
