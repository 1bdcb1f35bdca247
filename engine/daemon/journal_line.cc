// Flags, and the way from them to the commands.
#include "engine/daemon/journal_line.h"

#include <unistd.h>

#include <algorithm>
#include <limits>
#include <memory>

#include <fmt/format.h>

#include "engine/daemon/config_command.h"
#include "engine/daemon/config_store.h"
#include "engine/daemon/journal_append_command.h"
#include "engine/daemon/journal_tail_command.h"
#include "engine/daemon/journal_verify_command.h"
#include "engine/daemon/records_commands.h"
#include "engine/daemon/sources.h"
#include "vfs/base/escape.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/boot_id.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/stop_signal.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kDir = "--dir";

}  // namespace

JournalLine::JournalLine(CLI::App& app) {
  CLI::App* const journal = app.add_subcommand("journal", "Write, read and check a journal");
  journal->require_subcommand(1);
  AddJournalCommands(*journal);
  CLI::App* const records = app.add_subcommand("records", "Put records, and ask a record store");
  records->require_subcommand(1);
  AddRecordsCommands(*records);
}

CLI::App* JournalLine::Add(CLI::App& group,
                           const std::string& name,
                           const std::string& help,
                           Runner run) {
  CLI::App* const command = group.add_subcommand(name, help);
  command->add_flag("--json", is_json_, "JSON, one value on a line");
  runners_.emplace_back(command, run);
  return command;
}

void JournalLine::AddWriting(CLI::App& command) {
  writing_.emplace_back(
      &command, std::make_unique<ConfigFlags>(command, ConfigFileRule::kOptional, "journal"));
}

void JournalLine::AddJournalCommands(CLI::App& journal) {
  const std::string journal_dir = "Directory of the journal";
  const std::string store_id =
      "32 hex digits: whose journal it is. A new journal gets it in the header of every segment; "
      "drawn if not given. Of one that exists it is read from there, and another one is refused";

  CLI::App* const append =
      Add(journal, "append",
          "Append a record for each line of JSON, or each ledger of a source; print its LSN when "
          "durable",
          &JournalLine::Append);
  append->add_option("--dir", directory_, journal_dir + "; made if missing")->required();
  CLI::Option* const type =
      append->add_option("--type", type_,
                         "Type of every line, which is then the body; without it a line is an "
                         "object with \"type\" and \"body\"");
  CLI::Option* const file = append->add_option("--json-file", json_file_,
                                               "File of JSON lines; -: standard input (default)");
  CLI::Option* const source =
      append
          ->add_option("--source", source_,
                       "Instead of lines the ledgers of lake:DIR, stream:FILE or "
                       "synthetic:SEED,N, for permafrost ingest --source journal")
          ->excludes(type)
          ->excludes(file);
  append->add_option("--from", first_ledger_, "Of the source: the first ledger; else its first")
      ->needs(source)
      ->transform(vfs::WholeNumber(
          {.min = kFirstLedger.value(), .max = std::numeric_limits<std::uint32_t>::max()}));
  append->add_option("--store-id", store_id_, store_id);
  AddWriting(*append);

  const auto number = vfs::WholeNumber({});
  CLI::App* const dump = Add(journal, "dump", "Print records; changes nothing", &JournalLine::Dump);
  dump->add_option("--dir", directory_, journal_dir)->required();
  dump->add_option("--from", from_, "First LSN; else the first that is there")->transform(number);
  dump->add_option("--limit", limit_, "At most so many records")->transform(number);
  dump->add_option("--type", type_, "Only records of this type");
  dump->add_option("--raw", raw_,
                   "LSN and FILE: type byte and body of one record into a new file (-: standard "
                   "output), whose b3sum is the record's content address")
      ->expected(2)
      ->type_name("LSN FILE");

  CLI::App* const tail =
      Add(journal, "tail", "Print durable records as they become so, beside a writer",
          &JournalLine::Tail);
  tail->add_option("--dir", directory_, journal_dir)->required();
  tail->add_option("--from", from_, "First LSN; else the first that is there")->transform(number);
  tail->add_option("--limit", limit_, "At most so many records")->transform(number);
  tail->add_option("--type", type_, "Only records of this type");
  tail->add_flag("--follow", is_following_,
                 "Wait for more where no more is durable, until SIGINT or SIGTERM; else end there");

  CLI::App* const verify =
      Add(journal, "verify", "Check every record; changes nothing without --truncate-at",
          &JournalLine::Verify);
  verify->add_option("--dir", directory_, journal_dir)->required();
  verify->add_flag("--deep", is_deep_, "The BLAKE3 of every record too, not its CRC32C only");
  CLI::Option* const truncate =
      verify
          ->add_option(
              "--truncate-at", truncate_at_,
              "LSN of the first damaged record: remove it and all behind it, which is kept "
              "in files *.removed; who has applied one of them must be made anew")
          ->transform(vfs::WholeNumber({.min = 1}));
  verify
      ->add_option("--remove-cursor", remove_cursors_,
                   "NAME of a cursor that may go if it stands behind the new end")
      ->needs(truncate);

  CLI::App* const replay =
      Add(journal, "replay", "Apply records to a record store, from its cursor on",
          &JournalLine::Replay);
  replay->add_option("--dir", directory_, journal_dir)->required();
  replay->add_option("--records", records_, "Directory of the record store; made if missing")
      ->required();
  replay
      ->add_option("--skip-lsn", skip_,
                   "Leave this record out; journaled, so the journal is opened for writing")
      ->transform(vfs::WholeNumber({.min = 1}));
  AddWriting(*replay);

  CLI::App* const checkpoint =
      Add(journal, "checkpoint", "Set cursors, remember what is applied, remove what is not needed",
          &JournalLine::Checkpoint);
  checkpoint->add_option("--dir", directory_, journal_dir)->required();
  checkpoint->add_option("--cursor", cursors_, "NAME=LSN: the next LSN that NAME needs");
  AddWriting(*checkpoint);
}

void JournalLine::AddRecordsCommands(CLI::App& records) {
  CLI::App* const put =
      Add(records, "put", "Append one record to a journal; print its LSN when durable",
          &JournalLine::Put);
  put->add_option("--dir", directory_, "Directory of the journal; made if missing")->required();
  put->add_option("--type", type_, "Type of the record; JSON is then its body");
  put->add_option("json", word_, "The record")->required()->type_name("JSON");
  put->add_option("--store-id", store_id_, "As of journal append");
  AddWriting(*put);

  const std::string store_dir = "Directory of the record store";
  CLI::App* const get = Add(records, "get", "Print one thing by its key", &JournalLine::Get);
  get->add_option("--dir", directory_, store_dir)->required();
  get->add_option("hash", word_, "Content address of an assertion: it and its votes")
      ->type_name("HASH");
  get->add_option("--account", account_, "What this account holds");
  get->add_option("--epoch", epoch_, "The epoch of this id, in hex");
  get->add_option("--lsn", lsn_, "Type and content address of the record of this LSN");

  CLI::App* const subject =
      Add(records, "subject", "Print the content addresses of assertions", &JournalLine::Subject);
  subject->add_option("--dir", directory_, store_dir)->required();
  subject->add_option("subject", word_, "What they are about")->required()->type_name("SUBJECT");
}

bool JournalLine::is_parsed() const {
  return std::any_of(runners_.begin(), runners_.end(),
                     [](const auto& runner) { return runner.first->parsed(); });
}

CommandResult JournalLine::Run(StandardOutput& output) {
  for (const auto& [command, run] : runners_) {
    if (!command->parsed()) continue;
    const auto findings = Configure(command);
    if (!findings.ok()) return JournalFailure(findings.status());
    if (!findings->empty())
      return Refused(*findings, is_json_ ? OutputForm::kJson : OutputForm::kText);
    return (this->*run)(output);
  }
  return {};
}

absl::StatusOr<std::vector<Finding>> JournalLine::Configure(const CLI::App* command) {
  for (const auto& [writing, flags] : writing_) {
    if (writing != command) continue;
    VFS_ASSIGN_OR_RETURN(ConfigInputs inputs, flags->Inputs());
    inputs.required = RequiredKeys::kMayBeMissing;
    const LoadedConfig loaded = LoadedConfig::Load(inputs);
    writer_ = JournalOptionsOf(loaded.config());
    return loaded.findings();
  }
  return std::vector<Finding>();
}

absl::StatusOr<JournalLine::Place> JournalLine::OpenPlace(std::string_view flag,
                                                          const std::string& path) const {
  VFS_ASSIGN_OR_RETURN(const HostPath split, ResolveHostPath(flag, path));
  Place place;
  VFS_ASSIGN_OR_RETURN(place.world, OpenWorld(flag, split));
  place.options = {.directory = split.name,
                   .form = is_json_ ? OutputForm::kJson : OutputForm::kText,
                   .holder = std::to_string(::getpid()),
                   .writer = writer_,
                   .boot_id = vfs::ReadBootId().value_or(vfs::BootId{})};
  if (!store_id_.empty()) {
    VFS_ASSIGN_OR_RETURN(place.options.store_id, ParseStoreId(store_id_));
  }
  return place;
}

CommandResult JournalLine::Append(StandardOutput& output) {
  const auto tell = [&](std::string_view text) {
    const absl::Status written = output.Write(text);
    return written.ok() ? output.Flush() : written;
  };
  if (!source_.empty()) return AppendLedgers(tell);
  auto input = HostInput::Open("--json-file", json_file_);
  if (!input.ok()) return JournalFailure(input.status());
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  const std::optional<std::string> type =
      type_.empty() ? std::nullopt : std::optional<std::string>(type_);
  return JournalAppendCommand(
      place->world->Env(), place->options, type, [&] { return input->Next(); }, tell);
}

CommandResult JournalLine::AppendLedgers(Output output) {
  vfs::StopSignal stop;
  const auto source = OpenSource(source_, &stop);
  if (!source.ok()) return JournalFailure(source.status());
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  std::optional<LedgerSeq> from;
  if (first_ledger_.has_value()) from = LedgerSeq{*first_ledger_};
  return JournalAppendLedgersCommand(
      place->world->Env(), place->options, *source->source, from, [&] { return stop.Wait(0); },
      output);
}

CommandResult JournalLine::Put(StandardOutput& output) {
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  const std::optional<std::string> type =
      type_.empty() ? std::nullopt : std::optional<std::string>(type_);
  // A journal is not made for a record that is none.
  const auto record = RecordOfLine(type, word_);
  if (!record.ok()) return JournalFailure(record.status());
  bool is_read = false;
  const auto input = [&]() -> absl::StatusOr<std::string> {
    if (is_read) return std::string();
    is_read = true;
    std::string line = word_;
    std::replace(line.begin(), line.end(), '\n', ' ');  // a blank between words of JSON
    return line;
  };
  return JournalAppendCommand(place->world->Env(), place->options, type, input,
                              [&](std::string_view text) { return output.Write(text); });
}

CommandResult JournalLine::Dump(StandardOutput& output) {
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  if (!raw_.empty()) return Raw(*place, output);
  return JournalDumpCommand(place->world->Env(), place->options, Which(),
                            [&](std::string_view text) { return output.Write(text); });
}

JournalDumpOptions JournalLine::Which() const {
  JournalDumpOptions which{.from = from_};
  if (limit_.has_value()) which.limit = *limit_;
  if (!type_.empty()) which.type = type_;
  return which;
}

CommandResult JournalLine::Tail(StandardOutput& output) {
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  const auto write = [&](std::string_view text) { return output.Write(text); };
  const auto tail = [&](AtTheEnd at_the_end, Pause pause) {
    return JournalTailCommand(place->world->Env(), place->options,
                              {.which = Which(), .at_the_end = at_the_end}, pause, write);
  };
  if (!is_following_) {
    return tail(AtTheEnd::kStop,
                [](std::uint64_t /*nanos*/) -> absl::StatusOr<bool> { return false; });
  }
  vfs::StopSignal stop;
  return tail(AtTheEnd::kFollow, [&](std::uint64_t nanos) -> absl::StatusOr<bool> {
    VFS_RETURN_IF_ERROR(output.Flush());
    VFS_RETURN_IF_ERROR(output.CheckReader());
    return stop.Wait(nanos);
  });
}

CommandResult JournalLine::Raw(const Place& place, StandardOutput& output) {
  const auto lsn = vfs::ParseNumber<std::uint64_t>(raw_[0]);
  if (!lsn.has_value() || *lsn == 0) {
    return JournalFailure(vfs::InvalidArgument(
        "--raw {}: expected the LSN of a record, then a file", vfs::EscapedForError(raw_[0])));
  }
  const auto bytes = JournalRawRecord(place.world->Env(), place.options, *lsn);
  if (!bytes.ok()) return JournalFailure(bytes.status());
  if (raw_[1] == "-") {
    // What fails is told by whoever owns the output.
    static_cast<void>(output.Write(*bytes).ok());
    return {};
  }
  const absl::Status written = WriteNewHostFile("--raw", raw_[1], *bytes);
  return written.ok() ? CommandResult{} : JournalFailure(written);
}

CommandResult JournalLine::Verify(StandardOutput& /*output*/) {
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  const auto hash = is_deep_ ? journal::HashCheck::kYes : journal::HashCheck::kNo;
  if (truncate_at_.has_value()) {
    return JournalTruncateCommand(place->world->Env(), place->options, hash,
                                  {.at = *truncate_at_, .remove_cursors = remove_cursors_});
  }
  return JournalVerifyCommand(place->world->Env(), place->options, hash);
}

CommandResult JournalLine::Replay(StandardOutput& /*output*/) {
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  const auto records = OpenPlace("--records", records_);
  if (!records.ok()) return JournalFailure(records.status());
  return JournalReplayCommand(place->world->Env(), place->options, records->world->Env(),
                              {.records = records->options.directory,
                               .skip = skip_,
                               .operator_name = fmt::format("uid {}", ::getuid())});
}

CommandResult JournalLine::Checkpoint(StandardOutput& /*output*/) {
  std::vector<CursorSetting> cursors;
  for (const std::string& text : cursors_) {
    auto cursor = ParseCursorSetting(text);
    if (!cursor.ok()) return JournalFailure(cursor.status());
    cursors.push_back(*std::move(cursor));
  }
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  return JournalCheckpointCommand(place->world->Env(), place->options, cursors);
}

CommandResult JournalLine::Get(StandardOutput& /*output*/) {
  const std::vector<std::pair<RecordsQuestion, const std::string*>> all = {
      {RecordsQuestion::kHash, &word_},
      {RecordsQuestion::kAccount, &account_},
      {RecordsQuestion::kEpoch, &epoch_},
      {RecordsQuestion::kLsn, &lsn_}};
  const auto is_asked = [](const auto& question) { return !question.second->empty(); };
  if (std::count_if(all.begin(), all.end(), is_asked) != 1) {
    return JournalFailure(vfs::InvalidArgument(
        "records get: give one of HASH, --account, --epoch and --lsn; see permafrost records get "
        "--help"));
  }
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  const auto asked = std::find_if(all.begin(), all.end(), is_asked);
  return RecordsCommand(place->world->Env(), place->options.directory, place->options.form,
                        asked->first, *asked->second);
}

CommandResult JournalLine::Subject(StandardOutput& /*output*/) {
  const auto place = OpenPlace(kDir, directory_);
  if (!place.ok()) return JournalFailure(place.status());
  return RecordsCommand(place->world->Env(), place->options.directory, place->options.form,
                        RecordsQuestion::kSubject, word_);
}

}  // namespace permafrost::engine
