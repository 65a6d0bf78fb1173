#include "streams.hpp"

#include <gtest/gtest.h>

namespace slipway::cli {
namespace {

std::string frame(char stream, const std::string& payload) {
    std::string header(8, '\0');
    header[0] = stream;
    header[6] = static_cast<char>(payload.size() >> 8);
    header[7] = static_cast<char>(payload.size());
    return header + payload;
}

TEST(Demultiplexer, ReassemblesFramesCutAtAnyByte) {
    const std::string wire = frame(1, "out") + frame(2, "error text") + frame(1, "") + frame(1, std::string(300, 'x'));
    for (size_t piece = 1; piece <= wire.size(); ++piece) {
        std::string out, err;
        Demultiplexer demultiplexer(
            [&](int stream, const char* data, size_t size) { (stream == 2 ? err : out).append(data, size); });

        for (size_t at = 0; at < wire.size(); at += piece) {
            demultiplexer.feed(wire.data() + at, std::min(piece, wire.size() - at));
        }

        ASSERT_EQ(out, "out" + std::string(300, 'x')) << "pieces of " << piece;
        ASSERT_EQ(err, "error text") << "pieces of " << piece;
    }
}

}  // namespace
}  // namespace slipway::cli
