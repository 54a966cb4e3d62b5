#pragma once

#include <string>

#include "admin/authenticator.h"
#include "base/result.h"
#include "identity/token.h"

namespace doorward::admin {

/// The first credential of a new gateway: a token that is drawn at the first start and lies in a file of mode
/// 0600 beside the store, so that whoever may read the state directory may sign in, and nobody else. There is
/// no default password. It stands for an admin as long as the file does.
class BootstrapToken final : public Authenticator {
 public:
  /// Reads the file. `first_start`: makes it where it is missing.
  static Result<std::unique_ptr<BootstrapToken>> open(const std::string& file, bool first_start);

  std::expected<Caller, Response> authenticate(const Request& request) override;

 private:
  explicit BootstrapToken(std::string file) : file_(std::move(file)) {}
  std::string file_;
};

}  // namespace doorward::admin
