#include <layers/tar_writer.hpp>

#include <algorithm>
#include <cstring>

namespace slipway::windows_backend {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kMostName = 100;
constexpr uint64_t kMostSize = 077777777777;  // eleven octal digits

bool fits(const std::string& name) {
    return name.size() <= kMostName &&
           std::all_of(name.begin(), name.end(), [](unsigned char letter) { return letter >= ' ' && letter < 0x7F; });
}

// "27 path=a/b\n": the length counts itself.
std::string record_of(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    size_t length = rest.size();
    for (size_t digits = 0; digits != std::to_string(length).size();) {
        digits = std::to_string(length).size();
        length = rest.size() + digits;
    }
    return std::to_string(length) + rest;
}

// The caller's field is one longer than `width` and zeroed.
void put_octal(char* field, int width, uint64_t value) {
    for (int at = width; at-- > 0; value >>= 3) field[at] = static_cast<char>('0' + (value & 7));
}

std::string header_of(const TarMember& member, char type, uint64_t size) {
    char block[kBlock] = {};
    std::memcpy(block, member.name.data(), std::min(member.name.size(), kMostName));
    put_octal(block + 100, 7, type == '5' ? 0755 : 0644);
    put_octal(block + 108, 7, 0);
    put_octal(block + 116, 7, 0);
    put_octal(block + 124, 11, size <= kMostSize ? size : 0);
    const bool has_time = member.mtime >= 0 && static_cast<uint64_t>(member.mtime) <= kMostSize;
    put_octal(block + 136, 11, has_time ? static_cast<uint64_t>(member.mtime) : 0);
    block[156] = type;
    std::memcpy(block + 157, member.link.data(), std::min(member.link.size(), kMostName));
    std::memcpy(block + 257, "ustar\00000", 8);
    std::memset(block + 148, ' ', 8);
    unsigned sum = 0;
    for (const char letter : block) sum += static_cast<unsigned char>(letter);
    put_octal(block + 148, 6, sum);
    return {block, kBlock};
}

}  // namespace

Status TarWriter::send(const std::string& bytes) {
    if (sink_->write(sink_->ctx, bytes.data(), bytes.size()) == 0) return ok();
    return Error(ErrorCode::kCancelled, "layer: nobody reads the stream any more");
}

Status TarWriter::pad() {
    const size_t rest = static_cast<size_t>((kBlock - size_ % kBlock) % kBlock);
    size_ = 0;
    return rest == 0 ? Status(ok()) : send(std::string(rest, '\0'));
}

Status TarWriter::begin(const TarMember& member) {
    if (left_ != 0) return Error(ErrorCode::kInternal, "layer: a member has fewer bytes than it should");
    if (Status padded = pad(); !padded) return padded;
    std::map<std::string, std::string> records = member.records;
    if (!fits(member.name)) records["path"] = member.name;
    if (!fits(member.link)) records["linkpath"] = member.link;
    if (member.size > kMostSize) records["size"] = std::to_string(member.size);
    const bool has_time = member.mtime >= 0 && static_cast<uint64_t>(member.mtime) <= kMostSize;
    if (!has_time && !records.contains("mtime")) records["mtime"] = std::to_string(member.mtime);
    if (!records.empty()) {
        std::string text;
        for (const auto& [key, value] : records) text += record_of(key, value);
        TarMember extension;
        extension.name = "PaxHeaders.0/" + member.name.substr(0, kMostName - 13);
        size_ = text.size();
        if (Status sent = send(header_of(extension, 'x', text.size()) + text); !sent) return sent;
        if (Status padded = pad(); !padded) return padded;
    }
    left_ = size_ = member.size;
    return send(header_of(member, member.type, member.size));
}

Status TarWriter::write(const char* data, size_t size) {
    if (size > left_) return Error(ErrorCode::kInternal, "layer: a member has more bytes than it should");
    left_ -= size;
    return size == 0 ? Status(ok()) : send({data, size});
}

Status TarWriter::write_zeroes(uint64_t size) {
    const std::string zeroes(static_cast<size_t>(std::min<uint64_t>(size, 64 * 1024)), '\0');
    while (size > 0) {
        const size_t part = static_cast<size_t>(std::min<uint64_t>(size, zeroes.size()));
        if (Status written = write(zeroes.data(), part); !written) return written;
        size -= part;
    }
    return ok();
}

Status TarWriter::finish() {
    if (left_ != 0) return Error(ErrorCode::kInternal, "layer: a member has fewer bytes than it should");
    if (Status padded = pad(); !padded) return padded;
    return send(std::string(2 * kBlock, '\0'));
}

}  // namespace slipway::windows_backend
