// Bytes that come compressed by zstd or as they are, told by the first four.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/ledger/byte_stream.h"

struct ZSTD_DCtx_s;

namespace permafrost::engine {

// The contents of the zstd frames that `packed` consists of, one behind the other; what does not
// begin with a frame comes as it is. No stream of records begins as a frame does: the first bit of
// its first mark is set, or a fragment of 683 MB begins there.
//
// Memory: a window of at most 128 MiB, as `zstd --long=27` asks for
class UnpackedByteStream final : public ByteStream {
 public:
  explicit UnpackedByteStream(std::unique_ptr<ByteStream> packed) : packed_(std::move(packed)) {}

  // Errors: kInvalidArgument  a frame is damaged, ends too early or wants a larger window; from
  //                           then on every call says so
  //         others            as those of `packed`
  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override;

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  // Looks at the first bytes, once.
  absl::Status Recognise();
  // More bytes behind those that are left; 0: there are none.
  absl::StatusOr<std::size_t> Fetch();
  // Of what is left in block_ and in the context; 0: more is needed.
  absl::StatusOr<std::size_t> Unpack(std::span<char> buffer);
  std::size_t TakeLeft(std::span<char> buffer);

  std::unique_ptr<ByteStream> packed_;
  std::string block_;
  std::size_t at_ = 0;  // in block_
  bool is_recognised_ = false;
  std::unique_ptr<ZSTD_DCtx_s, Free> context_;  // null: not compressed
  bool is_in_frame_ = false;
  absl::Status damage_;
};

}  // namespace permafrost::engine
