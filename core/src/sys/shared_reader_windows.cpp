// Streams of the C++ library keep others from renaming and removing what they have open.
#include "sys/shared_reader.hpp"

#include <windows.h>

#include <array>
#include <cerrno>
#include <streambuf>

namespace slipway::core {

namespace {

class SharedBuffer final : public std::streambuf {
public:
    explicit SharedBuffer(HANDLE file) : file_(file) {}
    SharedBuffer(const SharedBuffer&) = delete;
    SharedBuffer& operator=(const SharedBuffer&) = delete;
    ~SharedBuffer() override { CloseHandle(file_); }

protected:
    int_type underflow() override {
        DWORD got = 0;
        OVERLAPPED place{};
        place.Offset = static_cast<DWORD>(end_);
        place.OffsetHigh = static_cast<DWORD>(static_cast<uint64_t>(end_) >> 32);
        if (!ReadFile(file_, buffer_.data(), static_cast<DWORD>(buffer_.size()), &got, &place)) got = 0;
        setg(buffer_.data(), buffer_.data(), buffer_.data() + got);
        end_ += got;
        return got == 0 ? traits_type::eof() : traits_type::to_int_type(buffer_[0]);
    }

    pos_type seekoff(off_type offset, std::ios::seekdir from, std::ios::openmode) override {
        off_type base = 0;
        if (from == std::ios::cur) base = end_ - (egptr() - gptr());
        if (from == std::ios::end) {
            LARGE_INTEGER size;
            if (!GetFileSizeEx(file_, &size)) return pos_type(off_type(-1));
            base = size.QuadPart;
        }
        if (base + offset < 0) return pos_type(off_type(-1));
        // What was read ahead may have changed since.
        end_ = base + offset;
        setg(nullptr, nullptr, nullptr);
        return pos_type(end_);
    }

    pos_type seekpos(pos_type place, std::ios::openmode mode) override {
        return seekoff(off_type(place), std::ios::beg, mode);
    }

private:
    const HANDLE file_;
    off_type end_ = 0;  // of what is in buffer_, in the file
    std::array<char, 16 * 1024> buffer_;
};

class SharedStream final : public std::istream {
public:
    explicit SharedStream(HANDLE file) : std::istream(nullptr), buffer_(file) { rdbuf(&buffer_); }

private:
    SharedBuffer buffer_;
};

}  // namespace

std::unique_ptr<std::istream> open_shared(const std::filesystem::path& path) {
    const HANDLE file = CreateFileW(path.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                    nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
    if (file != INVALID_HANDLE_VALUE) return std::make_unique<SharedStream>(file);
    const DWORD code = GetLastError();
    // A name that is going away is refused for a moment.
    const bool is_gone = code == ERROR_FILE_NOT_FOUND || code == ERROR_PATH_NOT_FOUND || code == ERROR_DELETE_PENDING;
    errno = is_gone ? ENOENT : code == ERROR_ACCESS_DENIED ? EACCES : EIO;
    return nullptr;
}

}  // namespace slipway::core
