#include "gateway/transport_probe.h"

#include "gateway/era_probe.h"
#include "gateway/server_link.h"
#include "gateway/session.h"
#include "json/reader.h"

namespace doorward::gateway {
namespace {

bool is_modern_refusal(std::string_view body) {
  json::Reader reader;
  const auto root = reader.read(body);
  return root && shows_modern_era(*root);
}

}  // namespace

void TransportProbe::on_head(int status, std::string_view session, bool stream) {
  if (status == 400 || status == 404 || status == 405) {
    refused_ = status;
    return;
  }
  if (status == 200) link_.transport_ = upstream::HttpTransport::streamable;
  HeldMessage::on_head(status, session, stream);
}

void TransportProbe::on_message(std::string_view text) {
  if (refused_ != 0 && !over_stream_) {
    refusal_ = text;
    return;
  }
  if (over_stream_) link_.transport_ = upstream::HttpTransport::sse;
  HeldMessage::on_message(text);
}

void TransportProbe::on_end() {
  if (refused_ == 0 || over_stream_) return HeldMessage::on_end();
  unsent();
  Session* session = outgoing().session;
  if (session->ended || is_modern_refusal(refusal_)) return tell_refusal();
  over_stream_ = true;
  const Result<ServerChannel*> channel = link_.channel_of(outgoing());
  if (!channel) return tell_refusal();
  sent(&(*channel)->link().send(outgoing().id, outgoing().json, *this));
}

void TransportProbe::on_failure(const upstream::Failure& failure) {
  if (!over_stream_ || failure.sent) return HeldMessage::on_failure(failure);
  unsent();
  if (Session* session = outgoing().session; !session->ended) link_.end_channel(*session);
  tell_refusal();
}

void TransportProbe::tell_refusal() {
  HeldMessage::on_head(refused_, {}, false);
  if (!refusal_.empty() && !done()) HeldMessage::on_message(refusal_);
  if (!done()) HeldMessage::on_end();
}

}  // namespace doorward::gateway
