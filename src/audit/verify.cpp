#include "audit/verify.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>

#include "audit/segment.h"
#include "audit/writer_check.h"

namespace doorward::audit {
namespace {

/// Reads the notes of a file into claims. A note that is not signed by one of the keys is a finding, told
/// only when the records themselves are all right.
class Claims {
 public:
  explicit Claims(const VerifyOptions& options) : options_(options) {}

  Status load(const std::string& path, bool active) {
    Result<MappedFile> file = MappedFile::open(path);
    if (!file) return std::unexpected(file.error());
    bool torn = false;
    std::uint64_t line = 1;
    for (const std::string& note : split_notes(file->bytes(), &torn)) {
      add(note, {path, line}, false);
      line += static_cast<std::uint64_t>(std::count(note.begin(), note.end(), '\n')) + 1;
    }
    if (torn && !active) find({path, line}, {}, "the last checkpoint is not whole");
    return {};
  }

  void add(const std::string& note, LinePlace place, bool external) {
    const Result<Checkpoint> read =
        options_.keys.empty() ? parse_checkpoint(note) : open_checkpoint(note, options_.keys);
    if (read) {
      claims.push_back({*read, std::move(place), !options_.keys.empty(), external, false});
    } else {
      find(std::move(place), parse_checkpoint(note).value_or(Checkpoint{}), read.error().message);
    }
  }

  std::vector<Claim> claims;
  std::optional<VerifyFinding> finding;

 private:
  void find(LinePlace place, const Checkpoint& named, const std::string& reason) {
    if (finding) return;
    finding = VerifyFinding{std::move(place.file), place.line, named.writer, named.epoch, named.size, reason};
  }

  const VerifyOptions& options_;
};

class Verification {
 public:
  explicit Verification(const VerifyOptions& options) : options_(options), external_(options) {
    for (std::size_t i = 0; i < options.external.size(); ++i) {
      external_.add(options.external[i], {"checkpoint given (" + std::to_string(i + 1) + ")", 0}, true);
    }
    if (external_.finding) deferred_ = external_.finding;
  }

  Result<VerifyReport> directory(const std::string& path) {
    if (::access((path + "/lock").c_str(), F_OK) == 0) {
      return one_writer(path);
    }
    Result<std::vector<std::string>> writers = list_writers(path);
    if (!writers) return std::unexpected(writers.error());
    std::optional<Checkpoint> since;
    if (options_.since) {
      Result<Checkpoint> checkpoint = trusted_since();
      if (!checkpoint) return std::unexpected(checkpoint.error());
      since = *checkpoint;
    }
    for (const std::string& writer : *writers) {
      if (since && writer != since->writer) continue;
      Result<bool> good = check_writer(path + "/" + writer, writer, since);
      if (!good) return std::unexpected(good.error());
      if (!*good) return result();
    }
    return finish(*writers);
  }

  Result<VerifyReport> file(const std::string& path) {
    if (options_.since) {
      return fail(ErrorKind::invalid,
                  "verification since a checkpoint needs the log directory, not an exported file");
    }
    Claims claims(options_);
    if (::access((path + ".checkpoints").c_str(), F_OK) == 0) {
      if (Status loaded = claims.load(path + ".checkpoints", false); !loaded)
        return std::unexpected(loaded.error());
    }
    if (claims.finding && !deferred_) deferred_ = claims.finding;
    Result<MappedFile> mapped = MappedFile::open(path);
    if (!mapped) return std::unexpected(mapped.error());
    ++report_.segments;
    std::map<std::string, std::unique_ptr<WriterCheck>, std::less<>> checks;
    const auto check_of = [&](std::string_view writer) -> WriterCheck& {
      auto found = checks.find(writer);
      if (found == checks.end()) {
        auto check = std::make_unique<WriterCheck>(std::string(writer), options_, report_);
        if (options_.window) check->start_trusted();
        for (const std::vector<Claim>* list : {&claims.claims, &external_.claims}) {
          for (const Claim& claim : *list) {
            if (claim.checkpoint.writer == writer) check->add_claim(claim);
          }
        }
        check->begin_file(path, std::nullopt, std::nullopt);
        found = checks.emplace(std::string(writer), std::move(check)).first;
      }
      return *found->second;
    };
    std::string_view rest = mapped->bytes();
    std::string_view line;
    std::uint64_t number = 0;
    std::string current;
    while (next_line(rest, line)) {
      ++number;
      const std::optional<RecordHead> head = parse_head(line);
      if (head) current = head->writer;
      WriterCheck& check = check_of(current);
      if (!check.record(line, number, rest)) return found(check);
    }
    std::vector<std::string> writers;
    for (auto& [writer, check] : checks) writers.push_back(writer);
    if (!rest.empty()) {
      WriterCheck& check = check_of(current);
      if (!check.torn(number + 1, false)) return found(check);
    }
    for (auto& [writer, check] : checks) {
      if (!check->finish()) return found(*check);
    }
    report_.writers = checks.size();
    return finish(writers);
  }

 private:
  Result<Checkpoint> trusted_since() {
    if (options_.keys.empty()) {
      return fail(ErrorKind::invalid,
                  "verification since a checkpoint needs the public key that it was signed with");
    }
    return open_checkpoint(*options_.since, options_.keys);
  }

  Result<VerifyReport> one_writer(const std::string& path) {
    std::string trimmed = path;
    while (trimmed.size() > 1 && trimmed.back() == '/') trimmed.pop_back();
    const std::string writer = trimmed.substr(trimmed.rfind('/') + 1);
    std::optional<Checkpoint> since;
    if (options_.since) {
      Result<Checkpoint> checkpoint = trusted_since();
      if (!checkpoint) return std::unexpected(checkpoint.error());
      since = *checkpoint;
      if (since->writer != writer) {
        return fail(ErrorKind::invalid,
                    "the checkpoint given is of the writer " + since->writer + ", not of " + writer);
      }
    }
    Result<bool> good = check_writer(trimmed, writer, since);
    if (!good) return std::unexpected(good.error());
    return *good ? finish({writer}) : result();
  }

  /// False: the finding stands in the report.
  Result<bool> check_writer(const std::string& path, const std::string& writer,
                            const std::optional<Checkpoint>& since) {
    const bool active = writer_active(path);
    if (active)
      report_.notes.push_back("the writer " + writer + " is at work; its newest records are not signed yet");
    // Checkpoints first: of a writer at work, the records read later cover them.
    Claims claims(options_);
    for (const std::uint64_t epoch : list_checkpoint_epochs(path)) {
      if (since && epoch < since->epoch) continue;
      if (Status loaded = claims.load(checkpoints_path(path, epoch), active); !loaded) {
        return std::unexpected(loaded.error());
      }
    }
    if (claims.finding && !deferred_) deferred_ = claims.finding;
    Result<std::vector<SegmentFile>> segments = list_segments(path);
    if (!segments) return std::unexpected(segments.error());
    if (since) drop_before(*segments, claims.claims, *since);

    WriterCheck check(writer, options_, report_);
    if (options_.window) check.start_trusted();
    if (since) {
      check.start_trusted();
      check.add_claim({*since, {"checkpoint given", 0}, true, true, false});
    }
    for (Claim& claim : claims.claims) check.add_claim(std::move(claim));
    for (const Claim& claim : external_.claims) {
      if (claim.checkpoint.writer == writer) check.add_claim(claim);
    }
    for (std::size_t i = 0; i < segments->size(); ++i) {
      const SegmentFile& segment = (*segments)[i];
      Result<MappedFile> mapped = MappedFile::open(segment.path);
      if (!mapped) return std::unexpected(mapped.error());
      ++report_.segments;
      check.begin_file(segment.path, segment.epoch, segment.first);
      std::string_view rest = mapped->bytes();
      std::string_view line;
      std::uint64_t number = 0;
      while (next_line(rest, line)) {
        if (!check.record(line, ++number, rest)) return found(check).ok;
      }
      if (!rest.empty() && !check.torn(number + 1, active && i + 1 == segments->size()))
        return found(check).ok;
    }
    if (!check.finish()) return found(check).ok;
    ++report_.writers;
    return true;
  }

  /// Leaves the segments from the last one on that states its tree, at or before the checkpoint, in agreement
  /// with a signed checkpoint of exactly that size.
  void drop_before(std::vector<SegmentFile>& segments, const std::vector<Claim>& claims,
                   const Checkpoint& since) {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < segments.size(); ++i) {
      const SegmentFile& segment = segments[i];
      if (segment.epoch != since.epoch || segment.first > since.size) continue;
      const bool vouched = segment.first == 0 || segment.first == since.size ||
                           std::any_of(claims.begin(), claims.end(), [&](const Claim& claim) {
                             return claim.verified && claim.checkpoint.epoch == segment.epoch &&
                                    claim.checkpoint.size == segment.first;
                           });
      if (vouched && (segment.first == 0 || states_tree(segment))) begin = i;
    }
    segments.erase(segments.begin(), segments.begin() + static_cast<std::ptrdiff_t>(begin));
  }

  bool states_tree(const SegmentFile& segment) {
    Result<MappedFile> mapped = MappedFile::open(segment.path);
    if (!mapped) return false;
    std::string_view rest = mapped->bytes();
    std::string_view line;
    if (!next_line(rest, line)) return false;
    const auto read = reader_.read(line);
    return read && stated_tree(*read);
  }

  VerifyReport& found(const WriterCheck& check) {
    report_.first_bad = check.finding();
    report_.ok = false;
    return report_;
  }

  VerifyReport result() { return std::move(report_); }

  Result<VerifyReport> finish(const std::vector<std::string>& writers) {
    for (const Claim& claim : external_.claims) {
      if (options_.since ||
          std::find(writers.begin(), writers.end(), claim.checkpoint.writer) != writers.end())
        continue;
      report_.first_bad = VerifyFinding{claim.place.file,
                                        0,
                                        claim.checkpoint.writer,
                                        claim.checkpoint.epoch,
                                        0,
                                        "the log of the writer " + claim.checkpoint.writer +
                                            ", which a checkpoint given vouches for, is not here"};
      return result();
    }
    if (deferred_) {
      report_.first_bad = deferred_;
      return result();
    }
    if (!options_.keys.empty() && report_.signed_records < report_.records) {
      report_.notes.push_back(std::to_string(report_.records - report_.signed_records) +
                              " records are not under a signed checkpoint; their chain is whole");
    }
    report_.ok = true;
    return result();
  }

  const VerifyOptions& options_;
  Claims external_;
  std::optional<VerifyFinding> deferred_;
  VerifyReport report_;
  json::Reader reader_;
};

}  // namespace

Result<VerifyReport> verify_log(const std::string& path, const VerifyOptions& options) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return fail(ErrorKind::not_found,
                "there is no log at " + path + "; give a log directory, or a file of records");
  }
  Verification verification(options);
  return S_ISDIR(info.st_mode) ? verification.directory(path) : verification.file(path);
}

}  // namespace doorward::audit
