// Lines or ledgers, in groups.
#include "engine/daemon/journal_append_command.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/ingest/journal_source.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using journal::Journal;
using journal::Lsn;

constexpr std::size_t kLineBytesMax = std::size_t{32} << 20;  // more than any record in base64
constexpr std::size_t kGroupBytes = std::size_t{4} << 20;

// Records that came together and share their syncs.
class AppendGroup {
 public:
  AppendGroup(Journal* journal, OutputForm form) : journal_(journal), form_(form) {}

  std::size_t bytes() const { return bytes_; }

  absl::Status Add(RecordType type, std::string body) {
    bytes_ += body.size();
    VFS_ASSIGN_OR_RETURN(auto pending,
                         journal_->AppendAsync(static_cast<std::uint8_t>(type), std::move(body)));
    pending_.push_back(std::move(pending));
    return absl::OkStatus();
  }

  // Waits for the group and prints it. What is durable is told even if the rest failed.
  absl::Status Finish(Output output) {
    std::string text;
    const absl::Status waited = Wait(text);
    pending_.clear();
    bytes_ = 0;
    if (!text.empty()) VFS_RETURN_IF_ERROR(output(text));
    return waited;
  }

 private:
  absl::Status Wait(std::string& text) {
    for (journal::PendingAppend& pending : pending_) {
      VFS_ASSIGN_OR_RETURN(const Lsn lsn, pending.Wait());
      if (form_ == OutputForm::kText) {
        text += fmt::format("{}\n", lsn);
        continue;
      }
      VFS_ASSIGN_OR_RETURN(const JournalRecord record, journal_->Get(lsn));
      text +=
          JsonLine({{"lsn", record.lsn}, {"offset", record.offset}, {"hash", record.hash.Hex()}});
    }
    return absl::OkStatus();
  }

  Journal* const journal_;
  const OutputForm form_;
  std::size_t bytes_ = 0;
  std::vector<journal::PendingAppend> pending_;
};

class LineAppender {
 public:
  LineAppender(Journal* journal, const std::optional<std::string>& type, OutputForm form)
      : group_(journal, form), type_(type) {}

  absl::Status Run(Input input, Output output) {
    std::string pending;
    while (true) {
      VFS_ASSIGN_OR_RETURN(const std::string block, input());
      const bool is_end = block.empty();
      std::size_t looked_at = pending.size();
      pending += block;
      if (is_end && !pending.empty()) pending += '\n';
      absl::Status bad;
      std::size_t begin = 0;
      for (std::size_t end = pending.find('\n', looked_at); end != std::string::npos && bad.ok();
           end = pending.find('\n', begin)) {
        bad = Add(std::string_view(pending).substr(begin, end - begin));
        begin = end + 1;
      }
      pending.erase(0, begin);
      if (bad.ok() && pending.size() > kLineBytesMax) {
        bad =
            vfs::InvalidArgument("append line {}: longer than {} bytes", line_ + 1, kLineBytesMax);
      }
      VFS_RETURN_IF_ERROR(group_.Finish(output));
      VFS_RETURN_IF_ERROR(bad);
      if (is_end) return absl::OkStatus();
    }
  }

 private:
  absl::Status Add(std::string_view line) {
    ++line_;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) return absl::OkStatus();
    const auto about = [&](const absl::Status& why) {
      return vfs::MakeStatus(why.code(),
                             fmt::format("append line {}: {}", line_, vfs::Message(why)));
    };
    const auto record = RecordOfLine(type_, line);
    if (!record.ok()) return about(record.status());
    const absl::Status added = group_.Add(record->type(), record->Encode());
    return added.ok() ? added : about(added);
  }

  AppendGroup group_;
  const std::optional<std::string>& type_;
  std::uint64_t line_ = 0;
};

absl::Status AddLedger(const LedgerSource& source,
                       const SourcedLedger& ledger,
                       AppendGroup& group) {
  const auto about = [&](const absl::Status& why) {
    return vfs::MakeStatus(why.code(),
                           fmt::format("append ledger {} of {}: {}", ledger.sequence.value(),
                                       ledger.origin, vfs::Message(why)));
  };
  const absl::StatusOr<LedgerView> view = source.decoder().Decode(ledger.bytes);
  if (!view.ok()) return about(view.status());
  const absl::Status added = group.Add(RecordType::kLedger, LedgerRecordBody(*view, ledger.bytes));
  return added.ok() ? added : about(added);
}

absl::Status AppendLedgers(Journal& journal,
                           LedgerSource& source,
                           std::optional<LedgerSeq> from,
                           const ShouldStop& should_stop,
                           OutputForm form,
                           Output output) {
  std::optional<LedgerSeq> end;
  if (source.is_bulk()) {
    VFS_ASSIGN_OR_RETURN(const LedgerSource::Range range, source.Available());
    if (from.has_value() && *from > range.last) return absl::OkStatus();
    end = range.last;
  }
  // A stream may be slow: its ledgers are durable one by one.
  const std::size_t group_bytes = source.is_bulk() ? kGroupBytes : 0;
  VFS_ASSIGN_OR_RETURN(const auto stream, source.Open(from));
  AppendGroup group(&journal, form);
  absl::Status bad;
  for (bool is_over = false; !is_over && !should_stop();) {
    const auto ledger = stream->Next();
    bad = ledger.status();
    if (!bad.ok() || !ledger->has_value()) break;
    bad = AddLedger(source, **ledger, group);
    if (!bad.ok()) break;
    if (group.bytes() > group_bytes) VFS_RETURN_IF_ERROR(group.Finish(output));
    is_over = end.has_value() && (*ledger)->sequence >= *end;
  }
  VFS_RETURN_IF_ERROR(group.Finish(output));
  return bad;
}

// Opens the journal, appends, closes it.
CommandResult AppendTo(const vfs::Env& env,
                       const JournalPlaceOptions& options,
                       absl::FunctionRef<absl::Status(Journal&)> append) {
  const auto journal = OpenJournal(env, options, IfMissing::kMake);
  if (!journal.ok()) return JournalFailure(journal.status());
  absl::Status done = append(**journal);
  const absl::Status closed = (*journal)->Close();
  if (done.ok() || absl::IsCancelled(done)) done = closed;
  return done.ok() ? CommandResult{} : JournalFailure(done);
}

}  // namespace

CommandResult JournalAppendCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   const std::optional<std::string>& type,
                                   Input input,
                                   Output output) {
  if (type.has_value()) {
    const auto known = ParseRecordType(*type);
    if (!known.ok()) return JournalFailure(known.status());
  }
  return AppendTo(env, options, [&](Journal& journal) {
    return LineAppender(&journal, type, options.form).Run(input, output);
  });
}

CommandResult JournalAppendLedgersCommand(const vfs::Env& env,
                                          const JournalPlaceOptions& options,
                                          LedgerSource& source,
                                          std::optional<LedgerSeq> from,
                                          const ShouldStop& should_stop,
                                          Output output) {
  return AppendTo(env, options, [&](Journal& journal) {
    return AppendLedgers(journal, source, from, should_stop, options.form, output);
  });
}

}  // namespace permafrost::engine
