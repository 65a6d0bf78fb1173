#include <layers/security_descriptor.hpp>

#include <documents/bytes.hpp>

#include <string>

namespace slipway::windows_backend {
namespace {

constexpr size_t kHead = 20;
constexpr uint16_t kSelfRelative = 0x8000, kListPresent[] = {0x10 /* SACL */, 0x4 /* DACL */};

Error wrong(const std::string& what) {
    return Error(ErrorCode::kInvalidArgument, "the security descriptor " + what);
}

// Revision, number of parts, six bytes of authority, the parts.
bool is_sid(std::string_view bytes, size_t offset) {
    if (offset < kHead || offset > bytes.size() || bytes.size() - offset < 8) return false;
    const auto parts = static_cast<unsigned char>(bytes[offset + 1]);
    return bytes[offset] == 1 && parts <= 15 && bytes.size() - offset >= 8 + size_t{4} * parts;
}

bool is_list(std::string_view bytes, size_t offset) {
    if (offset < kHead || offset > bytes.size() || bytes.size() - offset < 8) return false;
    const size_t size = get<uint16_t>(bytes, offset + 2), entries = get<uint16_t>(bytes, offset + 4);
    if ((bytes[offset] != 2 && bytes[offset] != 4) || size < 8 || size > bytes.size() - offset) return false;
    size_t at = 8;
    for (size_t entry = 0; entry < entries; ++entry) {
        if (size - at < 4) return false;
        const size_t length = get<uint16_t>(bytes, offset + at + 2);
        if (length < 4 || length % 4 != 0 || length > size - at) return false;
        at += length;
    }
    return true;
}

}  // namespace

Status check_security_descriptor(std::string_view bytes) {
    if (bytes.size() < kHead) return wrong("is cut off");
    const uint16_t control = get<uint16_t>(bytes, 2);
    if (bytes[0] != 1 || (control & kSelfRelative) == 0) return wrong("is not self-relative");
    for (const size_t place : {4, 8}) {
        const uint32_t offset = get<uint32_t>(bytes, place);
        if (offset != 0 && !is_sid(bytes, offset)) {
            return wrong(place == 4 ? "has an owner that is not inside of it" : "has a group that is not inside of it");
        }
    }
    for (const size_t which : {0, 1}) {
        const uint32_t offset = get<uint32_t>(bytes, 12 + 4 * which);
        if ((control & kListPresent[which]) != 0 && offset != 0 && !is_list(bytes, offset)) {
            return wrong("has an access list that is not inside of it");
        }
    }
    return ok();
}

}  // namespace slipway::windows_backend
