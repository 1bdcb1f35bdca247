// How benches print what they measured.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

namespace permafrost {

struct BenchRow {
  std::string name;
  double value = 0;
  std::string unit;
};

// The body of a main(): rows as text, or with --json as one array of objects named "SUBJECT.NAME".
inline int PrintBench(std::string_view subject,
                      const std::vector<BenchRow>& rows,
                      int argc,
                      char** argv) {
  const bool is_json = argc > 1 && std::string_view(argv[1]) == "--json";
  std::string text;
  for (const BenchRow& row : rows) {
    if (is_json) {
      text += fmt::format("{}{{\"name\": \"{}.{}\", \"value\": {:.2f}, \"unit\": \"{}\"}}",
                          text.empty() ? "[" : ",\n ", subject, row.name, row.value, row.unit);
    } else {
      text += fmt::format("{:36} {:14.2f} {}\n", row.name, row.value, row.unit);
    }
  }
  if (is_json) text += "]\n";
  std::fputs(text.c_str(), stdout);
  return 0;
}

}  // namespace permafrost
