#include "io/gunzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

namespace doorward::io {
namespace {

constexpr int kGzipOnly = 16 + MAX_WBITS;
constexpr std::size_t kStep = 1u << 18;

struct Inflater {
  z_stream stream{};
  bool ready = false;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
};

}  // namespace

bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1f\x8b\x08");
}

Result<std::string> gunzip(std::string_view bytes, std::size_t most) {
  if (!is_gzip(bytes)) return fail(ErrorKind::invalid, "it is no gzip file; give the file as it was packed");
  if (bytes.size() > std::numeric_limits<uInt>::max()) return fail(ErrorKind::exhausted, "the packed file is too large");
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  if (inflateInit2(&stream, kGzipOnly) != Z_OK) return fail(ErrorKind::exhausted, "there is no memory to unpack it");
  inflater.ready = true;
  std::string out;
  for (;;) {
    // One byte more than is allowed tells a file that is too large from one that fits exactly.
    const std::size_t room = std::min(kStep, most + 1 - out.size());
    const std::size_t before = out.size();
    out.resize(before + room);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(room);
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + room - stream.avail_out);
    if (out.size() > most) {
      return fail(ErrorKind::exhausted, "it unpacks to more than " + std::to_string(most >> 20) + " MiB; split it");
    }
    if (code == Z_STREAM_END) {
      if (stream.avail_in == 0) return out;
      if (inflateReset(&stream) != Z_OK) return fail(ErrorKind::invalid, "it could not be unpacked");
      continue;
    }
    if (code == Z_BUF_ERROR && stream.avail_in == 0) {
      return fail(ErrorKind::invalid, "the packed file ends early; fetch it anew");
    }
    if (code != Z_OK) return fail(ErrorKind::invalid, "the packed file is damaged; fetch it anew");
  }
}

}  // namespace doorward::io
