// The tables behind the two mappings.
#include "vfs/rocksdb/status_map.h"

#include <charconv>
#include <cstddef>
#include <string>

#include <fmt/format.h>

#include "vfs/base/status.h"

namespace permafrost::vfs {
namespace {

using rocksdb::IOStatus;
using RocksStatus = rocksdb::Status;

constexpr std::string_view kInjectedSuffix = " [injected]";
constexpr std::string_view kErrnoMark = "(errno ";

// The errno that ErrnoToStatus wrote into the text, or 0.
int ErrnoInText(std::string_view text) {
  const std::size_t at = text.find(kErrnoMark);
  if (at == std::string_view::npos) return 0;
  int error = 0;
  const char* first = text.data() + at + kErrnoMark.size();
  const auto parsed = std::from_chars(first, text.data() + text.size(), error);
  const bool closed = parsed.ptr != text.data() + text.size() && *parsed.ptr == ')';
  return parsed.ec == std::errc() && closed && error > 0 ? error : 0;
}

// The codes that ToIOStatus makes of a failed system call.
bool MayCarryErrno(RocksStatus::Code code) {
  return code == RocksStatus::kIOError || code == RocksStatus::kInvalidArgument ||
         code == RocksStatus::kNotSupported;
}

absl::StatusCode CodeOfIOError(RocksStatus::SubCode subcode) {
  switch (subcode) {
    case RocksStatus::kNoSpace:
    case RocksStatus::kSpaceLimit:
    case RocksStatus::kMemoryLimit: return absl::StatusCode::kResourceExhausted;
    case RocksStatus::kPathNotFound: return absl::StatusCode::kNotFound;
    case RocksStatus::kIOFenced: return absl::StatusCode::kFailedPrecondition;
    default: return absl::StatusCode::kDataLoss;
  }
}

// RocksDB's own text without the code's name in front of it, as one line: some of its texts are
// lists of lines.
std::string TextOf(const RocksStatus& status) {
  const std::string text = status.getState() != nullptr ? status.getState() : status.ToString();
  std::string line;
  for (const char c : text) {
    const bool is_blank = static_cast<unsigned char>(c) <= ' ';
    if (!is_blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

}  // namespace

IOStatus ToIOStatus(const absl::Status& status) {
  if (status.ok()) return IOStatus::OK();
  std::string text = Message(status);
  if (IsInjected(status)) text += kInjectedSuffix;
  switch (status.code()) {
    case absl::StatusCode::kNotFound: return IOStatus::PathNotFound(text);
    case absl::StatusCode::kResourceExhausted: return IOStatus::NoSpace(text);
    case absl::StatusCode::kFailedPrecondition: return IOStatus::IOFenced(text);
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange: return IOStatus::InvalidArgument(text);
    case absl::StatusCode::kUnimplemented: return IOStatus::NotSupported(text);
    case absl::StatusCode::kUnavailable: return IOStatus::Busy(text);
    case absl::StatusCode::kDeadlineExceeded: return IOStatus::TimedOut(text);
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kCancelled: return IOStatus::Aborted(text);
    // kDataLoss, kAlreadyExists, kInternal, kUnknown, ...: RocksDB has one word for them.
    default: return IOStatus::IOError(text);
  }
}

RocksStatus ToRocksStatus(const absl::Status& status) { return ToIOStatus(status); }

absl::StatusCode CodeOf(RocksStatus::Code code, RocksStatus::SubCode subcode) {
  switch (code) {
    case RocksStatus::kOk: return absl::StatusCode::kOk;
    case RocksStatus::kNotFound: return absl::StatusCode::kNotFound;
    case RocksStatus::kCorruption: return absl::StatusCode::kDataLoss;
    case RocksStatus::kNotSupported: return absl::StatusCode::kUnimplemented;
    case RocksStatus::kInvalidArgument: return absl::StatusCode::kInvalidArgument;
    case RocksStatus::kIOError: return CodeOfIOError(subcode);
    case RocksStatus::kMergeInProgress: return absl::StatusCode::kInternal;
    case RocksStatus::kIncomplete: return absl::StatusCode::kAborted;
    case RocksStatus::kShutdownInProgress: return absl::StatusCode::kFailedPrecondition;
    case RocksStatus::kTimedOut:
    case RocksStatus::kExpired: return absl::StatusCode::kDeadlineExceeded;
    case RocksStatus::kAborted:
      return subcode == RocksStatus::kMemoryLimit ? absl::StatusCode::kResourceExhausted
                                                  : absl::StatusCode::kAborted;
    case RocksStatus::kBusy:
    case RocksStatus::kTryAgain: return absl::StatusCode::kUnavailable;
    case RocksStatus::kCompactionTooLarge: return absl::StatusCode::kResourceExhausted;
    case RocksStatus::kColumnFamilyDropped: return absl::StatusCode::kFailedPrecondition;
    case RocksStatus::kMaxCode: break;
  }
  return absl::StatusCode::kUnknown;
}

absl::Status FromRocksError(const RocksStatus& error,
                            std::string_view op,
                            std::string_view object) {
  std::string text = TextOf(error);
  const std::size_t mark = text.find(kInjectedSuffix);
  if (mark != std::string::npos) text.erase(mark, kInjectedSuffix.size());
  const int number = MayCarryErrno(error.code()) ? ErrnoInText(text) : 0;
  const absl::StatusCode code = number != 0 ? ErrnoToStatus(number, op, object).code()
                                            : CodeOf(error.code(), error.subcode());
  absl::Status mapped = MakeStatus(code, fmt::format("{} {}: {}", op, object, text));
  if (number != 0) SetErrno(mapped, number);
  return mark != std::string::npos ? MarkInjected(std::move(mapped)) : mapped;
}

}  // namespace permafrost::vfs
