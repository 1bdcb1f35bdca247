// The model of the writers.
#include "sim/scenarios/writer_model.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

// Each batch puts a row of its own; some delete the row before, some all rows so far.
constexpr std::uint64_t kDeletesOne = 3;
constexpr std::uint64_t kDeletesRange = 5;

std::string RowKey(std::size_t writer, std::uint64_t number) {
  return fmt::format("w{}/k{:06}", writer, number);
}

std::string CountKey(std::size_t writer) { return fmt::format("w{}/n", writer); }

std::string RowValue(std::size_t writer, std::uint64_t number) {
  const std::size_t length = 40 + (number * 37 + writer * 11) % 300;
  return fmt::format("{}.{}.", writer, number) +
         std::string(length, static_cast<char>('a' + (number + writer) % 26));
}

std::string CountValue(std::uint64_t number, const WriterCounts& seen) {
  std::string text = fmt::format("{}", number);
  for (const std::uint64_t count : seen) text += fmt::format(" {}", count);
  return text;
}

// Whole numbers separated by single blanks; nothing if it is anything else.
std::optional<std::vector<std::uint64_t>> ParseNumbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  while (true) {
    const std::string_view word = text.substr(0, text.find(' '));
    const auto number = vfs::ParseNumber<std::uint64_t>(word);
    if (!number.has_value()) return std::nullopt;
    numbers.push_back(*number);
    if (word.size() == text.size()) return numbers;
    text.remove_prefix(word.size() + 1);
  }
}

// The data rows of a writer after `count` batches.
std::map<std::string, std::string> RowsAfter(std::size_t writer, std::uint64_t count) {
  std::map<std::string, std::string> rows;
  for (std::uint64_t number = 1; number <= count; ++number) {
    if (number % kDeletesRange == 0) rows.clear();
    if (number % kDeletesOne == 0) rows.erase(RowKey(writer, number - 1));
    rows[RowKey(writer, number)] = RowValue(writer, number);
  }
  return rows;
}

}  // namespace

bool IsSynced(std::size_t writer, std::uint64_t number) { return (writer + number) % 3 == 0; }

vfs::RocksBatch BatchOf(std::size_t writer, std::uint64_t number, const WriterCounts& seen) {
  vfs::RocksBatch batch;
  if (number % kDeletesRange == 0) {
    batch.DeleteRange(vfs::kDefaultFamily, RowKey(writer, 0), RowKey(writer, number));
  }
  if (number % kDeletesOne == 0) batch.Delete(vfs::kDefaultFamily, RowKey(writer, number - 1));
  batch.Put(vfs::kDefaultFamily, RowKey(writer, number), RowValue(writer, number));
  batch.Put(vfs::kDefaultFamily, CountKey(writer), CountValue(number, seen));
  batch.Put(kMetaFamily, CountKey(writer), CountValue(number, seen));
  return batch;
}

absl::StatusOr<Content> ReadContent(const vfs::RocksDb& db, const vfs::RocksSnapshot* snapshot) {
  Content content;
  VFS_ASSIGN_OR_RETURN(content.rows, db.Scan(vfs::kDefaultFamily, {}, snapshot));
  VFS_ASSIGN_OR_RETURN(content.meta, db.Scan(kMetaFamily, {}, snapshot));
  return content;
}

absl::StatusOr<WriterCounts> CountsOf(const Content& content, std::size_t writers) {
  const std::map<std::string, std::string> rows(content.rows.begin(), content.rows.end());
  const std::map<std::string, std::string> meta(content.meta.begin(), content.meta.end());
  WriterCounts counts(writers, 0);
  std::vector<WriterCounts> seen(writers);
  std::map<std::string, std::string> expected;
  for (std::size_t writer = 0; writer < writers; ++writer) {
    const auto row = rows.find(CountKey(writer));
    const auto meta_row = meta.find(CountKey(writer));
    if ((row == rows.end()) != (meta_row == meta.end())) {
      return vfs::DataLoss("writer {}: its count is in one column family and not in the other",
                           writer);
    }
    if (row == rows.end()) continue;
    if (row->second != meta_row->second) {
      return vfs::DataLoss("writer {}: batch '{}' in one column family, '{}' in the other", writer,
                           row->second, meta_row->second);
    }
    auto numbers = ParseNumbers(row->second);
    if (!numbers.has_value() || numbers->size() != writers + 1) {
      return vfs::DataLoss("writer {}: '{}' was never written", writer, row->second);
    }
    counts[writer] = numbers->front();
    seen[writer].assign(numbers->begin() + 1, numbers->end());
    expected.merge(RowsAfter(writer, counts[writer]));
    expected[CountKey(writer)] = row->second;
  }
  if (rows != expected) {
    const auto [have, want] =
        std::mismatch(rows.begin(), rows.end(), expected.begin(), expected.end());
    return vfs::DataLoss("after {} batches the first row that differs is {}, expected {}",
                         ToString(counts), have == rows.end() ? "none" : have->first,
                         want == expected.end() ? "none" : want->first);
  }
  for (std::size_t writer = 0; writer < writers; ++writer) {
    for (std::size_t other = 0; other < seen[writer].size(); ++other) {
      if (seen[writer][other] <= counts[other]) continue;
      return vfs::DataLoss(
          "batch {} of writer {} is there; batch {} of writer {} was written before it began and "
          "is not",
          counts[writer], writer, seen[writer][other], other);
    }
  }
  return counts;
}

std::string ToString(const WriterCounts& counts) {
  std::string text;
  for (std::size_t writer = 0; writer < counts.size(); ++writer) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}:{}", writer, counts[writer]);
  }
  return text;
}

}  // namespace permafrost::sim
