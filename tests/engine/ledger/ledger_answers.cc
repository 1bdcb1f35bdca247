// Compares what `permafrost get` said about ledgers with what others found in them.
//
//   ledger_answers ANSWERS DIRECTORY
//
// ANSWERS: rows as in tests/data/stellar/pubnet-p26.json. DIRECTORY: of each row's ledger N the
// bytes (N.xdr), the ledger (N.json), its events (N.events) and one of its transactions (N.tx), as
// --json prints them. Exit: 0 equal; 1 differences, a line each; 2 wrong usage.
#include <cstdint>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "engine/ledger/any_decoder.h"
#include "engine/query/base64.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;

// Of one ledger, from its files.
struct Answers {
  std::string raw;
  Json ledger;
  std::vector<Json> events;  // the last one says whether there are more
  Json transaction;
};

Answers ReadAnswers(const std::string& directory, const std::string& sequence) {
  const std::string stem = directory + "/" + sequence;
  Answers answers{.raw = ReadText(stem + ".xdr"),
                  .ledger = Json::parse(ReadText(stem + ".json")),
                  .events = {},
                  .transaction = Json::parse(ReadText(stem + ".tx"))};
  std::istringstream lines(ReadText(stem + ".events"));
  for (std::string line; std::getline(lines, line);) answers.events.push_back(Json::parse(line));
  return answers;
}

std::string BytesOfHex(const std::string& digits) {
  const auto hash = vfs::ParseHex<32>(digits);
  return hash.has_value() ? std::string(hash->begin(), hash->end()) : "no hash: " + digits;
}

// As EventDigest, from the lines.
std::string DigestOf(const std::vector<Json>& events) {
  std::string bytes;
  for (const Json& event : events) {
    if (event.contains("done")) continue;
    const std::string body = ParseBase64(event.at("body").get<std::string>()).value_or("");
    for (const char* place : {"ledger", "tx", "op", "event"})
      AppendBigEndian(bytes, event.at(place).get<std::uint32_t>());
    bytes += BytesOfHex(event.at("txHash"));
    AppendBigEndian(bytes, static_cast<std::uint32_t>(body.size()));
    bytes += body;
  }
  return Sha256Hex(bytes);
}

std::string Difference(std::string_view what, const Json& found, const Json& expected) {
  if (found == expected) return "";
  return fmt::format("{}: {}, expected {}\n", what, found.dump(), expected.dump());
}

std::string Differences(const Json& row, const Answers& answers) {
  const auto decoded = AnyDecoder().Decode(answers.raw);
  if (!decoded.ok()) return "its bytes: " + vfs::Message(decoded.status()) + "\n";
  std::string all = DifferenceTo(row, *decoded);
  const Json& ledger = answers.ledger;
  all += Difference("sequence", ledger.at("sequence"), row.at("seq"));
  all += Difference("hash", ledger.at("hash"), row.at("hash"));
  all += Difference("previousHash", ledger.at("previousHash"), row.at("previousHash"));
  all += Difference("closeTime", ledger.at("closeTime").dump(), row.at("closeTime"));
  all += Difference("protocol", ledger.at("protocol"), row.at("protocol"));
  all += Difference("transactions", ledger.at("transactions"), row.at("txCount"));
  all += Difference("events", ledger.at("events"), row.at("eventCount"));
  all += Difference("tier", ledger.at("tier"), "cold");
  all += Difference("lines of events", answers.events.size(), row.at("eventCount").get<int>() + 1);
  all += Difference("events done", answers.events.back().at("done"), true);
  all += Difference("digest of the events", DigestOf(answers.events), row.at("eventDigest"));
  const Json& found = answers.transaction;
  const auto& transaction = decoded->transactions.at(found.at("applyIndex").get<std::size_t>() - 1);
  all += Difference("ledger of the transaction", found.at("ledger"), row.at("seq"));
  all += Difference("hash of the transaction", found.at("hash"), HexOf(transaction.hash));
  all += Difference("its success", found.at("successful"), transaction.is_successful);
  return all;
}

int Main(const std::string& answers_file, const std::string& directory) {
  std::size_t differing = 0;
  std::size_t transactions = 0;
  std::size_t events = 0;
  const Json rows = Json::parse(ReadText(answers_file));
  for (const Json& row : rows) {
    const std::string sequence = row.at("seq").dump();
    const std::string differences = Differences(row, ReadAnswers(directory, sequence));
    if (!differences.empty()) fmt::print("ledger {}:\n{}", sequence, differences);
    differing += differences.empty() ? 0U : 1U;
    transactions += row.at("txCount").get<std::size_t>();
    events += row.at("eventCount").get<std::size_t>();
  }
  fmt::print("{} real ledgers, {} transactions, {} events, read from frozen files: {}\n",
             rows.size(), transactions, events,
             differing == 0 ? "every answer equals that of the other decoders"
                            : fmt::format("{} ledgers differ", differing));
  return differing == 0 && !rows.empty() ? 0 : 1;
}

}  // namespace
}  // namespace permafrost::engine

int main(int argc, char** argv) {
  if (argc == 3) return permafrost::engine::Main(argv[1], argv[2]);
  std::fprintf(stderr, "usage: ledger_answers ANSWERS DIRECTORY\n");
  return 2;
}
