#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "audit/checkpoint.h"
#include "audit/segment.h"
#include "audit/verify.h"
#include "json/reader.h"

/// Feeds any bytes to what reads a log. Besides crashes: what a head parses to must be spelled back as the
/// same bytes, and a log that verifies must consist of lines that are records and JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace doorward;
  using namespace doorward::audit;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto must = [](bool holds) {
    if (!holds) std::abort();
  };

  std::string_view rest = bytes;
  std::string_view line;
  std::size_t lines = 0;
  bool all_records = true;
  json::Reader reader;
  while (next_line(rest, line)) {
    ++lines;
    const auto head = parse_head(line);
    if (head) {
      std::string again;
      append_head(again, head->writer, head->epoch, head->seq, head->prev);
      must(again + std::string(head->members) + "}" == line);
      if (const auto start = parse_start(head->members)) (void)parse_time(start->time);
    }
    const auto read = reader.read(line);
    if (read) (void)stated_tree(*read);
    all_records = all_records && head && read;
  }
  all_records = all_records && rest.empty();

  bool torn = false;
  for (const std::string& note : split_notes(bytes, &torn)) {
    if (const auto checkpoint = parse_checkpoint(note)) must(note.starts_with(note_text(*checkpoint)));
    must(!open_checkpoint(note, {}));
  }

  static const std::string path = "/dev/shm/doorward-fuzz-" + std::to_string(::getpid());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  must(file != nullptr);
  must(std::fwrite(data, 1, size, file) == size);
  std::fclose(file);
  const auto report = verify_log(path);
  must(report.has_value());
  must(report->ok != report->first_bad.has_value());
  if (report->ok) must(all_records && report->records == lines);
  std::remove(path.c_str());
  return 0;
}
