// plugins/windows/src/layers/transport_writer.hpp - writes a layer in the transport format.
#pragma once

#include <layers/layer_writer.hpp>

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

namespace slipway::windows_backend {

class TransportWriter final : public LayerWriter {
public:
    // `folder` is an empty directory; `parents` are the folders of the layers below, nearest first.
    TransportWriter(std::filesystem::path folder, std::vector<std::filesystem::path> parents)
        : folder_(std::move(folder)), parents_(std::move(parents)) {}

    Status add(const LayerPath& path, const MemberFacts& facts, bool replaces) override;
    Status begin_stream(const StreamHeader& header) override;
    Status write(const char* data, size_t size) override;
    Status add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) override;
    Status remove(const LayerPath& path) override;
    Status finish() override;

    // What the format cannot say, done in the folder that the system has made of it: hard links, then the times of all
    // directories. Before that, what the layer removes is removed once more. Names that are not there are fine.
    Status complete(const std::filesystem::path& imported) const;

private:
    struct Link {
        LayerPath path, target;
        std::filesystem::path of;  // the layer that has the target; empty: this one
    };

    Error failed(const char* operation) const;
    Status forget(const LayerPath& path);
    Status open_file(const std::filesystem::path& path, const BasicInfo& info);
    Status close_file();
    Status put_bytes(const std::string& bytes) { return write(bytes.data(), bytes.size()); }
    Status remove_from(const std::filesystem::path& imported) const;
    Result<std::filesystem::path> layer_with(const LayerPath& target) const;

    const std::filesystem::path folder_;
    const std::vector<std::filesystem::path> parents_;
    std::filesystem::path path_;  // of file_
    std::ofstream file_;
    BasicInfo info_;
    bool plain_ = false;  // file_ is below Hives
    std::vector<LayerPath> removed_;
    std::vector<Link> links_;
    std::vector<LayerPath> link_directories_;
    std::vector<std::pair<LayerPath, BasicInfo>> directories_;
};

}  // namespace slipway::windows_backend
