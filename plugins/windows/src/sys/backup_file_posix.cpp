#include <sys/backup_file.hpp>

#include <documents/bytes.hpp>
#include <sys/file_tree.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace slipway::windows_backend {

namespace fs = std::filesystem;

namespace {

class Descriptor {
public:
    Descriptor() = default;
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }

    Status create(const fs::path& path) {
        path_ = path;
        fd_ = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
        return fd_ >= 0 ? Status(ok()) : Status(failed("open"));
    }
    Status write(const char* data, size_t size) {
        while (size > 0) {
            const ssize_t written = ::write(fd_, data, size);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return failed("write");
            data += written;
            size -= static_cast<size_t>(written);
        }
        return ok();
    }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }

private:
    Error failed(const char* call) const {
        return Error::from_errno(errno, std::string(call) + " '" + path_.string() + "'").with_resource(path_.string());
    }

    fs::path path_;
    int fd_ = -1;
};

class PosixBackupFile final : public BackupFile {
public:
    explicit PosixBackupFile(fs::path path) : path_(std::move(path)) {}

    Status create(bool directory) { return directory ? make_directory(path_) : data_.create(path_); }

    Status begin(const StreamHeader& header) override {
        is_data_ = header.id == StreamId::kData;
        if (!is_data_) streams_ += encode_stream_header(header);
        return ok();
    }
    Status write(const char* data, size_t size) override {
        if (is_data_) return data_.write(data, size);
        streams_.append(data, size);
        return ok();
    }
    Status close(const BasicInfo& info) override {
        data_.close();
        fs::path beside = path_;
        beside += ".$streams$";
        if (Status removed = remove_tree(beside); !removed) return removed;
        constexpr uint32_t kUsual = kAttributeDirectory | kAttributeArchive | kAttributeNormal;
        if (!streams_.empty() || (info.attributes & ~kUsual) != 0) {
            std::string kept;
            put<uint32_t>(kept, info.attributes);
            kept += streams_;
            Descriptor file;
            if (Status created = file.create(beside); !created) return created;
            if (Status written = file.write(kept.data(), kept.size()); !written) return written;
        }
        return set_basic_info(path_, info);
    }

private:
    const fs::path path_;
    Descriptor data_;
    bool is_data_ = false;
    std::string streams_;
};

}  // namespace

Result<std::unique_ptr<BackupFile>> BackupFile::create(const fs::path& path, bool directory) {
    auto file = std::make_unique<PosixBackupFile>(path);
    if (Status created = file->create(directory); !created) return std::move(created).error();
    return std::unique_ptr<BackupFile>(std::move(file));
}

}  // namespace slipway::windows_backend
