#include "admin/translate.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "admin/query.h"
#include "base/encoding.h"
#include "http/form.h"
#include "json/copy.h"
#include "json/reader.h"
#include "json/writer.h"

namespace doorward::admin {
namespace {

constexpr std::size_t kDefaultPage = 100;
constexpr std::size_t kMostItems = 1000;

std::unexpected<Error> wrong(std::string message) {
  return fail(ErrorKind::invalid, std::move(message));
}

/// Builds the request of an operation, each member once.
class Builder {
 public:
  explicit Builder(const RouteEntry& entry) : entry_(entry), writer_(out_.json) {
    writer_.begin_object().key("op").string(entry.route->op);
  }

  Status add_text(std::string_view name, const std::string& value, From from) {
    const auto member = take(name, from);
    if (!member) return std::unexpected(member.error());
    if (from == From::query && !entry_.route->paged.items.empty()) {
      if (name == "limit") return take_limit(value);
      if (name == "cursor") return take_cursor(value);
    }
    if ((*member)->kind == Kind::text) {
      writer_.key(name).string(value);
      return {};
    }
    json::Reader reader;
    const auto read = reader.read(value);
    const bool right = (*member)->kind == Kind::number ? read && read->is(json::Type::number)
                                                       : read && read->is(json::Type::boolean);
    if (!right) {
      return wrong("\"" + std::string(name) + "\" must be a " +
                   ((*member)->kind == Kind::number ? "number" : "true or false"));
    }
    writer_.key(name).raw(value);
    return {};
  }

  Status add_json(std::string_view name, std::string_view value) {
    if (const auto member = take(name, From::body); !member) return std::unexpected(member.error());
    writer_.key(name).raw(value);
    return {};
  }

  Result<OperationRequest> finish() {
    for (const Member& member : entry_.members) {
      if (member.required && !taken_.contains(member.name)) {
        return wrong(std::string(entry_.route->op) + " needs \"" + member.name + "\"");
      }
    }
    if (!entry_.route->paged.items.empty() && out_.page.limit == 0) out_.page.limit = kDefaultPage;
    writer_.end_object();
    return std::move(out_);
  }

 private:
  Result<const Member*> take(std::string_view name, From from) {
    const Member* member = entry_.member(name);
    if (member == nullptr || member->from != from) {
      return wrong(std::string(entry_.route->op) + " takes no \"" + std::string(name) + "\"" +
                   (member == nullptr         ? ""
                    : member->from == From::path  ? " but in the path"
                    : member->from == From::query ? " but in the query"
                                                  : " but in the body"));
    }
    if (!taken_.emplace(name).second) return wrong("\"" + std::string(name) + "\" is there twice");
    return member;
  }

  Status take_limit(const std::string& value) {
    std::size_t limit = 0;
    const auto [stop, error] = std::from_chars(value.data(), value.data() + value.size(), limit);
    if (error != std::errc() || stop != value.data() + value.size() || limit == 0 || limit > kMostItems) {
      return wrong("\"limit\" must be a whole number from 1 to " + std::to_string(kMostItems));
    }
    out_.page.limit = limit;
    return {};
  }

  Status take_cursor(const std::string& value) {
    auto after = value.size() > 1024 ? std::nullopt : from_base64(value, Base64::url);
    if (!after || after->empty()) return wrong("\"cursor\" must be the \"next\" of an earlier page");
    out_.page.after = std::move(*after);
    return {};
  }

  const RouteEntry& entry_;
  OperationRequest out_;
  json::Writer writer_;
  std::set<std::string, std::less<>> taken_;
};

}  // namespace

Result<OperationRequest> to_operation(const RouteTable::Match& match, std::string_view query,
                                      std::string_view body) {
  Builder builder(*match.entry);
  for (const auto& [name, value] : match.path) {
    if (Status added = builder.add_text(name, std::string(value), From::path); !added) {
      return std::unexpected(added.error());
    }
  }
  const auto members = read_query(query);
  if (!members) return std::unexpected(members.error());
  for (const auto& [name, value] : *members) {
    if (Status added = builder.add_text(name, value, From::query); !added) return std::unexpected(added.error());
  }
  json::Reader reader;
  if (!body.empty()) {
    const auto root = reader.read(body, {.bytes = body.size() + 1});
    if (!root) return wrong("the body is not JSON: " + root.error().message);
    if (!root->is(json::Type::object)) return wrong("the body must be a JSON object");
    for (const json::Member member : root->members()) {
      if (Status added = builder.add_json(member.key.string(), json::text_of(body, member.value)); !added) {
        return std::unexpected(added.error());
      }
    }
  }
  return builder.finish();
}

Result<std::string> to_resource_request(const RouteEntry& resource, std::string_view change) {
  json::Reader reader;
  const auto root = reader.read(change, {.bytes = change.size() + 1});
  if (!root) return wrong(root.error().message);
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("op").string(resource.route->op);
  for (const Member& member : resource.members) {
    // Not what selects a part of the resource, such as a version, but what names it.
    if (member.kind != Kind::text) continue;
    if (const json::Value value = root->find(member.name)) writer.key(member.name).raw(json::text_of(change, value));
  }
  writer.end_object();
  return out;
}

Result<HttpRequest> to_http(const RouteTable& table, std::string_view operation) {
  json::Reader reader;
  const auto root = reader.read(operation, {.bytes = operation.size() + 1});
  const json::Value op = root ? root->find("op") : json::Value();
  const RouteEntry* entry = op.is(json::Type::string) ? table.find(op.string()) : nullptr;
  if (entry == nullptr) return wrong("no route leads to this operation");
  const auto plain = [&](json::Value value) {
    return value.is(json::Type::string) ? std::string(value.string()) : std::string(json::text_of(operation, value));
  };
  HttpRequest request{std::string(entry->route->op), entry->route->verb, {}, {}};
  for (const std::string_view segment : entry->segments) {
    request.target += '/';
    if (!segment.starts_with('{')) {
      request.target += segment;
      continue;
    }
    const std::string name = plain(root->find(segment.substr(1, segment.size() - 2)));
    if (name.empty() || name == "." || name == ".." || !std::ranges::all_of(name, http::is_unreserved)) {
      return fail(ErrorKind::not_found, "there is nothing that is called \"" + name + "\"");
    }
    request.target += name;
  }
  const bool has_body = request.verb != Verb::get && request.verb != Verb::del;
  json::Writer writer(request.body);
  if (has_body) writer.begin_object();
  char separator = '?';
  for (const json::Member member : root->members()) {
    const std::string_view name = member.key.string();
    if (name == "op") continue;
    const Member* known = entry->member(name);
    if (known != nullptr && known->from == From::path) continue;
    if (has_body) {
      writer.key(name).raw(json::text_of(operation, member.value));
    } else {
      request.target += separator + http::percent_encode(name) + "=" + http::percent_encode(plain(member.value));
      separator = '&';
    }
  }
  if (has_body) writer.end_object();
  return request;
}

}  // namespace doorward::admin
