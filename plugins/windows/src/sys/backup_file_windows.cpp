// Where BackupWrite is missing, as in Wine 8, each kind of stream is restored by a call of its own as far as there is
// one.
#include <sys/backup_file.hpp>

#include <documents/bytes.hpp>
#include <raw/utf16.hpp>
#include <sys/file_tree.hpp>
#include <sys/windows_error.hpp>

#include <winioctl.h>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

Status write_all(HANDLE file, const char* data, size_t size, const fs::path& path) {
    while (size > 0) {
        DWORD written = 0;
        if (!WriteFile(file, data, static_cast<DWORD>(std::min<size_t>(size, 1 << 20)), &written, nullptr)) {
            return last_error("WriteFile", path);
        }
        data += written;
        size -= written;
    }
    return ok();
}

class WindowsBackupFile final : public BackupFile {
public:
    explicit WindowsBackupFile(fs::path path) : path_(long_path(path)) {}
    ~WindowsBackupFile() override { end_backup(); }

    Status create(bool directory) {
        if (directory) {
            if (Status made = make_directory(path_); !made) return made;
            // Another spelling of a link's name leads to the link.
            const Result<FileKind> kind = kind_of(path_);
            if (!kind) return kind.error();
            if (*kind != FileKind::kDirectory) return error_of_win32(ERROR_DIRECTORY, "CreateDirectory", path_);
        }
        file_.reset(CreateFileW(path_.c_str(),
                                GENERIC_READ | GENERIC_WRITE | WRITE_DAC | WRITE_OWNER | ACCESS_SYSTEM_SECURITY,
                                FILE_SHARE_READ, nullptr, directory ? OPEN_EXISTING : CREATE_NEW,
                                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, nullptr));
        return file_ ? Status(ok()) : Status(last_error("CreateFile", path_));
    }

    Status begin(const StreamHeader& header) override {
        if (Status ended = end_direct(); !ended) return ended;
        if (!direct_) {
            const std::string head = encode_stream_header(header);
            Status begun = backup_write(head.data(), head.size());
            if (begun || begun.error().os().code != HRESULT_FROM_WIN32(ERROR_NOT_SUPPORTED)) return begun;
            direct_ = true;
        }
        header_ = header;
        if (header.id != StreamId::kAlternateData) return ok();
        fs::path stream = path_;
        stream += path_from_utf8(header.name.substr(0, header.name.rfind(":$DATA"))).native();
        alternate_.reset(CreateFileW(stream.c_str(), GENERIC_WRITE, FILE_SHARE_READ, nullptr, CREATE_ALWAYS,
                                     FILE_ATTRIBUTE_NORMAL, nullptr));
        return alternate_ ? Status(ok()) : Status(last_error("CreateFile", stream));
    }

    Status write(const char* data, size_t size) override {
        if (!direct_) return backup_write(data, size);
        if (header_.id == StreamId::kData) return write_all(file_.get(), data, size, path_);
        if (header_.id == StreamId::kAlternateData) return write_all(alternate_.get(), data, size, path_);
        bytes_.append(data, size);
        return ok();
    }

    Status close(const BasicInfo& info) override {
        if (Status ended = end_direct(); !ended) return ended;
        end_backup();
        Status set = set_basic_info(path_, info);
        file_.reset();
        return set;
    }

private:
    Status backup_write(const char* data, size_t size) {
        while (size > 0) {
            DWORD written = 0;
            // It takes the bytes as its own to read only; the parameter has no const.
            auto* const bytes = reinterpret_cast<BYTE*>(const_cast<char*>(data));
            const auto part = static_cast<DWORD>(std::min<size_t>(size, 1 << 20));
            if (!BackupWrite(file_.get(), bytes, part, &written, FALSE, TRUE, &context_)) {
                return last_error("BackupWrite", path_);
            }
            if (written == 0) return error_of_win32(ERROR_INVALID_DATA, "BackupWrite", path_);
            data += written;
            size -= written;
        }
        return ok();
    }

    void end_backup() {
        DWORD nothing = 0;
        if (context_ != nullptr) BackupWrite(file_.get(), nullptr, 0, &nothing, TRUE, TRUE, &context_);
        context_ = nullptr;
    }

    // What can only be set as a whole.
    Status end_direct() {
        alternate_.reset();
        if (!direct_ || bytes_.empty()) return ok();
        std::string bytes = std::exchange(bytes_, {});
        if (header_.id == StreamId::kSecurity) return set_security(bytes);
        if (header_.id == StreamId::kReparse) {
            DWORD nothing = 0;
            if (DeviceIoControl(file_.get(), FSCTL_SET_REPARSE_POINT, bytes.data(), static_cast<DWORD>(bytes.size()),
                                nullptr, 0, &nothing, nullptr)) {
                return ok();
            }
            return last_error("FSCTL_SET_REPARSE_POINT", path_);
        }
        return error_of_win32(ERROR_NOT_SUPPORTED, "BackupWrite", path_);
    }

    Status set_security(std::string& descriptor) {
        const uint16_t control = get<uint16_t>(descriptor, 2);
        SECURITY_INFORMATION parts = 0;
        if (get<uint32_t>(descriptor, 4) != 0) parts |= OWNER_SECURITY_INFORMATION;
        if (get<uint32_t>(descriptor, 8) != 0) parts |= GROUP_SECURITY_INFORMATION;
        if ((control & SE_DACL_PRESENT) != 0) parts |= DACL_SECURITY_INFORMATION;
        if ((control & SE_SACL_PRESENT) != 0) parts |= SACL_SECURITY_INFORMATION;
        if (SetKernelObjectSecurity(file_.get(), parts, descriptor.data())) return ok();
        return last_error("SetKernelObjectSecurity", path_);
    }

    const fs::path path_;
    FileHandle file_, alternate_;
    void* context_ = nullptr;
    bool direct_ = false;
    StreamHeader header_;
    std::string bytes_;
};

}  // namespace

Result<std::unique_ptr<BackupFile>> BackupFile::create(const fs::path& path, bool directory) {
    auto file = std::make_unique<WindowsBackupFile>(path);
    if (Status created = file->create(directory); !created) return std::move(created).error();
    return std::unique_ptr<BackupFile>(std::move(file));
}

}  // namespace slipway::windows_backend
