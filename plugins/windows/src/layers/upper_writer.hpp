// plugins/windows/src/layers/upper_writer.hpp - a layer on others: in the transport format, all but what is for the
// virtual machine of Hyper-V isolation, which that format has no place for.
#pragma once

#include <layers/base_writer.hpp>
#include <layers/transport_writer.hpp>

namespace slipway::windows_backend {

// A machine boots from one folder, not from layers. So a layer that changes something of it has it whole: the folder of
// the layer below, its files by hard links, and the changes.
class UpperWriter final : public LayerWriter {
public:
    // `folder` and `parents` as TransportWriter's; `layer` is an empty directory, in which the system will import.
    // The thread has BackupPrivileges.
    UpperWriter(std::filesystem::path folder, std::vector<std::filesystem::path> parents, std::filesystem::path layer);

    Status add(const LayerPath& path, const MemberFacts& facts, bool replaces) override;
    Status begin_stream(const StreamHeader& header) override { return current_->begin_stream(header); }
    Status write(const char* data, size_t size) override { return current_->write(data, size); }
    Status add_link(const LayerPath& path, const LayerPath& target, bool added, bool replaces) override;
    Status remove(const LayerPath& path) override;
    Status finish() override;

    // After the import: what TransportWriter::complete() does.
    Status complete() const { return transport_.complete(layer_); }
    bool has_machine() const { return has_machine_; }

private:
    // Names in the machine's folder, which is made when the first one comes.
    Status enter_machine(const LayerPath& path);
    Status clone_machine();
    Status remove_machine_file(const LayerPath& path);

    const std::vector<std::filesystem::path> parents_;
    const std::filesystem::path layer_;
    TransportWriter transport_;
    BaseWriter machine_;
    LayerWriter* current_ = &transport_;
    bool has_machine_ = false;
};

}  // namespace slipway::windows_backend
