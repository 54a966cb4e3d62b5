#include "identity/subject.h"

#include <utility>

#include "base/encoding.h"
#include "json/writer.h"

namespace doorward::identity {

std::shared_ptr<const Claims> Claims::read(std::string text) {
  std::shared_ptr<Claims> claims(new Claims);
  claims->text_ = std::move(text);
  const auto root = claims->reader_.read(claims->text_);
  if (!root || !root->is(json::Type::object)) return nullptr;
  claims->root_ = *root;
  return claims;
}

std::string Subject::key() const {
  return std::to_string(issuer.size()) + ":" + issuer + subject;
}

std::string Subject::actor() const {
  return credential == "certificate" ? "cert:" + digest : "oidc:" + issuer + "#" + subject;
}

std::shared_ptr<const Subject> subject_of_certificate(const Digest& sha256, std::string_view distinguished_name,
                                                      std::span<const std::string> names) {
  auto made = std::make_shared<Subject>();
  made->issuer = "certificate";
  made->credential = "certificate";
  made->digest = to_hex(sha256);
  made->subject = names.empty() ? made->digest : names.front();
  std::string text;
  json::Writer writer(text);
  writer.begin_object().key("sub").string(made->subject).key("san").begin_array();
  for (const std::string& name : names) writer.string(name);
  writer.end_array().key("subject").string(distinguished_name).key("sha256").string(made->digest).end_object();
  made->claims = Claims::read(std::move(text));
  return made->claims ? made : nullptr;
}

}  // namespace doorward::identity
