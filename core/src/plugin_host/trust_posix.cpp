#include "plugin_host/trust.hpp"

#define BOOST_DLL_USE_STD_FS
#include <sys/stat.h>
#include <unistd.h>
#include <boost/dll/runtime_symbol_info.hpp>

#include <cerrno>

#include "plugin_host/naming.hpp"

namespace slipway::core {
namespace {

namespace fs = std::filesystem;

Result<FileOwner> owner_of(const fs::path& path) {
    struct stat st {};
    if (stat(path.c_str(), &st) != 0) return Error::from_errno(errno, "stat '" + path.string() + "'");
    return FileOwner{st.st_uid, st.st_gid, st.st_mode & 07777U};
}

}  // namespace

std::string reason_to_distrust(const FileOwner& file, const FileOwner& program, uint32_t euid) {
    if (file.uid != 0 && file.uid != euid && file.uid != program.uid) {
        return "belongs to user " + std::to_string(file.uid) + ", who could change code that runs as user " +
               std::to_string(euid);
    }
    if ((file.mode & S_IWOTH) != 0) return "may be written by everybody";
    // A build tree under umask 002 is group-writable throughout, the daemon's program included.
    const bool program_shared_too = (program.mode & S_IWGRP) != 0 && program.gid == file.gid;
    if ((file.mode & S_IWGRP) != 0 && !program_shared_too) {
        return "may be written by group " + std::to_string(file.gid);
    }
    return {};
}

Status check_trusted(const fs::path& library) {
    std::error_code ec;
    const fs::path program_path = boost::dll::program_location(ec);
    const Result<FileOwner> program = owner_of(ec ? fs::path("/proc/self/exe") : program_path);
    if (!program) return program.error();
    // The loader follows links, so the real file counts as well as the name that leads to it.
    const fs::path real = fs::canonical(library, ec);
    if (ec) return Error(ErrorCode::kNotFound, "library '" + library.string() + "': " + ec.message());

    for (const fs::path& path : {library.parent_path(), manifest_of(library), real, real.parent_path()}) {
        const Result<FileOwner> owner = owner_of(path);
        if (!owner) return owner.error();
        const std::string reason = reason_to_distrust(*owner, *program, geteuid());
        if (!reason.empty()) {
            const std::string text = path.string();
            return Error(ErrorCode::kPermissionDenied, "'" + text + "' " + reason)
                .with_resource(text)
                .with_hint("chown it to root and take away the write permission of group and others");
        }
    }
    return ok();
}

}  // namespace slipway::core
