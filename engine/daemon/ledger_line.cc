// Flags, and the way from them to the commands.
#include "engine/daemon/ledger_line.h"

#include <unistd.h>

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/daemon/journal_ingest_command.h"
#include "engine/daemon/sources.h"
#include "engine/ledger/source_spec.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"
#include "vfs/posix/boot_id.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/progress.h"
#include "vfs/posix/stop_signal.h"

namespace permafrost::engine {
namespace {

constexpr std::uint64_t kNumberMax = std::numeric_limits<std::uint32_t>::max();

CLI::Validator Sequence() {
  return vfs::WholeNumber({.min = kFirstLedger.value(), .max = kNumberMax});
}

CLI::Validator Size() { return vfs::WholeNumber({.min = 1, .max = kNumberMax}); }

}  // namespace

LedgerLine::LedgerLine(CLI::App& app) {
  AddIngest(app);
  CLI::App* const get = app.add_subcommand("get", "Read a ledger, a transaction or events");
  get->require_subcommand(1);
  AddGet(*get);
  Add(app, "status", "Say what a store holds", &LedgerLine::Status);
}

CLI::App* LedgerLine::Add(CLI::App& group,
                          const std::string& name,
                          const std::string& help,
                          Runner run) {
  CLI::App* const command = group.add_subcommand(name, help);
  command->add_option("--data", data_, "Data directory of the store")->required();
  command->add_flag("--json", is_json_, "JSON, one value on a line");
  runners_.emplace_back(command, run);
  return command;
}

void LedgerLine::AddIngest(CLI::App& app) {
  CLI::App* const ingest =
      Add(app, "ingest", "Bring ledgers into a store, made if missing; freeze what is complete",
          &LedgerLine::Ingest);
  ingest
      ->add_option("--source", source_,
                   "lake:DIR, stream:FILE (-: standard input; also .zst), synthetic:SEED,N, or "
                   "journal: what clients pushed into the data directory's journal")
      ->required();
  ingest
      ->add_option("--earliest", ingest_.earliest,
                   "The store's first ledger, which begins a chunk (default: the source's first)")
      ->transform(Sequence());
  ingest
      ->add_option("--ledgers-per-chunk", ingest_.ledgers_per_chunk,
                   "Pinned at the first start; other sizes than 10000 are for tests")
      ->transform(Size());
  ingest
      ->add_option("--chunks-per-window", ingest_.chunks_per_window,
                   "Chunks under one transaction index, pinned; for tests")
      ->transform(Size());
  ingest
      ->add_option("--chunks-per-bucket", ingest_.chunks_per_bucket,
                   "Chunks in one directory, pinned; for tests")
      ->transform(Size());
  ingest->add_option("--store-id", ingest_.store_id,
                     "32 hex digits, pinned: stores of one id and source are equal byte for byte");
  ingest
      ->add_option("--retention-chunks", retention_chunks_,
                   "Chunks that are kept behind the last complete one; 0: all (default)")
      ->transform(vfs::WholeNumber({.max = kNumberMax}));
}

void LedgerLine::AddGet(CLI::App& get) {
  CLI::App* const ledger = Add(get, "ledger", "A ledger by its sequence", &LedgerLine::GetLedger);
  ledger->add_option("sequence", sequence_, "Its number")->required()->transform(Sequence());
  ledger->add_option("--raw", raw_file_, "Its bytes, as ingested, into a new file");
  CLI::App* const transaction =
      Add(get, "tx", "A transaction by its hash or inner hash", &LedgerLine::GetTransaction);
  transaction->add_option("hash", hash_, "64 hex digits")->required();
  CLI::App* const events = Add(get, "events", "Contract events", &LedgerLine::GetEvents);
  events->add_option("--from", from_, "First ledger")->required()->transform(Sequence());
  events->add_option("--to", to_, "Last ledger")->required()->transform(Sequence());
  events->add_option("--contract", events_.contract, "Only of this contract, 64 hex digits");
  events->add_option("--topic", events_.topics,
                     "What a topic must be, base64 of its XDR, -: anything; repeated, by position");
  events->add_option("--limit", events_.limit, "At most so many (default 100)")
      ->transform(vfs::WholeNumber({.min = 1, .max = kEventLimitMax}));
  events->add_option("--cursor", events_.cursor, "Go on where a page ended");
  events->add_flag("--desc", events_.is_descending, "From the last to the first");
}

bool LedgerLine::is_parsed() const {
  return std::any_of(runners_.begin(), runners_.end(),
                     [](const auto& runner) { return runner.first->parsed(); });
}

CommandResult LedgerLine::Run() {
  for (const auto& [command, run] : runners_)
    if (command->parsed()) return (this->*run)();
  return Failure(vfs::Internal("no command was given"));
}

CommandOptions LedgerLine::Common() const {
  CommandOptions options;
  options.form = is_json_ ? OutputForm::kJson : OutputForm::kText;
  options.retention_chunks = retention_chunks_;
  options.holder = std::to_string(::getpid());
  return options;
}

absl::StatusOr<std::unique_ptr<RealWorld>> LedgerLine::OpenData(IfMissing rule) const {
  constexpr std::string_view kFlag = "--data";
  VFS_ASSIGN_OR_RETURN(const HostPath place, ResolveHostPath(kFlag, data_));
  if (rule == IfMissing::kMake) {
    VFS_ASSIGN_OR_RETURN(const auto above, OpenWorld(kFlag, place));
    // Everything of the store is settled up to its data directory; its own name is settled here.
    VFS_RETURN_IF_ERROR(
        vfs::MakeDirs(above->Env().fs, {.leaf = place.name, .anchor = ""}, "roots.sync"));
  }
  const std::string path = place.parent == "/" ? "/" + place.name : place.parent + "/" + place.name;
  auto fs = vfs::PosixFileSystem::Open(path);
  if (fs.ok()) return std::make_unique<RealWorld>(*std::move(fs), DrawSeed());
  return vfs::MakeStatus(fs.status().code(),
                         fmt::format("{} '{}': {}; name the data directory of a store", kFlag,
                                     data_, vfs::Message(fs.status())));
}

CommandResult LedgerLine::Ingest() {
  vfs::StopSignal stop;
  const auto spec = ParseSourceSpec(source_);
  if (!spec.ok()) return Failure(spec.status());
  const bool is_journal = spec->kind == SourceSpec::Kind::kJournal;
  absl::StatusOr<OpenedSource> source = OpenedSource{};
  if (!is_journal) source = OpenSource(source_, &stop);
  if (!source.ok()) return Failure(source.status());
  const auto world = OpenData(is_journal ? IfMissing::kRefuse : IfMissing::kMake);
  if (!world.ok()) return Failure(world.status());
  vfs::Progress progress(is_json_, [] { return vfs::SystemClock().MonotonicNanos(); });
  ingest_.common = Common();
  ingest_.hooks.should_stop = [&] { return stop.Wait(0); };
  ingest_.hooks.on_progress = [&](const IngestReport& report) {
    progress.Update(std::nullopt,
                    fmt::format("{} ledgers, now {}", report.appended, report.last->value()));
  };
  if (!is_journal) return IngestCommand((*world)->Env(), ingest_, *source->source);
  return IngestJournalCommand((*world)->Env(), ingest_,
                              {.directory = kJournalDirectory,
                               .holder = ingest_.common.holder,
                               .boot_id = vfs::ReadBootId().value_or(vfs::BootId{})});
}

CommandResult LedgerLine::GetLedger() {
  const auto world = OpenData(IfMissing::kRefuse);
  if (!world.ok()) return Failure(world.status());
  std::string raw;
  CommandResult result = GetLedgerCommand((*world)->Env(), Common(), LedgerSeq{sequence_}, &raw);
  if (result.code != ExitCode::kOk || raw_file_.empty()) return result;
  const absl::Status written = WriteNewHostFile("--raw", raw_file_, raw);
  return written.ok() ? result : Failure(written);
}

CommandResult LedgerLine::GetTransaction() {
  const auto world = OpenData(IfMissing::kRefuse);
  if (!world.ok()) return Failure(world.status());
  return GetTransactionCommand((*world)->Env(), Common(), hash_);
}

CommandResult LedgerLine::GetEvents() {
  const auto world = OpenData(IfMissing::kRefuse);
  if (!world.ok()) return Failure(world.status());
  events_.from = LedgerSeq{from_};
  events_.to = LedgerSeq{to_};
  return GetEventsCommand((*world)->Env(), Common(), events_);
}

CommandResult LedgerLine::Status() {
  const auto world = OpenData(IfMissing::kRefuse);
  if (!world.ok()) return Failure(world.status());
  return StatusCommand((*world)->Env(), Common());
}

}  // namespace permafrost::engine
