#include "server/evidence.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "audit/export.h"
#include "audit/keys.h"
#include "audit/proof.h"
#include "audit/reader.h"
#include "audit/segment.h"
#include "audit/verify.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "io/file.h"
#include "json/writer.h"
#include "server/evidence_parts.h"
#include "server/time_text.h"

namespace doorward::server {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPolicyBytes = 64u << 20;

class Evidence {
 public:
  explicit Evidence(const EvidenceOptions& options) : options_(options) {}

  Result<EvidenceReport> write() {
    std::error_code error;
    if (!fs::create_directories(options_.folder, error) || error) {
      return fail(ErrorKind::conflict, options_.folder + " exists already, or cannot be made; name another one");
    }
    fs::permissions(options_.folder, fs::perms::owner_all, error);
    if (Status done = copy_log(); !done) return std::unexpected(done.error());
    if (Status done = read_records(); !done) return std::unexpected(done.error());
    if (Status done = prove_samples(); !done) return std::unexpected(done.error());
    for (const auto& [name, text] : options_.documents) put(name, text);
    put("verify_audit.py", kVerifierText);
    verify();
    put("summary.json", summary());
    put("README.md", evidence_readme(options_, report_));
    put("manifest.json", manifest());
    put("SHA256SUMS", sums());
    if (!failure_.empty()) return fail(ErrorKind::unavailable, failure_ + " cannot be written; free space");
    return report_;
  }

 private:
  void put(const std::string& name, std::string_view text) {
    const fs::path path = fs::path(options_.folder) / name;
    std::error_code ignored;
    fs::create_directories(path.parent_path(), ignored);
    std::ofstream out(path, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    out.close();
    if (!out) failure_ = path.string();
  }

  /// Whole segments: those that hold records of the period, and of the checkpoints those that sign them.
  Status copy_log() {
    const auto key = io::read_file(options_.state.keys() + "/audit.pub", 4096);
    if (!key) return std::unexpected(key.error());
    put("audit.pub", *key);
    const auto writers = audit::list_writers(options_.state.log());
    if (!writers) return std::unexpected(writers.error());
    for (const std::string& writer : *writers) {
      if (Status done = copy_writer(writer); !done) return done;
    }
    if (writers_.empty()) put("log/README", "0 records: no writer of the log has any of this period.\n");
    return {};
  }

  Status copy_writer(const std::string& writer) {
    const std::string from = options_.state.log() + "/" + writer;
    const std::string to = "log/" + writer + "/";
    const auto segments = audit::list_segments(from);
    if (!segments) return std::unexpected(segments.error());
    struct Extent {
      std::uint64_t first = UINT64_MAX;
      std::uint64_t end = 0;
    };
    std::map<std::uint64_t, Extent> epochs;
    // From the first that holds such records to the last: what lies between may bear other times where the clock was set.
    std::size_t begin = segments->size();
    std::size_t end = 0;
    for (std::size_t i = 0; i < segments->size(); ++i) {
      const auto file = audit::MappedFile::open((*segments)[i].path);
      if (!file) return std::unexpected(file.error());
      if (!of_period(whole_lines(*file))) continue;
      begin = std::min(begin, i);
      end = i + 1;
    }
    for (std::size_t i = begin; i < end; ++i) {
      const audit::SegmentFile& segment = (*segments)[i];
      const auto file = audit::MappedFile::open(segment.path);
      if (!file) return std::unexpected(file.error());
      const std::string_view bytes = whole_lines(*file);
      put(to + fs::path(segment.path).filename().string(), bytes);
      Extent& extent = epochs[segment.epoch];
      extent.first = std::min(extent.first, segment.first);
      extent.end = segment.first + static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
    }
    if (epochs.empty()) return {};
    put(to + "lock", "");
    writers_.insert(writer);
    for (const auto& [epoch, extent] : epochs) {
      const auto signed_notes = audit::read_notes(from, epoch);
      if (!signed_notes) continue;
      std::string notes;
      for (const std::string& note : *signed_notes) {
        const auto head = audit::parse_checkpoint(note);
        if (!head || head->size < extent.first || head->size > extent.end) continue;
        notes.append(notes.empty() ? "" : "\n").append(note);
      }
      put(to + fs::path(audit::checkpoints_path(from, epoch)).filename().string(), notes);
    }
    return {};
  }

  static std::string_view whole_lines(const audit::MappedFile& file) {
    return file.bytes().substr(0, file.bytes().rfind('\n') + 1);
  }

  /// Judged by the first and the last record: within a segment time runs on, but for steps of the clock.
  bool of_period(std::string_view bytes) const {
    const auto time_of = [](std::string_view line) -> std::int64_t {
      const auto head = audit::parse_head(line);
      const auto start = head ? audit::parse_start(head->members) : std::nullopt;
      const auto time = start ? audit::parse_time(start->time) : std::nullopt;
      return time.value_or(0);
    };
    if (bytes.empty()) return false;
    const std::string_view first = bytes.substr(0, bytes.find('\n'));
    std::string_view last = bytes.substr(0, bytes.size() - 1);
    last.remove_prefix(last.rfind('\n') + 1);
    return time_of(first) < options_.to_us && time_of(last) >= options_.from_us;
  }

  Status read_records() {
    Timeline timeline(options_.from_us, options_.to_us);
    std::string csv(audit::export_head(audit::ExportFormat::csv));
    std::map<std::string, std::string> lists = {{"approvals", {}}, {"changes", {}}, {"access", {}}};
    for (const char* zero : {"calls", "denied", "approvals", "changes", "access", "records_lost"}) report_.counts[zero] = 0;
    audit::Query query;
    query.until_us = options_.to_us;
    const Status read = audit::LogReader(options_.state.log()).for_each(query, [&](const audit::RecordView& record) {
      timeline.add(record);
      if (record.time_us < options_.from_us) return true;
      ++report_.records;
      audit::append_export(csv, audit::ExportFormat::csv, record, DOORWARD_VERSION);
      const std::string_view event = record.text("event");
      const std::string_view list = list_of(event);
      if (!list.empty()) {
        lists[std::string(list)].append(record.line).append("\n");
        ++report_.counts[std::string(list)];
      }
      if (event == "call.intent") {
        ++report_.counts["calls"];
        sample(record);
      }
      if (event == "call.denied") ++report_.counts["denied"];
      if (event == "records.lost") ++report_.counts["records_lost"];
      if (const std::string_view sha = record.text("policy.sha256"); !sha.empty()) ++policies_[std::string(sha)];
      return true;
    });
    if (!read) return read;
    put("records.csv", csv);
    for (const auto& [name, lines] : lists) put(name + ".jsonl", lines);
    put("control-state.json", timeline.json());
    for (const std::string& sha : timeline.policies()) policies_.try_emplace(sha, 0);
    put("policies.json", timeline.policies_json(policies_));
    for (const auto& [sha, count] : policies_) {
      const auto text = io::read_file(options_.state.path + "/policies/" + sha + ".json", kPolicyBytes);
      if (text) put("policies/" + sha + ".json", *text);
    }
    return {};
  }

  static std::string_view list_of(std::string_view event) {
    const auto begins = [&](std::initializer_list<std::string_view> with) {
      return std::ranges::any_of(with, [&](std::string_view one) { return event.starts_with(one); });
    };
    if (begins({"approval."})) return "approvals";
    if (begins({"audit.", "login.", "session.", "user.login"})) return "access";
    if (begins({"server.added", "server.removed", "policy.", "grant.", "config.", "tool.reviewed", "user.", "token.",
                "anchor.", "secret.", "key.", "api_key."})) {
      return "changes";
    }
    return {};
  }

  /// Destructive and financial calls come first; of each kind the choice is spread by the id, which is random.
  void sample(const audit::RecordView& record) {
    const std::string_view category = record.text("category");
    const bool weighty = category == "Destructive" || category == "Financial";
    const std::string_view id = record.text("id");
    samples_.emplace(std::string(weighty ? "0" : "1").append(id), id);
    if (samples_.size() > options_.samples) samples_.erase(std::prev(samples_.end()));
  }

  Status prove_samples() {
    std::uint64_t proven = 0;
    for (const auto& [order, id] : samples_) {
      const auto proofs = audit::prove_records(options_.state.log(), id);
      if (!proofs) continue;  // not under a checkpoint yet, or broken: verify tells
      put("proofs/" + id + ".json", audit::write_proofs({*proofs, {}}));
      ++proven;
    }
    report_.counts["proofs"] = proven;
    return {};
  }

  void verify() {
    if (writers_.empty()) {
      report_.verified = true;
      return;
    }
    audit::VerifyOptions options;
    const auto key = audit::load_public_key(options_.folder + "/audit.pub");
    if (key) options.keys.push_back(*key);
    options.window = true;
    const auto result = audit::verify_log(options_.folder + "/log", options);
    report_.verified = result && result->ok;
    if (!result) report_.first_bad = result.error().message;
    if (result && result->first_bad) report_.first_bad = result->first_bad->reason;
  }

  std::string summary() const {
    std::string out;
    json::Writer writer(out, json::Escape::ascii);
    writer.begin_object().key("schema").string("doorward.evidence.summary/1");
    writer.key("from").string(format_time(options_.from_us)).key("to").string(format_time(options_.to_us));
    writer.key("records").number(report_.records);
    for (const auto& [what, count] : report_.counts) writer.key(what).number(count);
    writer.key("verified").boolean(report_.verified).key("first_bad").string(report_.first_bad).end_object();
    return out + "\n";
  }

  std::map<std::string, std::pair<std::string, std::uintmax_t>> files() const {
    std::map<std::string, std::pair<std::string, std::uintmax_t>> found;
    for (const auto& entry : fs::recursive_directory_iterator(options_.folder)) {
      if (!entry.is_regular_file()) continue;
      Sha256 hash;
      std::ifstream in(entry.path(), std::ios::binary);
      std::string piece(1u << 20, '\0');
      while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
        hash.update(std::string_view(piece).substr(0, static_cast<std::size_t>(in.gcount())));
      }
      found[fs::relative(entry.path(), options_.folder).generic_string()] = {to_hex(hash.finish()), entry.file_size()};
    }
    return found;
  }

  std::string manifest() const {
    std::string out;
    json::Writer writer(out, json::Escape::ascii);
    writer.begin_object().key("schema").string("doorward.evidence/1").key("version").string(DOORWARD_VERSION);
    writer.key("made").string(format_time(options_.now_us));
    writer.key("from").string(format_time(options_.from_us)).key("to").string(format_time(options_.to_us));
    writer.key("writers").begin_array();
    for (const std::string& one : writers_) writer.string(one);
    writer.end_array().key("files").begin_array();
    for (const auto& [name, facts] : files()) {
      writer.begin_object().key("name").string(name).key("sha256").string(facts.first);
      writer.key("bytes").number(facts.second).end_object();
    }
    writer.end_array().end_object();
    return out + "\n";
  }

  std::string sums() const {
    std::string out;
    for (const auto& [name, facts] : files()) out += facts.first + "  " + name + "\n";
    return out;
  }

  const EvidenceOptions& options_;
  EvidenceReport report_;
  std::set<std::string> writers_;
  std::map<std::string, std::uint64_t> policies_;  ///< records of the period under each hash
  std::map<std::string, std::string> samples_;
  std::string failure_;
};

}  // namespace

Result<EvidenceReport> write_evidence(const EvidenceOptions& options) {
  return Evidence(options).write();
}

}  // namespace doorward::server
