#include <layers/backup_stream.hpp>

#include <documents/bytes.hpp>
#include <raw/utf16.hpp>

#include <algorithm>

namespace slipway::windows_backend {
namespace {

constexpr size_t kHead = 20;
constexpr uint32_t kMostNameBytes = 4 * 1024;

Error damaged(const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "the backup stream " + what);
}

}  // namespace

std::string encode_stream_header(const StreamHeader& header) {
    const std::u16string name = to_utf16(header.name);
    std::string bytes;
    put<uint32_t>(bytes, static_cast<uint32_t>(header.id));
    put<uint32_t>(bytes, header.attributes);
    put<uint64_t>(bytes, header.size);
    put<uint32_t>(bytes, static_cast<uint32_t>(name.size() * 2));
    put_utf16(bytes, name);
    return bytes;
}

Result<size_t> BackupStreamReader::fill(char* buffer, size_t size) {
    size_t filled = 0;
    while (filled < size) {
        const Result<size_t> got = read_(buffer + filled, size - filled);
        if (!got) return got.error();
        if (*got == 0) break;
        filled += *got;
    }
    return filled;
}

Result<std::optional<StreamHeader>> BackupStreamReader::next() {
    char skipped[16 * 1024];
    while (left_ > 0) {
        if (const Result<size_t> got = read(skipped, sizeof(skipped)); !got) return got.error();
    }
    char head[kHead];
    const Result<size_t> got = fill(head, kHead);
    if (!got) return got.error();
    if (*got == 0) return std::optional<StreamHeader>();
    if (*got < kHead) return damaged("is cut off");
    const std::string_view bytes(head, kHead);
    const uint32_t id = get<uint32_t>(bytes, 0), name_size = get<uint32_t>(bytes, 16);
    if (id < 1 || id > static_cast<uint32_t>(StreamId::kTransaction)) {
        return damaged("has a part of the unknown kind " + std::to_string(id));
    }
    if (name_size > kMostNameBytes || name_size % 2 != 0) return damaged("has a name that is too long");
    StreamHeader header{static_cast<StreamId>(id), get<uint32_t>(bytes, 4), get<uint64_t>(bytes, 8), ""};
    if (header.size > INT64_MAX) return damaged("has a part that is too long");
    std::string name(name_size, '\0');
    const Result<size_t> named = fill(name.data(), name.size());
    if (!named) return named.error();
    if (*named < name.size()) return damaged("is cut off");
    header.name = to_utf8(get_utf16(name, 0, name.size()));
    left_ = header.size;
    return std::optional<StreamHeader>(std::move(header));
}

Result<size_t> BackupStreamReader::read(char* buffer, size_t capacity) {
    const size_t wanted = static_cast<size_t>(std::min<uint64_t>(capacity, left_));
    const Result<size_t> got = fill(buffer, wanted);
    if (!got) return got.error();
    if (*got < wanted) return damaged("is cut off");
    left_ -= wanted;
    return wanted;
}

Result<std::string> BackupStreamReader::read_all(size_t most) {
    if (left_ > most) return damaged("has a part that is too long");
    std::string bytes(static_cast<size_t>(left_), '\0');
    const Result<size_t> got = read(bytes.data(), bytes.size());
    if (!got) return got.error();
    return bytes;
}

}  // namespace slipway::windows_backend
