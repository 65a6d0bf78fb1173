// plugins/windows/src/layers/base_writer.hpp - a base layer: its files where they will stay, with all they have.
#pragma once

#include <layers/layer_writer.hpp>
#include <sys/backup_file.hpp>

#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

namespace slipway::windows_backend {

class BaseWriter final : public LayerWriter {
public:
    // An empty directory. The thread has BackupPrivileges.
    explicit BaseWriter(std::filesystem::path folder) : folder_(std::move(folder)) {}

    Status add(const LayerPath& path, const MemberFacts& facts, bool replaces) override;
    Status begin_stream(const StreamHeader& header) override;
    Status write(const char* data, size_t size) override;
    Status add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) override;
    Status remove(const LayerPath& path) override;
    Status finish() override;

private:
    Status close_file();

    const std::filesystem::path folder_;
    std::unique_ptr<BackupFile> file_;
    BasicInfo info_;  // of file_
    // Their times change with what is made in them, so they are set at the end once more.
    std::vector<std::pair<std::filesystem::path, BasicInfo>> directories_;
};

}  // namespace slipway::windows_backend
