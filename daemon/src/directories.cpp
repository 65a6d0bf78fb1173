#include "directories.hpp"

#include "sys/state_files.hpp"

#include <slipway/core/path.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <fstream>

namespace slipway::daemon {
namespace {

namespace fs = std::filesystem;

// The pid in the file is for the message.
Result<UniqueOsHandle> lock_directory(const fs::path& directory, const char* what) {
    Result<LockedFile> file = lock_file(directory / "slipwayd.lock");
    if (!file) return std::move(file).error();
    if (file->handle) return std::move(file->handle);
    return Error(ErrorCode::kConflict, std::string("the ") + what + " '" + directory.string() +
                                           "' is in use by another slipwayd" +
                                           (file->holder.empty() ? "" : ", process " + file->holder))
        .with_resource(directory.string());
}

}  // namespace

Result<Directories> prepare_directories(const DaemonOptions& options) {
    const std::array<std::pair<fs::path, unsigned>, 4> wanted{{{options.data_root, 0710},
                                                               {options.data_root / "backends", 0700},
                                                               {options.exec_root, 0711},
                                                               {options.exec_root / "backends", 0700}}};
    for (const auto& [path, mode] : wanted) {
        if (Status made = make_state_directory(path, mode); !made) return std::move(made).error();
    }
    Directories out;
    Result<UniqueOsHandle> data = lock_directory(options.data_root, "data root");
    if (!data) return std::move(data).error();
    Result<UniqueOsHandle> exec = lock_directory(options.exec_root, "exec root");
    if (!exec) return std::move(exec).error();
    out.data_lock = std::move(*data);
    out.exec_lock = std::move(*exec);
    return out;
}

Result<PidFile> PidFile::write(const std::string& path) {
    if (path.empty()) return PidFile(path);
    {
        std::ifstream old(core::path_of(path));
        std::string pid;
        if (std::getline(old, pid) && is_living_daemon(pid)) {
            return Error(ErrorCode::kConflict, "pid file '" + path + "' belongs to slipwayd, process " + pid)
                .with_resource(path);
        }
    }
    const fs::path parent = core::path_of(path).parent_path();
    std::error_code ignored;  // the write below reports what matters
    fs::create_directories(parent, ignored);
    const fs::path temporary = core::path_of(path + ".new");
    errno = 0;
    std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
    file << own_pid() << "\n";
    file.close();
    if (!file) return Error::from_errno(errno != 0 ? errno : EIO, "write pid file '" + path + "'");
    std::error_code failed;
    fs::rename(temporary, core::path_of(path), failed);
    if (failed) return Error::from_code(failed, "write pid file '" + path + "'");
    return PidFile(path);
}

PidFile::~PidFile() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove(core::path_of(path_), ignored);
}

std::string instance_of(const fs::path& exec_root) {
    // FNV-1a. Kernel object names carry it, so it must never change for a given path.
    uint32_t hash = 2166136261U;
    for (const char c : exec_root.string()) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    std::array<char, 9> text;
    std::snprintf(text.data(), text.size(), "%08x", hash);
    return text.data();
}

}  // namespace slipway::daemon
