// tests/unit/linux/fs_support.hpp - temporary directories, hand-made tar streams and sources for file system tests.
#pragma once

#include <slipway/cpp/text.hpp>
#include <sys/dir.hpp>
#include <sys/unique_fd.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace slipway::linux_backend::testing {

// A private directory that is gone with its object.
class TempDir {
public:
    explicit TempDir(const std::string& base = "/tmp") {
        std::string name = base + "/slwfs-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp in " + base);
        path_ = name;
    }
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() {
        const size_t slash = path_.rfind('/');
        const UniqueFd parent(::open(path_.substr(0, slash).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        static_cast<void>(remove_tree(parent.get(), path_.substr(slash + 1)));
    }

    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

inline void write_text(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

inline std::string read_text(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// A tree as one line per name: type, mode, owner, size, time, inode, link target. Two equal texts are two equal trees.
inline std::string snapshot(const std::string& path, const std::string& shown = "") {
    std::string text;
    UniqueFd dir(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!dir) return text;
    Result<std::vector<std::string>> names = read_names(dir.get());
    if (!names) return "unreadable " + path;
    for (const std::string& name : *names) {
        struct stat info {};
        if (::fstatat(dir.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        char line[256];
        std::snprintf(line, sizeof(line), " %o %u:%u %lld %lld.%ld %llu %llu", info.st_mode, info.st_uid, info.st_gid,
                      static_cast<long long>(info.st_size), static_cast<long long>(info.st_mtim.tv_sec),
                      info.st_mtim.tv_nsec, static_cast<unsigned long long>(info.st_ino),
                      static_cast<unsigned long long>(info.st_nlink));
        text += shown + "/" + name + line + "\n";
        if (S_ISDIR(info.st_mode)) text += snapshot(path + "/" + name, shown + "/" + name);
    }
    return text;
}

struct TarMember {
    std::string name;
    char type = '0';
    std::string data = "";
    std::string link = "";
    unsigned mode = 0644;
    uint64_t uid = ::geteuid();
    uint64_t gid = ::getegid();
    int64_t mtime = 1'600'000'000;
    unsigned major = 0;
    unsigned minor = 0;
    std::vector<std::pair<std::string, std::string>> pax = {};
};

// Builds tar streams, malformed ones included.
class TarBuilder {
public:
    TarBuilder& add(const TarMember& member) {
        std::string records;
        for (const auto& [key, value] : member.pax) records += record(key, value);
        if (member.name.size() > 100) records += record("path", member.name);
        if (member.link.size() > 100) records += record("linkpath", member.link);
        if (!records.empty()) {
            TarMember extended;
            extended.name = "PaxHeaders/x";
            extended.type = 'x';
            header(extended, records.size());
            payload(records);
        }
        const bool has_data = member.type == '0' || member.type == 'L';
        header(member, has_data ? member.data.size() : 0);
        if (has_data) payload(member.data);
        return *this;
    }
    TarBuilder& file(const std::string& name, const std::string& data = "data", unsigned mode = 0644) {
        return add({.name = name, .type = '0', .data = data, .mode = mode});
    }
    TarBuilder& dir(const std::string& name, unsigned mode = 0755) {
        return add({.name = name, .type = '5', .mode = mode});
    }
    TarBuilder& symlink(const std::string& name, const std::string& target) {
        return add({.name = name, .type = '2', .link = target, .mode = 0777});
    }
    TarBuilder& hard_link(const std::string& name, const std::string& target) {
        return add({.name = name, .type = '1', .link = target});
    }
    TarBuilder& raw(const std::string& bytes) {
        tar_ += bytes;
        return *this;
    }

    // Without the end mark.
    const std::string& open_end() const { return tar_; }
    std::string finish() const { return tar_ + std::string(1024, '\0'); }

    // A header block with a right checksum; `size` may be any text of at most 12 bytes.
    static std::string header_block(const TarMember& member, const std::string& size) {
        char block[512] = {};
        std::memcpy(block, member.name.data(), std::min<size_t>(member.name.size(), 100));
        number(block + 100, 8, member.mode);
        number(block + 108, 8, member.uid);
        number(block + 116, 8, member.gid);
        std::memcpy(block + 124, size.data(), std::min<size_t>(size.size(), 12));
        number(block + 136, 12, member.mtime < 0 ? 0 : static_cast<uint64_t>(member.mtime));
        block[156] = member.type;
        std::memcpy(block + 157, member.link.data(), std::min<size_t>(member.link.size(), 100));
        std::memcpy(block + 257, "ustar\00000", 8);
        number(block + 329, 8, member.major);
        number(block + 337, 8, member.minor);
        std::memset(block + 148, ' ', 8);
        unsigned sum = 0;
        for (const char c : block) sum += static_cast<unsigned char>(c);
        std::snprintf(block + 148, 8, "%06o", sum);
        return std::string(block, sizeof(block));
    }

private:
    static void number(char* field, size_t width, uint64_t value) {
        const uint64_t limit = uint64_t{1} << (3 * (width - 1));
        if (value < limit) {
            for (size_t i = width - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
            return;
        }
        for (size_t i = 0; i < width; ++i) {  // base 256
            field[width - 1 - i] = static_cast<char>(i < 8 ? (value >> (8 * i)) & 0xFF : 0);
        }
        field[0] = static_cast<char>(0x80);
    }
    static std::string record(const std::string& key, const std::string& value) {
        const size_t base = key.size() + value.size() + 3;
        size_t length = base;
        while (length != base + std::to_string(length).size()) length = base + std::to_string(length).size();
        return std::to_string(length) + " " + key + "=" + value + "\n";
    }
    void header(const TarMember& member, size_t size) {
        char text[13] = {};
        std::snprintf(text, sizeof(text), "%011zo", size);
        tar_ += header_block(member, text);
    }
    void payload(const std::string& data) {
        tar_ += data;
        tar_.append((512 - data.size() % 512) % 512, '\0');
    }

    std::string tar_;
};

// A source over a string, `piece` bytes at a time.
class StringSource {
public:
    explicit StringSource(std::string data, size_t piece = 65536)
        : data_(std::move(data)), source_([this, piece](void* buffer, uint64_t capacity) {
              const size_t size = std::min({piece, static_cast<size_t>(capacity), data_.size() - position_});
              std::memcpy(buffer, data_.data() + position_, size);
              position_ += size;
              return static_cast<int64_t>(size);
          }) {}
    const slw_source* get() const { return source_.get(); }
    size_t position() const { return position_; }
    bool at_end() const { return position_ == data_.size(); }

private:
    std::string data_;
    size_t position_ = 0;
    FunctionSource source_;
};

inline Status never_stop() {
    return ok();
}

}  // namespace slipway::linux_backend::testing
