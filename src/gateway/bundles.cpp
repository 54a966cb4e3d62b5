#include "gateway/bundles.h"

#include <algorithm>

#include "gateway/bundle_session.h"
#include "gateway/worker.h"

namespace doorward::gateway {
namespace {

constexpr std::int64_t kRestUs = 10'000'000;
constexpr std::int64_t kTellAgainUs = 10'000'000;
constexpr std::int64_t kForgetUs = 600'000'000;
constexpr std::size_t kMostViews = 1'000;
constexpr std::size_t kMostAlarms = 1'000;

}  // namespace

Bundles::Bundles(Worker& worker)
    : worker_(worker),
      clear_task_(
          [](void* self) {
            auto* bundles = static_cast<Bundles*>(self);
            bundles->clearing_ = false;
            bundles->clear_retired();
          },
          this) {}

Bundles::~Bundles() {
  worker_.loop().withdraw(clear_task_);
}

BundleCall& Bundles::take() {
  calls_.push_back(std::make_unique<BundleCall>(worker_));
  calls_.back()->slot = calls_.size() - 1;
  return *calls_.back();
}

void Bundles::retire(BundleCall& call) {
  const std::size_t slot = call.slot;
  retired_.push_back(std::move(calls_[slot]));
  if (slot + 1 != calls_.size()) {
    calls_[slot] = std::move(calls_.back());
    calls_[slot]->slot = slot;
  }
  calls_.pop_back();
  if (clearing_) return;
  clearing_ = true;
  worker_.loop().defer(clear_task_);
}

std::shared_ptr<BundleView> Bundles::view_of(const Caller& caller, std::string_view capabilities) {
  std::shared_ptr<BundleView>* view = nullptr;
  if (caller.session != nullptr) {
    view = &caller.session->bundle->view;
  } else {
    std::string key = caller.grant->grant->id;
    for (std::string_view part : {std::string_view(mcp::to_string(caller.revision)), capabilities}) {
      key += '\n';
      key += part;
    }
    if (views_.size() >= kMostViews && !views_.contains(key)) {
      views_.erase(
          std::ranges::min_element(views_, {}, [](const auto& each) { return each.second.used_us; }));
    }
    Viewed& viewed = views_[key];
    viewed.used_us = worker_.loop().now_us();
    view = &viewed.view;
  }
  if (*view == nullptr) {
    *view = std::make_shared<BundleView>(worker_, caller.world, *caller.grant);
  } else if ((*view)->world() != caller.world.get()) {
    (*view)->set_world(caller.world, *caller.grant);
  }
  return *view;
}

bool Bundles::rests(const ServerLink& member) const {
  const auto found = health_.find(&member);
  return found != health_.end() && worker_.loop().now_us() < found->second.rests_until_us;
}

void Bundles::left_out(const Caller& caller, const ServerLink& member, std::string_view method,
                       std::string_view reason, bool slow) {
  Health& health = health_[&member];
  const std::int64_t now = worker_.loop().now_us();
  if (slow) health.rests_until_us = now + kRestUs;
  if (now < health.told_us + kTellAgainUs && health.told_us != INT64_MIN) return;
  health.told_us = now;
  worker_.record_event("bundle.member_left_out", {{"bundle", caller.grant->target()},
                                                  {"server", member.settings().name},
                                                  {"grant", caller.grant->grant->configured_id()},
                                                  {"method", method},
                                                  {"reason", reason}});
}

void Bundles::alarm(const BundleSettings& bundle, std::string_view server, std::string_view kind,
                    std::string_view name, std::string_view reason) {
  std::string key = bundle.name;
  for (std::string_view part : {server, kind, name}) {
    key += '\n';
    key += part;
  }
  if (alarms_.size() >= kMostAlarms || !alarms_.insert(std::move(key)).second) return;
  worker_.record_event(
      "bundle.name_withheld",
      {{"bundle", bundle.name}, {"server", server}, {"kind", kind}, {"name", name}, {"reason", reason}});
}

void Bundles::tick() {
  const std::int64_t now = worker_.loop().now_us();
  std::erase_if(views_, [&](const auto& each) {
    const Viewed& viewed = each.second;
    return viewed.used_us < now - kForgetUs || viewed.view->world() != worker_.world().get();
  });
  for (const auto& [key, viewed] : views_) viewed.view->tick();
  for (std::size_t i = calls_.size(); i-- > 0;) {
    if (i < calls_.size()) calls_[i]->tick();
  }
}

}  // namespace doorward::gateway
