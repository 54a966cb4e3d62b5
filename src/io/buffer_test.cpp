#include "io/buffer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstring>
#include <string>
#include <utility>

namespace doorward::io {
namespace {

TEST(Buffer, BehavesLikeAStringThatLosesItsFront) {
  rc::check([](const std::vector<std::pair<std::string, std::uint16_t>>& steps) {
    Buffer buffer;
    std::string model;
    for (const auto& [bytes, number] : steps) {
      switch (number % 5) {
        case 0:
          buffer.append(bytes);
          model += bytes;
          break;
        case 1: {
          const std::span<char> room = buffer.room(bytes.size() + 1);
          RC_ASSERT(room.size() >= bytes.size() + 1);
          std::memcpy(room.data(), bytes.data(), bytes.size());
          buffer.commit(bytes.size());
          model += bytes;
          break;
        }
        case 2: {
          const std::string big(number, 'x');
          buffer.append(big);
          model += big;
          break;
        }
        case 3: {
          const std::size_t some = model.empty() ? 0 : number % (model.size() + 1);
          buffer.consume(some);
          model.erase(0, some);
          break;
        }
        default:
          if (number % 3 == 0) {
            buffer.truncate(model.size() / 2);
            model.resize(model.size() / 2);
          } else {
            buffer = Buffer(std::move(buffer));
          }
      }
      RC_ASSERT(buffer.view() == model);
      RC_ASSERT(buffer.size() == model.size());
      RC_ASSERT(buffer.empty() == model.empty());
    }
    buffer.release();
    RC_ASSERT(buffer.empty());
  });
}

}  // namespace
}  // namespace doorward::io
