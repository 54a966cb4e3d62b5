#include "io/fetch.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <list>
#include <mutex>
#include <thread>

#include "base/text.h"

namespace doorward::io {
namespace {

struct EasyCloser {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct ListFreer {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using Easy = std::unique_ptr<CURL, EasyCloser>;
using List = std::unique_ptr<curl_slist, ListFreer>;

/// One exchange under way. libcurl keeps pointers into it until its handle is removed.
struct Transfer {
  Easy easy{curl_easy_init()};
  FetchRequest request;
  Mail mail;
  std::size_t mail_sent = 0;
  List headers;
  List recipients;
  FetchAnswer answer;
  AddressClass refused = AddressClass::global;
  bool too_long = false;
  char error[CURL_ERROR_SIZE] = {};
  std::move_only_function<void(Result<FetchAnswer>)> done;
};

template <typename T>
void set(Transfer& transfer, CURLoption option, T value) {
  curl_easy_setopt(transfer.easy.get(), option, value);
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::size_t take_body(char* bytes, std::size_t, std::size_t count, void* owner) {
  Transfer& transfer = *static_cast<Transfer*>(owner);
  if (transfer.answer.body.size() + count > transfer.request.most_bytes) {
    transfer.too_long = true;
    return 0;
  }
  transfer.answer.body.append(bytes, count);
  return count;
}

std::size_t take_header(char* bytes, std::size_t, std::size_t count, void* owner) {
  static constexpr std::size_t kMostHeaders = 200;
  Transfer& transfer = *static_cast<Transfer*>(owner);
  std::string_view line(bytes, count);
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  if (line.starts_with("HTTP/")) transfer.answer.headers.clear();  // an interim answer came before
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || transfer.answer.headers.size() >= kMostHeaders) return count;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  transfer.answer.headers.emplace_back(lower(line.substr(0, colon)), value);
  return count;
}

std::size_t give_mail(char* into, std::size_t, std::size_t room, void* owner) {
  Transfer& transfer = *static_cast<Transfer*>(owner);
  const std::size_t count = std::min(room, transfer.mail.message.size() - transfer.mail_sent);
  std::memcpy(into, transfer.mail.message.data() + transfer.mail_sent, count);
  transfer.mail_sent += count;
  return count;
}

/// libcurl has resolved the name and is about to dial this very address.
curl_socket_t open_socket(void* owner, curlsocktype, curl_sockaddr* to) {
  Transfer& transfer = *static_cast<Transfer*>(owner);
  const Address address = Address::from(&to->addr, to->addrlen);
  if (!may_dial(address, transfer.request.reach)) {
    transfer.refused = class_of(address);
    return CURL_SOCKET_BAD;
  }
  return ::socket(to->family, to->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, to->protocol);
}

std::string host_of(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  char* host = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
      curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) {
    return "the given URL";
  }
  std::string text(host);
  curl_free(host);
  return text;
}

Status check_url(const FetchRequest& request) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  const auto has = [&](CURLUPart part) {
    char* text = nullptr;
    const bool there = curl_url_get(parsed.get(), part, &text, 0) == CURLUE_OK;
    curl_free(text);
    return there;
  };
  const bool https = request.url.starts_with("https://");
  if (!https && !(request.plain_http && request.url.starts_with("http://"))) {
    return fail(ErrorKind::invalid, "the URL must begin with https://");
  }
  if (has_control(request.url) || request.url.find(' ') != std::string::npos ||
      curl_url_set(parsed.get(), CURLUPART_URL, request.url.c_str(), 0) != CURLUE_OK) {
    return fail(ErrorKind::invalid, "the URL is not well formed");
  }
  if (has(CURLUPART_USER) || has(CURLUPART_PASSWORD) || has(CURLUPART_FRAGMENT)) {
    return fail(ErrorKind::invalid, "the URL may have neither user information nor a fragment");
  }
  for (const auto& [name, value] : request.headers) {
    if (has_control(name) || has_control(value)) {
      return fail(ErrorKind::invalid, "a header may not hold control characters");
    }
  }
  return {};
}

void prepare_common(Transfer& transfer, const std::string& ca_file) {
  set(transfer, CURLOPT_NOSIGNAL, 1L);
  set(transfer, CURLOPT_PROXY, "");
  set(transfer, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(transfer, CURLOPT_ERRORBUFFER, transfer.error);
  set(transfer, CURLOPT_PRIVATE, &transfer);
  set(transfer, CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(transfer, CURLOPT_OPENSOCKETDATA, &transfer);
  // Another request's connection was checked against another reach.
  set(transfer, CURLOPT_FRESH_CONNECT, 1L);
  set(transfer, CURLOPT_FORBID_REUSE, 1L);
  set(transfer, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!ca_file.empty()) set(transfer, CURLOPT_CAINFO, ca_file.c_str());
}

void prepare_http(Transfer& transfer) {
  const FetchRequest& request = transfer.request;
  prepare_common(transfer, request.ca_file);
  set(transfer, CURLOPT_URL, request.url.c_str());
  set(transfer, CURLOPT_PROTOCOLS_STR, request.plain_http ? "http,https" : "https");
  set(transfer, CURLOPT_FOLLOWLOCATION, 0L);
  set(transfer, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(transfer, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.body.empty() || request.method == "POST") {
    set(transfer, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    set(transfer, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_slist* headers = curl_slist_append(nullptr, "Expect:");
  for (const auto& [name, value] : request.headers) {
    // A header with an empty value is written with a semicolon.
    headers = curl_slist_append(headers, (value.empty() ? name + ";" : name + ": " + value).c_str());
  }
  transfer.headers.reset(headers);
  set(transfer, CURLOPT_HTTPHEADER, headers);
  set(transfer, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
  set(transfer, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(transfer, CURLOPT_WRITEFUNCTION, take_body);
  set(transfer, CURLOPT_WRITEDATA, &transfer);
  set(transfer, CURLOPT_HEADERFUNCTION, take_header);
  set(transfer, CURLOPT_HEADERDATA, &transfer);
}

void prepare_mail(Transfer& transfer) {
  const Mail& mail = transfer.mail;
  transfer.request.reach = Reach::internal;
  prepare_common(transfer, mail.ca_file);
  set(transfer, CURLOPT_URL, mail.relay.c_str());
  set(transfer, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
  set(transfer, CURLOPT_USE_SSL, static_cast<long>(mail.starttls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  if (!mail.user.empty()) {
    set(transfer, CURLOPT_USERNAME, mail.user.c_str());
    set(transfer, CURLOPT_PASSWORD, mail.password.c_str());
  }
  set(transfer, CURLOPT_MAIL_FROM, mail.from.c_str());
  curl_slist* recipients = nullptr;
  for (const std::string& to : mail.to) recipients = curl_slist_append(recipients, to.c_str());
  transfer.recipients.reset(recipients);
  set(transfer, CURLOPT_MAIL_RCPT, recipients);
  set(transfer, CURLOPT_UPLOAD, 1L);
  set(transfer, CURLOPT_READFUNCTION, give_mail);
  set(transfer, CURLOPT_READDATA, &transfer);
  set(transfer, CURLOPT_TIMEOUT_MS, static_cast<long>(mail.timeout.count()));
}

Result<FetchAnswer> result_of(Transfer& transfer, CURLcode code) {
  const bool mail = !transfer.mail.relay.empty();
  const std::string host = host_of(mail ? transfer.mail.relay : transfer.request.url);
  if (transfer.too_long) {
    return fail(ErrorKind::exhausted,
                host + " answered with more than " + std::to_string(transfer.request.most_bytes) + " bytes");
  }
  if (code != CURLE_OK && transfer.refused != AddressClass::global) {
    return fail(ErrorKind::denied, host + " has a " + std::string(to_string(transfer.refused)) +
                                       " address, which may not be reached for this URL");
  }
  if (code != CURLE_OK) {
    const char* why = transfer.error[0] != '\0' ? transfer.error : curl_easy_strerror(code);
    return fail(ErrorKind::unavailable, host + " cannot be used: " + why);
  }
  long status = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.answer.status = static_cast<int>(status);
  return std::move(transfer.answer);
}

}  // namespace

std::string_view FetchAnswer::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

struct Fetcher::State {
  State() : multi(curl_multi_init()), thread([this] { work(); }) {}
  ~State() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    curl_multi_wakeup(multi);
    thread.join();
    curl_multi_cleanup(multi);
  }

  void add(std::unique_ptr<Transfer> transfer) {
    {
      const std::lock_guard lock(mutex);
      arrived.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi);
  }

  void work() {
    for (;;) {
      {
        const std::lock_guard lock(mutex);
        if (stopping) break;
        for (auto& transfer : arrived) {
          curl_multi_add_handle(multi, transfer->easy.get());
          running.push_back(std::move(transfer));
        }
        arrived.clear();
      }
      int still = 0;
      curl_multi_perform(multi, &still);
      finish();
      curl_multi_poll(multi, nullptr, 0, 1'000, nullptr);
    }
    for (auto& transfer : running) curl_multi_remove_handle(multi, transfer->easy.get());
    running.splice(running.end(), arrived);
    for (auto& transfer : running) transfer->done(fail(ErrorKind::unavailable, "the gateway is stopping"));
    running.clear();
  }

  void finish() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      char* raw = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &raw);
      Transfer* transfer = reinterpret_cast<Transfer*>(raw);
      curl_multi_remove_handle(multi, transfer->easy.get());
      transfer->done(result_of(*transfer, code));
      running.remove_if([&](const auto& held) { return held.get() == transfer; });
    }
  }

  CURLM* multi;
  std::mutex mutex;
  std::list<std::unique_ptr<Transfer>> arrived;
  std::list<std::unique_ptr<Transfer>> running;
  bool stopping = false;
  std::thread thread;
};

Fetcher::Fetcher() {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(initialised);
  state_ = std::make_unique<State>();
}

Fetcher::~Fetcher() = default;

void Fetcher::fetch(FetchRequest request, Loop& loop, Answer answer) {
  auto transfer = std::make_unique<Transfer>();
  transfer->done = [&loop, answer = std::move(answer)](Result<FetchAnswer> result) mutable {
    loop.post([answer = std::move(answer), result = std::move(result)]() mutable { answer(std::move(result)); });
  };
  if (const Status checked = check_url(request); !checked) return transfer->done(std::unexpected(checked.error()));
  transfer->request = std::move(request);
  prepare_http(*transfer);
  state_->add(std::move(transfer));
}

void Fetcher::send(Mail mail, Loop& loop, Sent sent) {
  auto transfer = std::make_unique<Transfer>();
  transfer->done = [&loop, sent = std::move(sent)](Result<FetchAnswer> result) mutable {
    Status status;
    if (!result) status = std::unexpected(result.error());
    loop.post([sent = std::move(sent), status = std::move(status)]() mutable { sent(std::move(status)); });
  };
  if ((!mail.relay.starts_with("smtp://") && !mail.relay.starts_with("smtps://")) || has_control(mail.relay)) {
    return transfer->done(fail(ErrorKind::invalid, "the relay must begin with smtp:// or smtps://"));
  }
  transfer->mail = std::move(mail);
  prepare_mail(*transfer);
  state_->add(std::move(transfer));
}

Result<FetchAnswer> Fetcher::fetch_now(FetchRequest request) {
  if (const Status checked = check_url(request); !checked) return std::unexpected(checked.error());
  std::promise<Result<FetchAnswer>> promise;
  auto transfer = std::make_unique<Transfer>();
  transfer->done = [&promise](Result<FetchAnswer> result) { promise.set_value(std::move(result)); };
  transfer->request = std::move(request);
  prepare_http(*transfer);
  state_->add(std::move(transfer));
  return promise.get_future().get();
}

}  // namespace doorward::io
