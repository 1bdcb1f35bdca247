// Matching, and cursors that know their query.
#include "engine/query/event_query.h"

#include <algorithm>

#include "engine/query/base64.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kPrefix = "pec1_";
constexpr std::uint8_t kDescendingFlag = 1;
constexpr std::size_t kNumbers = 4;
constexpr std::size_t kBodyBytes = 1 + kNumbers * 4;
constexpr std::size_t kCursorBytes = kBodyBytes + 4;

void AppendBigEndian(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU));
}

std::uint32_t LoadBigEndian(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8U | static_cast<std::uint8_t>(bytes[at + i]);
  return value;
}

// What the query asks for, but for its limit, which may change from page to page.
std::string QuestionOf(const EventQuery& query) {
  std::string text;
  const auto append = [&](std::string_view value) {
    AppendBigEndian(text, static_cast<std::uint32_t>(value.size()));
    text += value;
  };
  AppendBigEndian(text, query.from.value());
  AppendBigEndian(text, query.to.value());
  for (const EventFilter& filter : query.filters) {
    text.push_back('f');
    if (filter.contract.has_value()) {
      text.push_back('c');
      text.append(filter.contract->begin(), filter.contract->end());
    }
    for (const std::optional<std::string>& topic : filter.topics) {
      text.push_back(topic.has_value() ? 't' : '-');
      if (topic.has_value()) append(*topic);
    }
  }
  return text;
}

}  // namespace

bool EventFilter::Matches(const EventPayload& event) const {
  if (contract.has_value() &&
      !std::equal(event.contract.begin(), event.contract.end(), contract->begin(), contract->end(),
                  [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; })) {
    return false;
  }
  for (std::size_t i = 0; i < topics.size(); ++i) {
    if (!topics[i].has_value()) continue;
    if (i >= event.topics.size() || event.topics[i] != *topics[i]) return false;
  }
  return true;
}

std::string CursorText(const EventQuery& query, const EventCursor& cursor) {
  std::string body(1, static_cast<char>(query.is_descending ? kDescendingFlag : 0));
  for (const std::uint32_t number : {cursor.ledger.value(), cursor.position.transaction,
                                     cursor.position.operation, cursor.position.event})
    AppendBigEndian(body, number);
  AppendBigEndian(body, vfs::Crc32c(body + QuestionOf(query)));
  return std::string(kPrefix) + WebBase64Of(body);
}

absl::StatusOr<EventCursor> ParseCursor(const EventQuery& query, std::string_view text) {
  std::optional<std::string> parsed;
  if (text.starts_with(kPrefix)) parsed = ParseWebBase64(text.substr(kPrefix.size()));
  if (!parsed.has_value() || parsed->size() != kCursorBytes) {
    return vfs::InvalidArgument("cursor {}: not a cursor; take one that a page ended with",
                                vfs::EscapedForError(text));
  }
  const std::string_view body = *parsed;
  const EventCursor cursor = {.ledger = LedgerSeq{LoadBigEndian(body, 1)},
                              .position = {.transaction = LoadBigEndian(body, 5),
                                           .operation = LoadBigEndian(body, 9),
                                           .event = LoadBigEndian(body, 13)}};
  // Only one text for each cursor.
  if (CursorText(query, cursor) != text) {
    return vfs::InvalidArgument(
        "cursor {}: it belongs to another query; repeat the range, the filters and the direction "
        "that it came with",
        vfs::EscapedForError(text));
  }
  return cursor;
}

}  // namespace permafrost::engine
