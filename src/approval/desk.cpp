#include "approval/desk.h"

#include <algorithm>
#include <utility>

#include "approval/boot.h"
#include "base/encoding.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/random.h"

namespace doorward::approval {
namespace {

using store::ApprovalRow;
using store::ApprovalState;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kCountPauseUs = kSecond;
constexpr std::int64_t kLongestNapUs = 60 * kSecond;
constexpr std::int64_t kShortestLifetimeUs = kSecond;
constexpr std::int64_t kLongestLifetimeUs = 30LL * 24 * 3600 * kSecond;
constexpr std::size_t kBatch = 256;

std::string context_of(std::string_view request) {
  return "approval " + std::string(request);
}

}  // namespace

Result<std::unique_ptr<Desk>> Desk::create(store::Database& database, io::Loop& control, std::string_view sealing_key,
                                           const Options& options, const Clock& clock) {
  const auto latest = store::Approvals(database).latest_us();
  if (!latest) return std::unexpected(latest.error());
  return std::unique_ptr<Desk>(new Desk(database, control, sealing_key, options, clock, *latest));
}

Desk::Desk(store::Database& database, io::Loop& control, std::string_view sealing_key, const Options& options,
           const Clock& clock, std::int64_t store_us)
    : store_(database),
      control_(control),
      sealer_(sealing_key),
      display_key_(to_hex(HmacSha256(sealing_key)("approval display"))),
      options_(options),
      clock_(clock, store_us),
      due_timer_(io::call<&Desk::due>, this) {}

Desk::~Desk() {
  wipe(display_key_);
}

Status Desk::start(audit::LogWriter& log, const std::string& directory) {
  log_ = &log;
  if (Status recovered = recover(directory); !recovered) return recovered;
  if (Status settled = settle_due(); !settled) return settled;
  arm();
  return {};
}

// --- asking

void Desk::ask(Ask ask, io::Loop& loop, std::move_only_function<void(Answer)> answer) {
  const std::scoped_lock lock(mutex_);
  queue_.push_back({std::move(ask), &loop, std::move(answer)});
  // Who comes while a batch is being written waits for the next one: many share one sync.
  if (queue_.size() == 1) control_.post([this] { answer_all(); });
}

void Desk::answer_all() {
  std::vector<Waiting> batch;
  {
    const std::scoped_lock lock(mutex_);
    const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(queue_.size(), kBatch));
    std::move(queue_.begin(), end, std::back_inserter(batch));
    queue_.erase(queue_.begin(), end);
    if (!queue_.empty()) control_.post([this] { answer_all(); });
  }
  std::vector<Answer> answers;
  const Status done = change([&]() -> Status {
    const std::int64_t now = clock_.now_us();
    for (const Waiting& waiting : batch) {
      auto answered = this->answer(waiting.ask, now);
      if (!answered) return std::unexpected(std::move(answered.error()));
      answers.push_back(std::move(*answered));
    }
    return {};
  });
  if (!done) {
    log_line(LogLevel::error, "approvals cannot be stored: calls that need one are refused",
             {{"why", done.error().message}});
    answers.assign(batch.size(), {.standing = Standing::refused,
                                  .request = {},
                                  .reason = "the gateway cannot store approvals now; try again later",
                                  .by = {}});
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    batch[i].loop->post([answer = std::move(batch[i].answer), answered = std::move(answers[i])]() mutable {
      answer(std::move(answered));
    });
  }
}

Result<Answer> Desk::answer(const Ask& ask, std::int64_t now) {
  const Digest binding = ask.binding.digest();
  auto open = store_.open_of(binding);
  if (!open) return std::unexpected(open.error());
  for (ApprovalRow& row : *open) {
    if (Status settled = settle(row, now); !settled) return std::unexpected(settled.error());
  }
  const auto in = [&](ApprovalState state) {
    return std::ranges::find_if(*open, [&](const ApprovalRow& row) { return row.state == state && !row.closed_us; });
  };
  // In doubt the refusal counts: a denial outweighs an approval that was given back.
  if (const auto denied = in(ApprovalState::denied); denied != open->end()) {
    return Answer{Standing::denied, denied->id, denied->reason, denied->decided_by, clock_.wall_us(denied->until_us)};
  }
  if (const auto approved = in(ApprovalState::approved); approved != open->end()) {
    return spend(std::move(*approved), ask.decision, now);
  }
  if (const auto pending = in(ApprovalState::pending); pending != open->end()) {
    if (ask.request != pending->id) ++joined_[pending->id];
    return Answer{Standing::waiting, pending->id, {}, {}, clock_.wall_us(pending->until_us)};
  }
  if (!ask.request.empty()) {
    const auto before = store_.find(ask.request);
    if (!before) return std::unexpected(before.error());
    if (*before && (*before)->binding == binding) {
      const ApprovalRow& row = **before;
      switch (row.state) {
        case ApprovalState::used:
          return Answer{Standing::refused, row.id, "an identical call has used the approval; call again only if it "
                        "must run once more", row.decided_by, clock_.wall_us(row.until_us)};
        case ApprovalState::denied:
          return Answer{Standing::denied, row.id, row.reason, row.decided_by, clock_.wall_us(row.until_us)};
        case ApprovalState::expired:
          return Answer{Standing::expired, row.id, {}, row.decided_by, clock_.wall_us(row.until_us)};
        case ApprovalState::cancelled:
          return Answer{Standing::refused, row.id, "the request was cancelled", {}, clock_.wall_us(row.until_us)};
        default:
          break;
      }
    }
  }
  return request(ask, binding, now);
}

Result<Answer> Desk::spend(ApprovalRow row, const std::string& decision, std::int64_t now) {
  const auto spent = store_.use(decision);
  if (!spent) return std::unexpected(spent.error());
  if (*spent) return Answer{Standing::refused, row.id, "this call has used an approval already", {}};
  const audit::LogPosition position = log_->position();
  if (!record("approval.used", row, {{"decision", decision}})) {
    return Answer{Standing::refused, row.id, "the log cannot store the use of an approval now; try again later", {}};
  }
  const store::ApprovalUse use{decision,       row.id, now, boot_id(), position.writer,
                               static_cast<std::int64_t>(position.epoch), static_cast<std::int64_t>(position.seq)};
  if (Status added = store_.add_use(use); !added) return std::unexpected(added.error());
  Answer answer{Standing::granted, row.id, {}, row.decided_by, clock_.wall_us(row.until_us)};
  if (!row.repeats) {
    if (Status closed = close(row, ApprovalState::used, now); !closed) return std::unexpected(closed.error());
  }
  return answer;
}

Result<Answer> Desk::request(const Ask& ask, const Digest& binding, std::int64_t now) {
  const auto refused = [](std::string reason) { return Answer{Standing::refused, {}, std::move(reason), {}}; };
  if (ask.groups.empty()) return refused("the policy names nobody who could approve it");
  if (ask.arguments.size() > options_.arguments_bytes) {
    return refused("its arguments are too long to be shown to a person (" + std::to_string(ask.arguments.size()) +
                   " bytes; at most " + std::to_string(options_.arguments_bytes) + ")");
  }
  const auto of_grant = store_.pending_of(ask.binding.grant);
  if (!of_grant) return std::unexpected(of_grant.error());
  if (static_cast<std::size_t>(*of_grant) >= options_.pending_per_grant) {
    return refused("this agent has " + std::to_string(*of_grant) +
                   " calls waiting for approval already; wait until a person has decided some");
  }
  const auto all = store_.pending();
  if (!all) return std::unexpected(all.error());
  if (static_cast<std::size_t>(*all) >= options_.pending) {
    return refused("too many calls wait for approval on this gateway; try again later");
  }

  ApprovalRow row;
  row.id = random_id("apr_");
  row.binding = binding;
  row.grant = ask.binding.grant;
  row.identity = ask.binding.identity;
  row.server = ask.binding.server;
  row.tool = ask.binding.tool;
  row.definition = ask.binding.definition;
  row.digest = ask.binding.arguments;
  row.policy = ask.binding.policy;
  row.policy_version = static_cast<std::int64_t>(ask.binding.policy_version);
  row.policy_sha256 = ask.binding.policy_sha256;
  row.rule = ask.binding.rule;
  row.decision = ask.decision;
  row.grant_label = ask.grant_label;
  row.owner = ask.owner;
  row.client = ask.client;
  row.category = ask.category;
  row.pointer = ask.pointer;
  row.note = ask.note;
  row.groups = to_json(ask.groups);
  row.created_us = now;
  row.lifetime_us = std::clamp(ask.lifetime_us, kShortestLifetimeUs, kLongestLifetimeUs);
  row.until_us = now + row.lifetime_us;
  if (!record("approval.requested", row, {{"decision", row.decision}, {"groups", audit::EventRecord::Json{row.groups}}})) {
    return refused("the log cannot store the request now; try again later");
  }
  if (Status added = store_.add(row, sealer_.seal(ask.arguments, context_of(row.id), INT64_MAX)); !added) {
    return std::unexpected(added.error());
  }
  tell("approval.requested", row);
  return Answer{Standing::waiting, row.id, {}, {}, clock_.wall_us(row.until_us)};
}

Watch Desk::watch(const std::string& request, io::Loop& loop, std::move_only_function<void()> changed) {
  auto state = std::make_shared<Watch::State>(&loop, std::move(changed));
  control_.post([this, request, state] {
    std::vector<std::shared_ptr<Watch::State>>& list = watchers_[request];
    // Whoever went away leaves a state behind that only the list holds.
    if (list.size() == list.capacity()) std::erase_if(list, [](const auto& other) { return other.use_count() == 1; });
    list.push_back(state);
    const auto row = store_.find(request);
    if (!row || !*row || (*row)->state != ApprovalState::pending) wake(request);
  });
  return Watch(std::move(state));
}

void Desk::wake(const std::string& request) {
  auto list = watchers_.extract(request);
  if (list.empty()) return;
  for (std::shared_ptr<Watch::State>& state : list.mapped()) {
    io::Loop& loop = *state->loop;
    loop.post([state = std::move(state)] {
      if (auto changed = std::exchange(state->changed, nullptr)) changed();
    });
  }
}

void Desk::give_back(std::string decision) {
  control_.post([this, decision = std::move(decision)] {
    const Status done = change([&] { return take_back(decision, "not run"); });
    if (!done) {
      log_line(LogLevel::error, "an approval could not be given back",
               {{"decision", decision}, {"why", done.error().message}});
    }
  });
}

Status Desk::take_back(const std::string& decision, const char* cause) {
  const auto use = store_.use(decision);
  if (!use) return std::unexpected(use.error());
  if (!*use) return {};
  auto found = store_.find((*use)->request);
  if (!found) return std::unexpected(found.error());
  if (!*found) return {};
  ApprovalRow& row = **found;
  if (!record("approval.given_back", row, {{"decision", decision}, {"cause", std::string_view(cause)}})) {
    return fail(ErrorKind::unavailable, "the log cannot store that an approval is given back");
  }
  if (Status removed = store_.remove_use(decision); !removed) return removed;
  if (row.state != ApprovalState::used || row.repeats) return {};
  const std::int64_t now = clock_.now_us();
  if (row.until_us <= now) return close(row, ApprovalState::expired, now);
  row.state = ApprovalState::approved;
  row.closed_us.reset();
  if (Status saved = store_.save(row); !saved) return saved;
  // What identical calls have asked meanwhile is answered by it.
  auto open = store_.open_of(row.binding);
  if (!open) return std::unexpected(open.error());
  for (ApprovalRow& other : *open) {
    if (other.state != ApprovalState::pending) continue;
    if (!record("approval.cancelled", other, {{"cause", std::string_view("a like approval was given back")}})) {
      return fail(ErrorKind::unavailable, "the log cannot store that a request is cancelled");
    }
    if (Status closed = close(other, ApprovalState::cancelled, now); !closed) return closed;
    tell("approval.cancelled", other);
  }
  return {};
}

// --- time

Status Desk::close(ApprovalRow& row, ApprovalState state, std::int64_t now) {
  row.state = state;
  row.closed_us = now;
  return store_.save(row);
}

Status Desk::settle(ApprovalRow& row, std::int64_t now) {
  if (row.closed_us) return {};
  if (row.until_us > now) {
    if (row.state != ApprovalState::pending || row.warned || row.until_us - row.lifetime_us / 4 > now) return {};
    row.warned = true;
    if (Status saved = store_.save(row); !saved) return saved;
    tell("approval.expiring", row);
    return {};
  }
  if (row.state == ApprovalState::denied) return close(row, ApprovalState::denied, now);
  const bool unused = row.state == ApprovalState::approved;
  if (row.repeats) {
    const auto uses = store_.uses(row.id);
    if (!uses) return std::unexpected(uses.error());
    if (!uses->empty()) return close(row, ApprovalState::used, now);
  }
  // What expires is over whether or not the log has room to say so.
  static_cast<void>(record("approval.expired", row, {{"approved", unused}}));
  if (Status closed = close(row, ApprovalState::expired, now); !closed) return closed;
  tell("approval.expired", row);
  return {};
}

Status Desk::settle_due() {
  return change([&]() -> Status {
    const std::int64_t now = clock_.now_us();
    auto due = store_.due(now);
    if (!due) return std::unexpected(due.error());
    for (ApprovalRow& row : *due) {
      if (Status settled = settle(row, now); !settled) return settled;
    }
    for (const auto& [request, more] : joined_) {
      if (Status counted = store_.count(request, more); !counted) return counted;
    }
    joined_.clear();
    if (Status settled = store_.settle_uses(now - kLongestNapUs); !settled) return settled;
    return store_.remove_arguments(now - options_.keep_arguments_us);
  });
}

void Desk::due() {
  if (const Status settled = settle_due(); !settled) {
    log_line(LogLevel::error, "approvals could not be looked after", {{"why", settled.error().message}});
    return due_timer_.arm(control_, kSecond);
  }
}

void Desk::arm() {
  std::int64_t nap = joined_.empty() ? kLongestNapUs : kCountPauseUs;
  if (const auto next = store_.next_due(); next && *next) nap = std::min(nap, **next - clock_.now_us());
  due_timer_.arm(control_, std::max<std::int64_t>(nap, 1'000));
}

Status Desk::cancel_others(const std::function<bool(std::string_view grant)>& lives) {
  auto open = store_.open();
  if (!open) return std::unexpected(open.error());
  std::erase_if(*open, [&](const ApprovalRow& row) { return row.state == ApprovalState::denied || lives(row.grant); });
  if (open->empty()) return {};
  return change([&]() -> Status {
    for (ApprovalRow& row : *open) {
      static_cast<void>(record("approval.cancelled", row, {{"cause", std::string_view("the grant is gone")}}));
      if (Status closed = close(row, ApprovalState::cancelled, clock_.now_us()); !closed) return closed;
      tell("approval.cancelled", row);
    }
    return {};
  });
}

// --- transactions and their consequences

Status Desk::change(const std::function<Status()>& work) {
  told_.clear();
  auto transaction = store::Transaction::begin(store_.database());
  if (!transaction) return std::unexpected(transaction.error());
  Status done = work();
  if (done) done = transaction->commit();
  if (!done) {
    told_.clear();
    return done;
  }
  tell_all();
  arm();
  return {};
}

void Desk::tell_all() {
  for (Told& told : std::exchange(told_, {})) {
    if (told.request.state != ApprovalState::pending) wake(told.request.id);
    if (!observer_) continue;
    const std::int64_t left = told.request.until_us - clock_.now_us();
    to_wall(told.request);
    observer_({told.event, told.request, left});
  }
}

bool Desk::record(std::string_view event, const ApprovalRow& row, Fields more) {
  const std::string definition = to_hex(row.definition);
  Fields fields = {{"request", row.id},
                   {"grant", row.grant},
                   {"label", row.grant_label},
                   {"owner", row.owner},
                   {"server", row.server},
                   {"tool", row.tool},
                   {"definition", definition},
                   {"args_digest", row.digest},
                   {"policy", row.policy},
                   {"policy_version", row.policy_version},
                   {"policy_sha256", row.policy_sha256},
                   {"rule", row.rule}};
  if (!row.identity.empty()) fields.push_back({"identity", row.identity});
  std::ranges::move(more, std::back_inserter(fields));
  audit::EventRecord entry;
  entry.event = event;
  entry.time_us = system_clock().wall_us();
  entry.fields = fields;
  audit::RecordBuffer buffer;
  return log_->record(audit::write_event(entry, buffer));
}

void Desk::to_wall(ApprovalRow& row) const {
  for (std::int64_t* time : {&row.created_us, &row.until_us}) *time = clock_.wall_us(*time);
  for (std::optional<std::int64_t>* time : {&row.decided_us, &row.closed_us}) {
    if (*time) *time = clock_.wall_us(**time);
  }
}

}  // namespace doorward::approval
