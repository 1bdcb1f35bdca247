// One function for each question.
#include "engine/daemon/records_commands.h"

#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "engine/daemon/journal_parts.h"
#include "engine/records/record_keys.h"
#include "engine/records/record_store.h"
#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/hex.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::ordered_json;

// An answer in both forms.
struct Told {
  std::string text;
  Json json;
};

absl::StatusOr<Told> TellAssertion(const RecordStore& store, const std::string& hash) {
  const std::optional<ContentAddress> address = ParseAddress(hash);
  if (!address.has_value()) {
    return vfs::InvalidArgument("get {}: expected 64 lower-case hex digits",
                                vfs::EscapedForError(hash));
  }
  VFS_ASSIGN_OR_RETURN(const Record assertion, store.Assertion(*address));
  VFS_ASSIGN_OR_RETURN(const std::vector<StoredVote> votes, store.VotesOf(*address));
  Told told{.text = assertion.Json() + "\n", .json = {{"hash", hash}}};
  told.json["body"] = Json::parse(assertion.Json());
  told.json["votes"] = Json::array();
  for (const StoredVote& vote : votes) {
    told.text += fmt::format("vote {} {}\n", vote.hash.Hex(), vote.vote.Json());
    told.json["votes"].push_back(
        {{"hash", vote.hash.Hex()}, {"body", Json::parse(vote.vote.Json())}});
  }
  return told;
}

absl::StatusOr<Told> TellAccount(const RecordStore& store, const std::string& account) {
  VFS_ASSIGN_OR_RETURN(const AccountRow row, store.Account(account));
  return Told{
      .text = fmt::format("balance {} nonce {} lsn {}\n", row.balance, row.nonce, row.lsn),
      .json = {
          {"account", account}, {"balance", row.balance}, {"nonce", row.nonce}, {"lsn", row.lsn}}};
}

absl::StatusOr<Told> TellEpoch(const RecordStore& store, const std::string& id) {
  const std::optional<std::string> bytes = vfs::ParseHex(id);
  if (!bytes.has_value() || bytes->empty())
    return vfs::InvalidArgument("--epoch {}: expected pairs of lower-case hex digits",
                                vfs::EscapedForError(id));
  VFS_ASSIGN_OR_RETURN(const Record epoch, store.Epoch(*bytes));
  return Told{.text = epoch.Json() + "\n",
              .json = {{"epoch", id}, {"body", Json::parse(epoch.Json())}}};
}

absl::StatusOr<Told> TellLsn(const RecordStore& store, const std::string& digits) {
  const auto lsn = vfs::ParseNumber<std::uint64_t>(digits);
  if (!lsn.has_value())
    return vfs::InvalidArgument("--lsn {}: expected a whole number", vfs::EscapedForError(digits));
  VFS_ASSIGN_OR_RETURN(const IndexRow row, store.RecordAt(*lsn));
  const auto type = FindRecordType(row.type);
  const std::string name =
      type.has_value() ? std::string(ToString(*type)) : std::to_string(row.type);
  return Told{.text = fmt::format("{} {}\n", name, row.hash.Hex()),
              .json = {{"lsn", *lsn}, {"type", name}, {"hash", row.hash.Hex()}}};
}

absl::StatusOr<Told> TellSubject(const RecordStore& store, const std::string& subject) {
  VFS_ASSIGN_OR_RETURN(const std::vector<ContentAddress> assertions, store.Subject(subject));
  Told told{.text = "", .json = {{"subject", subject}}};
  told.json["assertions"] = Json::array();
  for (const ContentAddress& assertion : assertions) {
    told.text += assertion.Hex() + "\n";
    told.json["assertions"].push_back(assertion.Hex());
  }
  return told;
}

absl::StatusOr<Told> Tell(const RecordStore& store,
                          RecordsQuestion question,
                          const std::string& word) {
  switch (question) {
    case RecordsQuestion::kHash: return TellAssertion(store, word);
    case RecordsQuestion::kAccount: return TellAccount(store, word);
    case RecordsQuestion::kEpoch: return TellEpoch(store, word);
    case RecordsQuestion::kLsn: return TellLsn(store, word);
    case RecordsQuestion::kSubject: return TellSubject(store, word);
  }
  VFS_CHECK(false, "records question {}", static_cast<int>(question));
}

absl::StatusOr<Told> OpenAndTell(const vfs::Env& env,
                                 const std::string& directory,
                                 RecordsQuestion question,
                                 const std::string& word,
                                 bool& is_absent) {
  // Every database has this file, and to open a directory without it would make one.
  VFS_ASSIGN_OR_RETURN(const bool is_there, env.fs->Exists(vfs::JoinPath(directory, "CURRENT")));
  if (!is_there) {
    return vfs::NotFound("open record store {}: there is none; permafrost journal replay makes one",
                         directory);
  }
  VFS_ASSIGN_OR_RETURN(const auto store, RecordStore::Open(env, directory, {}));
  absl::StatusOr<Told> told = Tell(*store, question, word);
  is_absent = absl::IsNotFound(told.status());
  VFS_RETURN_IF_ERROR(told.status());
  VFS_RETURN_IF_ERROR(store->Close());
  return told;
}

}  // namespace

CommandResult RecordsCommand(const vfs::Env& env,
                             const std::string& directory,
                             OutputForm form,
                             RecordsQuestion question,
                             const std::string& word) {
  bool is_absent = false;
  const auto told = OpenAndTell(env, directory, question, word, is_absent);
  if (!told.ok()) {
    CommandResult failure = JournalFailure(told.status());
    if (is_absent) failure.code = ExitCode::kAbsent;
    return failure;
  }
  return {.code = ExitCode::kOk,
          .out = form == OutputForm::kText ? told->text : JsonLine(told->json),
          .err = ""};
}

}  // namespace permafrost::engine
