// Where the events of a term are: terms sorted in blocks, the few events of most beside them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/cold_file_reader.h"
#include "engine/cold/cold_file_writer.h"
#include "engine/ledger/event_term.h"

namespace permafrost::engine {

// Whether a term's events are in a bitmap of their own: their ids take more than 128 bytes.
bool NeedsBitmap(std::span<const std::uint32_t> ids);

// After an error every call repeats it.
//
// Shape:    engine/FORMATS.md "Term directory"
// Memory:   1 MiB that waits to be written, 16 bytes for each 4 KiB of the file
// Durable:  never
// Threads:  one thread at a time
class TermDirectoryWriter {
 public:
  // `file` is empty and must outlive this.
  TermDirectoryWriter(vfs::File* file, const ColdFileId& id);

  // Terms ascending, each with its ids, ascending, at least one.
  //
  // Errors: kInvalidArgument  the term is not above the last one
  absl::Status Add(const EventTerm& term, std::span<const std::uint32_t> ids);

  // `event_count`: of the segment.
  absl::Status Finish(std::uint32_t event_count);

 private:
  absl::Status AddChecked(const EventTerm& term, std::span<const std::uint32_t> ids);
  absl::Status FinishBlock();

  ColdFileWriter out_;
  std::string entries_;  // of the block that is being filled
  std::uint16_t block_terms_ = 0;
  std::string fence_;  // the first term of each block
  std::uint32_t term_count_ = 0;
  std::uint32_t bitmap_count_ = 0;
  std::optional<EventTerm> last_;
  absl::Status failure_;
};

// Memory:   16 bytes for each 4 KiB of the file
// Threads:  any thread
// Errors:   of each call kDataLoss for damage: names file, unit, offset and finding
class TermDirectoryReader {
 public:
  static absl::StatusOr<TermDirectoryReader> Open(vfs::FileSystem& fs,
                                                  std::string_view path,
                                                  const ColdFileId& id);

  // Where the events of a term are: their ids, or the item with their bitmap.
  struct Place {
    std::vector<std::uint32_t> ids;       // ascending, below event_count()
    std::optional<std::uint32_t> bitmap;  // below bitmap_count()
  };
  // By one read of 4 KiB. No ids and no bitmap: no event has this term.
  absl::StatusOr<Place> Find(const EventTerm& term) const;

  // Reads every block.
  absl::Status Verify() const;

  std::uint32_t term_count() const;
  std::uint32_t bitmap_count() const;
  std::uint32_t event_count() const;

  absl::Status Damaged(std::string_view finding) const { return file_.DamagedTrailer(finding); }

 private:
  explicit TermDirectoryReader(ColdFileReader file) : file_(std::move(file)) {}

  absl::Status Load();

  ColdFileReader file_;
  std::vector<EventTerm> fence_;  // the first term of each block
};

}  // namespace permafrost::engine
