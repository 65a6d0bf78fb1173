#include <layers/tar_stream.hpp>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace slipway::windows_backend {
namespace {

constexpr size_t kBlock = 512;
constexpr uint64_t kMaxRecord = 1 << 20;

Error not_tar(const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "layer: " + why);
}

std::string field(const char* block, size_t offset, size_t size) {
    const char* begin = block + offset;
    return {begin, strnlen(begin, size)};
}

// Octal text, or big-endian binary when the first bit is set.
std::optional<uint64_t> number(const char* block, size_t offset, size_t size) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(block + offset);
    uint64_t value = 0;
    if ((bytes[0] & 0x80) != 0) {
        for (size_t i = 1; i < size; ++i) {
            if (value >> 56 != 0) return std::nullopt;
            value = value << 8 | bytes[i];
        }
        return value;
    }
    for (size_t i = 0; i < size; ++i) {
        if (bytes[i] == ' ' || bytes[i] == 0) continue;
        if (bytes[i] < '0' || bytes[i] > '7' || value >> 60 != 0) return std::nullopt;
        value = value << 3 | (bytes[i] - '0');
    }
    return value;
}

// The same with a sign: binary numbers are complements of two.
std::optional<int64_t> signed_number(const char* block, size_t offset, size_t size) {
    if (static_cast<unsigned char>(block[offset]) == 0xFF) {
        uint64_t value = 0;
        for (size_t i = size - 8; i < size; ++i) value = value << 8 | static_cast<unsigned char>(block[offset + i]);
        return static_cast<int64_t>(value);
    }
    const auto value = number(block, offset, size);
    if (!value || *value > INT64_MAX) return std::nullopt;
    return static_cast<int64_t>(*value);
}

bool checksum_fits(const char* block) {
    const auto stored = number(block, 148, 8);
    unsigned sum = 8 * ' ';
    for (size_t i = 0; i < kBlock; ++i) {
        if (i < 148 || i >= 156) sum += static_cast<unsigned char>(block[i]);
    }
    return stored && *stored == sum;
}

// "27 path=a/b\n" one after the other.
std::optional<std::map<std::string, std::string>> pax_records(const std::string& text) {
    std::map<std::string, std::string> records;
    for (size_t at = 0; at < text.size();) {
        size_t length = 0;
        const char* const begin = text.data() + at;
        const auto [next, problem] = std::from_chars(begin, text.data() + text.size(), length);
        const size_t head = static_cast<size_t>(next - begin) + 1;
        if (problem != std::errc() || length <= head || length > text.size() - at || *next != ' ') return std::nullopt;
        const std::string record = text.substr(at + head, length - head - 1);
        const size_t equals = record.find('=');
        if (text[at + length - 1] != '\n' || equals == std::string::npos) return std::nullopt;
        records[record.substr(0, equals)] = record.substr(equals + 1);
        at += length;
    }
    return records;
}

}  // namespace

Status TarStream::fill(char* buffer, size_t size) {
    while (size > 0) {
        if (Status allowed = check_(); !allowed) return allowed;
        const int64_t got = source_.read(source_.ctx, buffer, size);
        if (got < 0) return Error(ErrorCode::kSystem, "layer: reading the stream failed");
        if (got == 0 || static_cast<uint64_t>(got) > size) return not_tar("the tar stream is cut off");
        buffer += got;
        size -= static_cast<size_t>(got);
    }
    return ok();
}

Result<size_t> TarStream::read(char* buffer, size_t capacity) {
    const size_t size = static_cast<size_t>(std::min<uint64_t>(capacity, left_));
    if (Status filled = fill(buffer, size); !filled) return std::move(filled).error();
    left_ -= size;
    return size;
}

Status TarStream::skip_rest() {
    char buffer[16 * 1024];
    uint64_t rest = left_ + padding_;
    left_ = padding_ = 0;
    while (rest > 0) {
        const size_t part = static_cast<size_t>(std::min<uint64_t>(rest, sizeof(buffer)));
        if (Status filled = fill(buffer, part); !filled) return filled;
        rest -= part;
    }
    return ok();
}

Result<std::string> TarStream::read_record(uint64_t size) {
    if (size > kMaxRecord) return not_tar("a record is larger than 1 MiB");
    std::string text(static_cast<size_t>(size), '\0');
    if (Status filled = fill(text.data(), text.size()); !filled) return std::move(filled).error();
    left_ = 0;
    if (Status skipped = skip_rest(); !skipped) return std::move(skipped).error();
    return text;
}

// False at the end of the archive.
Result<bool> TarStream::read_header(TarMember& member) {
    char block[kBlock];
    if (Status filled = fill(block, kBlock); !filled) return std::move(filled).error();
    if (std::all_of(block, block + kBlock, [](char c) { return c == 0; })) return false;
    if (!checksum_fits(block)) return not_tar(any_ ? "a header is damaged" : "not a tar stream");
    const auto size = number(block, 124, 12);
    if (!size || *size > UINT64_MAX - kBlock) return not_tar("a member has no valid size");
    const auto mtime = signed_number(block, 136, 12);
    if (!mtime) return not_tar("a member has no valid time");
    any_ = true;
    const std::string prefix =
        std::memcmp(block + 257, "ustar", 5) == 0 && block[262] == 0 ? field(block, 345, 155) : "";
    member.name = (prefix.empty() ? "" : prefix + "/") + field(block, 0, 100);
    member.link = field(block, 157, 100);
    member.type = block[156] == 0 ? '0' : block[156];
    member.size = *size;
    member.mtime = *mtime;
    left_ = *size;
    padding_ = (kBlock - *size % kBlock) % kBlock;
    return true;
}

Status TarStream::apply(const std::map<std::string, std::string>& records, TarMember& member) const {
    for (const auto& [key, value] : records) {
        if (key == "path") {
            member.name = value;
        } else if (key == "linkpath") {
            member.link = value;
        } else if (key == "size") {
            const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), member.size);
            if (problem != std::errc() || end != value.data() + value.size()) return not_tar("a size is not a number");
        } else {
            member.records[key] = value;
        }
    }
    return ok();
}

Result<std::optional<TarMember>> TarStream::next() {
    if (Status skipped = skip_rest(); !skipped) return std::move(skipped).error();
    std::map<std::string, std::string> own = global_;
    std::string long_name, long_link;
    while (true) {
        TarMember member;
        const Result<bool> more = read_header(member);
        if (!more) return more.error();
        if (!*more) return std::optional<TarMember>();
        const bool extends = member.type == 'x' || member.type == 'g' || member.type == 'L' || member.type == 'K';
        if (!extends) {
            if (!long_name.empty()) member.name = long_name;
            if (!long_link.empty()) member.link = long_link;
            if (Status applied = apply(own, member); !applied) return std::move(applied).error();
            left_ = member.size;
            padding_ = (kBlock - member.size % kBlock) % kBlock;
            return std::optional<TarMember>(std::move(member));
        }
        const Result<std::string> text = read_record(member.size);
        if (!text) return text.error();
        if (member.type == 'L') long_name = text->c_str();
        if (member.type == 'K') long_link = text->c_str();
        if (member.type != 'x' && member.type != 'g') continue;
        const auto records = pax_records(*text);
        if (!records) return not_tar("an extended header is damaged");
        for (const auto& [key, value] : *records) (member.type == 'g' ? global_[key] : own[key]) = value;
        if (member.type == 'g') own.insert(global_.begin(), global_.end());
    }
}

}  // namespace slipway::windows_backend
