#include "http/frames.hpp"

namespace slipway::api {

std::string frame(StreamId stream, std::string_view data) {
    const auto size = static_cast<uint32_t>(data.size());
    std::string out;
    out.reserve(8 + data.size());
    out += static_cast<char>(stream);
    out.append(3, '\0');
    for (const int shift : {24, 16, 8, 0}) out += static_cast<char>((size >> shift) & 0xff);
    out.append(data);
    return out;
}

}  // namespace slipway::api
