// plugins/windows/src/layers/base_writer.hpp - a base layer: its files where they will stay, with all they have.
#pragma once

#include <layers/layer_writer.hpp>
#include <layers/place.hpp>
#include <sys/backup_file.hpp>

#include <memory>
#include <utility>
#include <vector>

namespace slipway::windows_backend {

class BaseWriter final : public LayerWriter {
public:
    // An empty directory. The thread has BackupPrivileges.
    explicit BaseWriter(const std::filesystem::path& folder) : folder_(folder), parents_(folder) {}

    Status add(const LayerPath& path, const MemberFacts& facts, bool replaces) override;
    Status begin_stream(const StreamHeader& header) override;
    Status write(const char* data, size_t size) override;
    Status add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) override;
    Status remove(const LayerPath& path) override;
    Status finish() override;

    // For who removes files of the folder meanwhile: the last one is finished first.
    Status close_file();
    ParentCheck& parents() { return parents_; }

private:
    // Whether there is room for a new one, or for a directory where one is. Nothing is followed.
    Status make_room(const LayerPath& path, bool directory, bool replaces);

    const std::filesystem::path folder_;
    ParentCheck parents_;
    std::unique_ptr<BackupFile> file_;
    BasicInfo info_;  // of file_
    // Their times change with what is made in them, so they are set at the end once more.
    std::vector<std::pair<LayerPath, BasicInfo>> directories_;
};

}  // namespace slipway::windows_backend
