// plugins/windows/simulator/layer_tar.hpp - layers for tests: a tar stream from a list of members.
#pragma once

#include <documents/bytes.hpp>
#include <layers/tar_writer.hpp>

#include <slipway/cpp/text.hpp>

#include <map>
#include <string>
#include <vector>

namespace slipway::simulated_hcs {

using windows_backend::put;
using windows_backend::TarMember;
using windows_backend::TarWriter;

struct TestMember {
    std::string name;
    std::string content;
    char type = '0';
    std::string link;
    std::map<std::string, std::string> records;
    int64_t mtime = 1'500'000'000;
};

// Empty when it could not be written.
inline std::string tar_of(const std::vector<TestMember>& members) {
    StringSink sink;
    TarWriter writer(sink.get());
    bool whole = true;
    for (const TestMember& from : members) {
        TarMember member;
        member.name = from.name;
        member.type = from.type;
        member.link = from.link;
        member.records = from.records;
        member.mtime = from.mtime;
        member.size = from.content.size();
        whole = whole && writer.begin(member) && writer.write(from.content.data(), from.content.size());
    }
    return whole && writer.finish() ? sink.take() : std::string();
}

// O:BAG:SY, an access list of one entry: SYSTEM may do everything.
inline std::string descriptor() {
    const std::string administrators("\1\2\0\0\0\0\0\5\x20\0\0\0\x20\2\0\0", 16),
        system("\1\1\0\0\0\0\0\5\x12\0\0\0", 12);
    std::string list("\2\0\x1C\0\1\0\0\0", 8);
    list += std::string("\0\0\x14\0\xFF\1\x1F\0", 8) + system;
    std::string bytes("\1\0\4\x80", 4);
    put<uint32_t>(bytes, 20);
    put<uint32_t>(bytes, 20 + 16);
    put<uint32_t>(bytes, 0);
    put<uint32_t>(bytes, 20 + 16 + 12);
    return bytes + administrators + system + list;
}

}  // namespace slipway::simulated_hcs
