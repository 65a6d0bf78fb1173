#include <layers/layer_unpack.hpp>

#include <documents/paths.hpp>
#include <documents/utf8_text.hpp>

#include <algorithm>
#include <fstream>

namespace slipway::windows_backend {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kWhiteout = ".wh.";

Error refuse(const TarMember& member, const std::string& why) {
    return Error(ErrorCode::kInvalidArgument, "layer: member '" + member.name + "' " + why).with_resource(member.name);
}

// The parts of a name below the layer's folder; empty for the folder itself.
Result<std::vector<std::string>> parts_of(const TarMember& member, const std::string& name) {
    std::vector<std::string> parts;
    if (!name.empty() && (name[0] == '/' || name[0] == '\\')) return refuse(member, "is absolute");
    for (size_t at = 0; at < name.size();) {
        const size_t end = std::min(name.find_first_of("/\\", at), name.size());
        const std::string part = name.substr(at, end - at);
        at = end + 1;
        if (part.empty() || part == ".") continue;
        if (part == "..") return refuse(member, "leaves the layer");
        if (part.find_first_of(std::string("<>:\"|?*\0", 8)) != std::string::npos || is_reserved_name(part)) {
            return refuse(member, "has a name Windows cannot have");
        }
        parts.push_back(part);
    }
    return parts;
}

fs::path join(const fs::path& folder, const std::vector<std::string>& parts) {
    fs::path path = folder;
    for (const std::string& part : parts) path /= path_from_utf8(part);
    return path;
}

Error failure(const TarMember& member, const std::error_code& code) {
    const bool full = code == std::errc::no_space_on_device;
    return Error(full ? ErrorCode::kResourceExhausted : ErrorCode::kSystem,
                 "layer: member '" + member.name + "': " + code.message())
        .with_resource(member.name);
}

Status write_file(TarStream& tar, const TarMember& member, const fs::path& path, UnpackedLayer& unpacked) {
    std::error_code code;
    fs::create_directories(path.parent_path(), code);
    if (code) return failure(member, code);
    fs::remove(path, code);  // a member may come twice
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    char buffer[64 * 1024];
    while (file) {
        const Result<size_t> got = tar.read(buffer, sizeof(buffer));
        if (!got) return got.error();
        if (*got == 0) break;
        file.write(buffer, static_cast<std::streamsize>(*got));
    }
    file.close();
    if (!file) return failure(member, std::make_error_code(std::errc::io_error));
    unpacked.size_bytes += member.size;
    return ok();
}

Status hard_link(const TarMember& member, const fs::path& folder, const fs::path& path) {
    const auto target = parts_of(member, member.link);
    if (!target) return target.error();
    std::error_code code;
    const fs::path from = join(folder, *target);
    if (!fs::is_regular_file(from, code)) return refuse(member, "links to what is no file of the layer");
    fs::create_directories(path.parent_path(), code);
    fs::remove(path, code);
    fs::create_hard_link(from, path, code);
    if (code) return failure(member, code);
    return ok();
}

Status unpack_member(TarStream& tar, const TarMember& member, const fs::path& folder, UnpackedLayer& unpacked) {
    const auto parts = parts_of(member, member.name);
    if (!parts) return parts.error();
    if (parts->empty()) return ok();
    const std::string& last = parts->back();
    if (last.starts_with(kWhiteout)) {
        std::string removed;
        for (size_t i = 0; i + 1 < parts->size(); ++i) removed += (*parts)[i] + "\\";
        unpacked.removed.push_back(removed + last.substr(kWhiteout.size()));
        return ok();
    }
    const fs::path path = join(folder, *parts);
    std::error_code code;
    switch (member.type) {
        case '0':
        case '7':
            return write_file(tar, member, path, unpacked);
        case '1':
            return hard_link(member, folder, path);
        case '5':
            fs::create_directories(path, code);
            return code ? Status(failure(member, code)) : Status(ok());
        default:
            return Error(ErrorCode::kUnimplemented,
                         "layer: member '" + member.name + "' is a link or device, which this backend does not restore")
                .with_resource(member.name);
    }
}

}  // namespace

Result<UnpackedLayer> unpack_layer(TarStream& tar, const fs::path& folder) {
    UnpackedLayer unpacked;
    while (true) {
        const Result<std::optional<TarMember>> member = tar.next();
        if (!member) return member.error();
        if (!*member) return unpacked;
        if (Status done = unpack_member(tar, **member, folder, unpacked); !done) return std::move(done).error();
        ++unpacked.entry_count;
    }
}

}  // namespace slipway::windows_backend
