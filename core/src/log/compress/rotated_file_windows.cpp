#include "log/compress/rotated_file.hpp"
#include "log/log_file.hpp"

#include <windows.h>

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace slipway::core {

namespace {

constexpr size_t kChunk = size_t{256} << 10;
constexpr DWORD kShared = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
constexpr std::chrono::seconds kPatience{10};  // a rotation takes a few renames

HANDLE to_handle(slw_os_handle handle) {
    return reinterpret_cast<HANDLE>(static_cast<intptr_t>(handle));
}

Error failed(const char* operation, const std::filesystem::path& path) {
    const DWORD code = ::GetLastError();
    Error error = Error::from_code(std::error_code(static_cast<int>(code), std::system_category()),
                                   std::string(operation) + " '" + path.string() + "'");
    const bool missing = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND;
    return missing ? std::move(error).with_code(ErrorCode::kNotFound) : error;
}

// A handle for the length of a function.
struct File {
    HANDLE handle;
    File(const std::filesystem::path& path, DWORD access, DWORD share, DWORD disposition, DWORD flags)
        : handle(::CreateFileW(path.c_str(), access, share, nullptr, disposition, flags, nullptr)) {}
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    ~File() {
        if (*this) ::CloseHandle(handle);
    }
    explicit operator bool() const { return handle != INVALID_HANDLE_VALUE; }
};

// What a file is, whatever its name.
struct Identity {
    DWORD volume = 0, high = 0, low = 0;
    bool operator==(const Identity&) const = default;
};

bool identify(HANDLE file, Identity& identity) {
    BY_HANDLE_FILE_INFORMATION info{};
    if (!::GetFileInformationByHandle(file, &info)) return false;
    identity = {info.dwVolumeSerialNumber, info.nFileIndexHigh, info.nFileIndexLow};
    return true;
}

bool is_file(const std::filesystem::path& path, const Identity& wanted) {
    const File file(path, 0, kShared, OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT);
    Identity identity;
    return file && identify(file.handle, identity) && identity == wanted;
}

// As the writer of the log takes it.
std::unique_ptr<File> lock(const std::filesystem::path& log) {
    std::filesystem::path name = log;
    name += L".rotating";
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto file = std::make_unique<File>(name, GENERIC_WRITE | DELETE, 0, OPEN_ALWAYS,
                                           FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE);
        if (*file || std::chrono::steady_clock::now() >= end) return file;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

// A file that somebody has open keeps its name until that is over, and cannot be opened meanwhile: so it gets another
// one first, which others may still have.
Status remove_though_open(const std::filesystem::path& log, const std::filesystem::path& name) {
    constexpr int kMostLeaving = 100;
    for (int number = 0;; ++number) {
        std::filesystem::path leaving = log;
        leaving += ".leaving" + std::to_string(number);
        if (::MoveFileExW(name.c_str(), leaving.c_str(), 0)) {
            return ::DeleteFileW(leaving.c_str()) ? Status(ok()) : Status(failed("remove", leaving));
        }
        if (number == kMostLeaving) return failed("rename", name);
    }
}

}  // namespace

Result<RotatedFile> RotatedFile::open(const std::filesystem::path& path) {
    const HANDLE file = ::CreateFileW(path.c_str(), GENERIC_READ, kShared, nullptr, OPEN_EXISTING,
                                      FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
    if (file == INVALID_HANDLE_VALUE) return failed("open", path);
    return RotatedFile(static_cast<slw_os_handle>(reinterpret_cast<intptr_t>(file)));
}

RotatedFile::RotatedFile(RotatedFile&& other) noexcept : handle_(std::exchange(other.handle_, SLW_NO_HANDLE)) {}

RotatedFile::~RotatedFile() {
    if (handle_ != SLW_NO_HANDLE) ::CloseHandle(to_handle(handle_));
}

Status RotatedFile::read(const std::function<bool(std::string_view)>& piece) const {
    std::vector<char> chunk(kChunk);
    for (uint64_t at = 0;;) {
        OVERLAPPED place{};
        place.Offset = static_cast<DWORD>(at);
        place.OffsetHigh = static_cast<DWORD>(at >> 32);
        DWORD got = 0;
        if (!::ReadFile(to_handle(handle_), chunk.data(), static_cast<DWORD>(chunk.size()), &got, &place) &&
            ::GetLastError() != ERROR_HANDLE_EOF) {
            return failed("read", "a rotated log");
        }
        if (got == 0) return ok();
        at += got;
        if (!piece({chunk.data(), got})) return Error(ErrorCode::kCancelled, "stopped");
    }
}

Status RotatedFile::replace(const std::filesystem::path& log, const std::filesystem::path& compressed) const {
    Identity mine;
    if (!identify(to_handle(handle_), mine)) return failed("stat", log);
    {
        const File file(compressed, GENERIC_WRITE, kShared, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL);
        if (!file || !::FlushFileBuffers(file.handle)) return failed("sync", compressed);
    }
    const std::unique_ptr<File> held = lock(log);
    if (!*held) return failed("lock", log);
    for (unsigned number = 1; number <= kMostLogFiles; ++number) {
        const std::filesystem::path name = numbered_log(log, number);
        if (!is_file(name, mine)) continue;
        const std::filesystem::path packed = packed_log(name);
        if (!::MoveFileExW(compressed.c_str(), packed.c_str(), MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH)) {
            return failed("rename", compressed);
        }
        return remove_though_open(log, name);
    }
    return Error(ErrorCode::kNotFound, "rotated away");
}

}  // namespace slipway::core
