#include "approval/notifier.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "base/log.h"

namespace doorward::approval {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
/// Before the second try and the ones after it.
constexpr std::array<std::int64_t, Notifier::kMostTries - 1> kPauses = {1, 5, 25, 120, 600};
/// What a desktop needs to be reached; nothing else of our environment goes there.
constexpr std::array kDesktopVariables = {"PATH", "HOME", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY",
                                          "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"};

bool is_worth_trying_again(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : std::string(1, c);
  return out;
}

}  // namespace

/// One message on its way to one channel.
struct Notifier::Sending {
  Sending(Notifier& notifier, std::shared_ptr<const Channel> to, Notice what)
      : owner(notifier), channel(std::move(to)), notice(std::move(what)), pause(io::call<&Sending::again>, this) {}
  void again() { owner.attempt(*this); }

  Notifier& owner;
  std::shared_ptr<const Channel> channel;
  Notice notice;
  std::move_only_function<void(Status)> done;  ///< of a test, which is tried once
  int tries = 0;
  io::Timer pause;
  std::unique_ptr<io::Child> child;
  std::list<std::unique_ptr<Sending>>::iterator place;
};

Notifier::Notifier(store::Database& database, io::Loop& control, io::Fetcher& fetcher, const Clock& clock)
    : store_(database), control_(control), fetcher_(fetcher), clock_(clock) {}

Notifier::~Notifier() = default;

void Notifier::configure(std::string console, std::vector<Channel> channels) {
  console_ = std::move(console);
  channels_.clear();
  for (Channel& channel : channels) channels_.push_back(std::make_shared<const Channel>(std::move(channel)));
}

void Notifier::notify(const Event& event) {
  for (const auto& channel : channels_) {
    if (channel->wants(event.name)) begin(channel, make_notice(event, console_, clock_.wall_us()), nullptr);
  }
}

void Notifier::test(std::string_view name, std::move_only_function<void(Status)> done) {
  const auto found = std::ranges::find(channels_, name, [](const auto& channel) { return channel->name; });
  if (found == channels_.end()) {
    return done(fail(ErrorKind::not_found, "the configuration has no channel \"" + std::string(name) + "\""));
  }
  begin(*found, test_notice(console_, clock_.wall_us()), std::move(done));
}

Result<std::vector<store::Delivery>> Notifier::deliveries(std::string_view channel, std::size_t limit) {
  return store_.list(channel, limit);
}

void Notifier::begin(std::shared_ptr<const Channel> channel, Notice notice, std::move_only_function<void(Status)> done) {
  auto made = std::make_unique<Sending>(*this, std::move(channel), std::move(notice));
  Sending& sending = *made;
  sending.done = std::move(done);
  if (under_way_.size() >= kMostUnderWay) {
    remember(sending, "dropped", 0, "too many messages are under way");
    if (sending.done) sending.done(fail(ErrorKind::exhausted, "too many messages are under way; try again later"));
    return;
  }
  sending.place = under_way_.insert(under_way_.end(), std::move(made));
  attempt(sending);
}

void Notifier::attempt(Sending& sending) {
  ++sending.tries;
  switch (sending.channel->kind) {
    case Channel::Kind::webhook:
    case Channel::Kind::slack:
      return post(sending);
    case Channel::Kind::mail:
      return mail(sending);
    case Channel::Kind::desktop:
      return show(sending);
  }
}

void Notifier::post(Sending& sending) {
  const Channel& channel = *sending.channel;
  io::FetchRequest request;
  request.method = "POST";
  request.url = channel.url;
  request.reach = io::Reach::internal;
  request.plain_http = channel.plain_http;
  request.ca_file = channel.ca_file;
  request.most_bytes = 64u << 10;
  request.timeout = std::chrono::milliseconds(10'000);
  if (channel.kind == Channel::Kind::slack) {
    request.headers = {{"content-type", "application/json"}};
    request.body = slack_body(sending.notice);
  } else {
    request.body = cloud_event(sending.notice, console_);
    request.headers = {{"content-type", "application/cloudevents+json"},
                       {"doorward-delivery", sending.notice.id},
                       {"doorward-signature", signature(channel.secret, clock_.wall_us() / kSecond, request.body)}};
  }
  fetcher_.fetch(std::move(request), control_, [this, &sending](Result<io::FetchAnswer> answer) {
    if (!answer) {
      return finished(sending, 0, std::unexpected(answer.error()), answer.error().kind == ErrorKind::unavailable);
    }
    if (answer->status >= 200 && answer->status < 300) return finished(sending, answer->status, {}, false);
    finished(sending, answer->status,
             fail(ErrorKind::unavailable, "the receiver answered with the status " + std::to_string(answer->status)),
             is_worth_trying_again(answer->status));
  });
}

void Notifier::mail(Sending& sending) {
  io::Mail mail = sending.channel->mail;
  std::string to;
  for (const std::string& address : mail.to) to += (to.empty() ? "" : ", ") + address;
  mail.message = mail_text(sending.notice, mail.from, to);
  fetcher_.send(std::move(mail), control_, [this, &sending](const Status& sent) {
    finished(sending, 0, sent, !sent && sent.error().kind == ErrorKind::unavailable);
  });
}

void Notifier::show(Sending& sending) {
  const char* path = std::getenv("PATH");
  const auto program = io::find_program("notify-send", path == nullptr ? "/usr/bin:/bin" : path);
  if (!program) return finished(sending, 0, std::unexpected(program.error()), false);
  io::SpawnOptions options;
  options.program = program->path;
  // A summary is plain text, a body is markup; both come after the options.
  options.arguments = {"--app-name=Doorward", "--urgency=critical", "--category=im", "--", headline(sending.notice),
                       escaped(sending.notice.request.empty()
                                   ? std::string("doorward notify test")
                                   : "doorward approvals show " + sending.notice.request)};
  for (const char* name : kDesktopVariables) {
    if (const char* value = std::getenv(name)) options.environment.push_back(std::string(name) + "=" + value);
  }
  auto child = io::Child::spawn(control_, options, [this, &sending](io::ExitStatus status) {
    if (status.code == 0 && status.signal == 0) return finished(sending, 0, {}, false);
    finished(sending, status.code, fail(ErrorKind::unavailable, "notify-send failed; is there a desktop session?"),
             false);
  });
  if (!child) return finished(sending, 0, std::unexpected(child.error()), false);
  sending.child = std::move(*child);
  sending.child->close_input();
}

void Notifier::finished(Sending& sending, int status, const Status& result, bool again) {
  again = again && !sending.done && sending.tries < kMostTries;
  const std::string detail = result ? std::string() : result.error().message;
  remember(sending, result ? "delivered" : again ? "will be tried again" : "failed", status, detail);
  if (again) {
    return sending.pause.arm(control_, kPauses[static_cast<std::size_t>(sending.tries - 1)] * kSecond);
  }
  if (!result) {
    log_line(LogLevel::warning, "a message about an approval was not delivered",
             {{"channel", sending.channel->name}, {"event", sending.notice.event}, {"why", detail}});
  }
  auto done = std::move(sending.done);
  drop(sending);
  if (done) done(result);
}

void Notifier::drop(Sending& sending) {
  // The sending may be in the middle of its child's or its timer's call.
  control_.post([gone = std::move(*sending.place)] {});
  under_way_.erase(sending.place);
}

void Notifier::remember(const Sending& sending, std::string_view state, int status, std::string_view detail) {
  const store::Delivery delivery{0,
                                 sending.notice.id,
                                 sending.notice.event,
                                 sending.notice.request,
                                 sending.channel->name,
                                 sending.tries,
                                 clock_.wall_us(),
                                 std::string(state),
                                 status,
                                 std::string(detail)};
  if (const Status added = store_.add(delivery); !added) {
    log_line(LogLevel::error, "a delivery could not be noted", {{"why", added.error().message}});
  }
}

}  // namespace doorward::approval
