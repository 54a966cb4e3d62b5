#pragma once

#include <string>

namespace doorward::approval {

/// The kernel's id of this boot of the machine, or empty where it gives none.
const std::string& boot_id();

}  // namespace doorward::approval
