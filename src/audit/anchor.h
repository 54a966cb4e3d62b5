#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "audit/checkpoint.h"
#include "base/result.h"
#include "io/fetch.h"

/// Where checkpoints are taken, out of reach of whoever holds this machine (docs/audit-format.md, Anchors).
namespace doorward::audit {

/// One place to which notes are delivered. Used by the thread of its feed alone; may block for seconds.
class AnchorTarget {
 public:
  virtual ~AnchorTarget() = default;
  /// ok: the note has arrived there, as far as its protocol tells. `id` is `<writer>/<epoch>/<size>`; a note may be
  /// delivered twice.
  virtual Status deliver(const std::string& note, const std::string& id) = 0;
};

/// Appends to a file, on another mount or another host's: notes joined by one blank line, each synced.
std::unique_ptr<AnchorTarget> make_file_anchor(std::string path);
/// Posts each note as the body; delivered is what a status of 2xx answers. The fetcher outlives the target.
std::unique_ptr<AnchorTarget> make_http_anchor(io::Fetcher& fetcher, io::FetchRequest request);

/// A syslog receiver. Delivered is what was handed to the connection: syslog has no acknowledgement, so after a lost
/// connection the last note is sent again.
struct SyslogTarget {
  enum class Transport : std::uint8_t {
    tls,    ///< RFC 5425: octet counting over TLS
    tcp,    ///< RFC 6587 3.4.1: octet counting over TCP
    local,  ///< datagrams to a Unix socket
  };
  Transport transport = Transport::local;
  std::string host;
  std::uint16_t port = 0;
  std::string path;     ///< of the Unix socket
  std::string ca_file;  ///< trusted roots; empty: the system's
};
std::unique_ptr<AnchorTarget> make_syslog_anchor(SyslogTarget target);
/// One message of RFC 5424; its text is the note as a JSON string.
std::string syslog_message(std::string_view note, std::string_view host, std::int64_t now_us);

/// Delivers checkpoints to one target, in order, from a thread of its own: at least once, also over restarts, with
/// growing pauses while the target fails. The log's own files of checkpoints are the store of what is pending; what is
/// in memory is bounded, and a note that has to go is one that a newer note of its epoch covers.
class AnchorFeed {
 public:
  struct Options {
    std::string name;
    std::string cursor_file;    ///< which heads were delivered; its folder exists
    std::string log_directory;  ///< where pending notes of earlier processes are looked for; empty: nowhere
    std::size_t most_pending = 1000;
    std::chrono::milliseconds first_pause{1'000};
    std::chrono::milliseconds longest_pause{60'000};
    /// Feed's thread: delivering fails (`why` is a sentence) or works again (`why` empty, after `failing_for`).
    std::function<void(const std::string& why, std::chrono::milliseconds failing_for)> on_change;
  };
  struct State {
    bool failing = false;
    std::string why;             ///< while failing
    std::size_t pending = 0;     ///< notes
    std::uint64_t delivered = 0;  ///< notes since start
    std::uint64_t superseded = 0;  ///< notes that made room for newer ones of their epoch
    std::string last;            ///< id of the newest note that was delivered, ever; empty: none
  };

  AnchorFeed(Options options, std::unique_ptr<AnchorTarget> target);
  ~AnchorFeed();
  AnchorFeed(const AnchorFeed&) = delete;
  AnchorFeed& operator=(const AnchorFeed&) = delete;

  /// Any thread; never waits for the target.
  void offer(std::string_view note);
  State state() const;
  /// Tries once more what is pending, and ends the thread; what could not be delivered is for the next start.
  void stop();

 private:
  using Place = std::pair<std::string, std::uint64_t>;  ///< writer and epoch
  struct Note {
    Checkpoint head;
    std::string text;
  };

  void run();
  void load_cursor();
  void load_backlog();
  void push(Note note);
  std::string cursor_text();
  bool is_delivered(const Checkpoint& head) const;

  Options options_;
  std::unique_ptr<AnchorTarget> target_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Note> pending_;
  std::map<Place, std::uint64_t> delivered_;  ///< sizes; the newest epochs of each writer
  State state_;
  bool stopping_ = false;
  std::thread thread_;
};

/// `<writer>/<epoch>/<size>`.
std::string note_id(const Checkpoint& head);

}  // namespace doorward::audit
