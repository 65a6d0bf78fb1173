// tests/api/tar.hpp - tar streams by hand, with members no tar program would write.
#pragma once

#include <cstdio>
#include <cstring>
#include <string>

namespace slipway::testing {

struct TarEntry {
    std::string name;
    char type = '0';  // '0' file, '1' hard link, '2' symbolic link, '5' directory
    std::string data = "";
    std::string link = "";
    unsigned mode = 0644;
    unsigned uid = 0, gid = 0;
};

inline std::string tar_entry(const TarEntry& entry) {
    char block[512] = {};
    std::memcpy(block, entry.name.data(), std::min<size_t>(entry.name.size(), 100));
    std::snprintf(block + 100, 8, "%07o", entry.mode);
    std::snprintf(block + 108, 8, "%07o", entry.uid);
    std::snprintf(block + 116, 8, "%07o", entry.gid);
    std::snprintf(block + 124, 12, "%011zo", entry.data.size());
    std::snprintf(block + 136, 12, "%011o", 1'600'000'000U);
    block[156] = entry.type;
    std::memcpy(block + 157, entry.link.data(), std::min<size_t>(entry.link.size(), 100));
    std::memcpy(block + 257, "ustar\00000", 8);
    std::memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    std::snprintf(block + 148, 8, "%06o", sum);
    std::string out(block, sizeof(block));
    out += entry.data;
    out.append((512 - entry.data.size() % 512) % 512, '\0');
    return out;
}

inline std::string tar_end() {
    return std::string(1024, '\0');
}

}  // namespace slipway::testing
