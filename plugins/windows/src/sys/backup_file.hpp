// plugins/windows/src/sys/backup_file.hpp - one file or directory of a layer, restored from its streams.
#pragma once

#include <layers/backup_stream.hpp>
#include <layers/file_time.hpp>

#include <filesystem>
#include <memory>

namespace slipway::windows_backend {

// On Windows by BackupWrite, which needs BackupPrivileges; where there is none, as in Wine, by the calls for each kind
// of stream. Elsewhere the bytes of the data stream become a file, and what else was given is kept beside it, as
// "<name>.$streams$": the attributes, four bytes, and the streams.
class BackupFile {
public:
    // Its directory is there. A directory may be there, a file may not.
    static Result<std::unique_ptr<BackupFile>> create(const std::filesystem::path& path, bool directory);
    virtual ~BackupFile() = default;

    // Begins a stream; as many bytes as the header says follow before the next one or close().
    virtual Status begin(const StreamHeader& header) = 0;
    virtual Status write(const char* data, size_t size) = 0;
    // Sets times and attributes. Without it what was written stays as it is.
    virtual Status close(const BasicInfo& info) = 0;
};

}  // namespace slipway::windows_backend
