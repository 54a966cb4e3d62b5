#include "approval/boot.h"

#include "io/file.h"

namespace doorward::approval {

const std::string& boot_id() {
  static const std::string id = [] {
    // The file claims a size of 0, as all of its kind.
    return io::read_file("/proc/sys/kernel/random/boot_id", 64).value_or("");
  }();
  return id;
}

}  // namespace doorward::approval
