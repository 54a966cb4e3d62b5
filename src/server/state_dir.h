#pragma once

#include <string>

#include "base/result.h"

namespace doorward::server {

/// Where things lie in a state directory (docs/configuration.md, "State"): everything that Doorward keeps is
/// in this one folder, mode 0700, its files 0600.
struct StateDir {
  std::string path;  ///< absolute

  std::string log() const { return path + "/log"; }
  std::string index() const { return path + "/index"; }  ///< of the log; made anew where it is missing
  std::string keys() const { return path + "/keys"; }
  std::string agent_socket() const { return path + "/agent.sock"; }  ///< where `doorward connect` comes in
  std::string control_socket() const { return path + "/control.sock"; }
  std::string gateway_log() const { return path + "/gateway.log"; }  ///< of one that `doorward connect` started
  std::string admin_token() const { return path + "/admin.token"; }
};

/// The directory that a command uses: `given`, else $DOORWARD_STATE, else $XDG_STATE_HOME/doorward, else
/// ~/.local/state/doorward. Fails where none of these can be told.
Result<StateDir> choose_state_dir(const std::string& given);

/// Creates what is missing. denied where the directory belongs to another user or others may enter it.
Status prepare_state_dir(const StateDir& state);

}  // namespace doorward::server
