// core/src/plugin_host/plugin_container.hpp - a container handle of a plugin as a BackendContainer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "plugin_host/instance.hpp"

namespace slipway::core {

class PluginContainer final : public BackendContainer {
public:
    // Owns `handle`, which container_open() of the plugin made.
    PluginContainer(std::shared_ptr<PluginInstance> plugin, slw_container* handle);
    ~PluginContainer() override;
    PluginContainer(const PluginContainer&) = delete;
    PluginContainer& operator=(const PluginContainer&) = delete;

    Result<std::string> build_spec(const CallContext& call, const nlohmann::json& request) override;
    Result<ProcessInfo> create(const CallContext& call, const CreateParams& params) override;
    Result<ProcessInfo> start(const CallContext& call) override;
    Status signal(int32_t signum) override;
    Result<ProcessStatus> status() override;
    Status destroy(const CallContext& call) override;

    Status root_create(const CallContext& call, const std::vector<std::string>& layers) override;
    Status root_remove(const CallContext& call) override;
    Status root_mount(const CallContext& call, const std::vector<std::string>& layers, bool read_only) override;
    Status root_unmount(const CallContext& call) override;
    Result<uint64_t> root_size(const CallContext& call) override;
    Result<nlohmann::json> root_diff(const CallContext& call) override;
    Result<uint64_t> mount(const CallContext& call, const MountParams& params) override;
    Status unmount(const CallContext& call, uint64_t id) override;

    Result<nlohmann::json> sandbox_create(const CallContext& call, const nlohmann::json& sandbox) override;
    Status sandbox_destroy(const CallContext& call) override;
    Result<nlohmann::json> endpoint_attach(const CallContext& call, const nlohmann::json& endpoint) override;
    Status endpoint_detach(const CallContext& call, const std::string& network_id) override;

    Status attach(const CallContext& call, const AttachParams& params) override;
    Status resize(uint16_t rows, uint16_t cols) override;

    Result<ProcessStatus> adopt(const CallContext& call) override;
    Status update(const CallContext& call, const nlohmann::json& request) override;

    Status pause(const CallContext& call) override;
    Status resume(const CallContext& call) override;

    Result<ProcessInfo> exec_start(const CallContext& call, const ExecParams& params) override;
    Status exec_signal(const std::string& exec_id, int32_t signum) override;
    Status exec_resize(const std::string& exec_id, uint16_t rows, uint16_t cols) override;
    Result<std::string> exec_output(const std::string& exec_id) override;
    Status exec_release(const CallContext& call, const std::string& exec_id) override;

    Result<nlohmann::json> stats(const CallContext& call) override;
    Result<nlohmann::json> top(const CallContext& call, const std::string& arguments) override;
    Result<nlohmann::json> archive_stat(const CallContext& call, const ArchivePlace& place) override;
    Status archive_get(const CallContext& call, const ArchivePlace& place,
                       const std::function<void(const nlohmann::json&)>& head, const ByteSink& tar) override;
    Status archive_put(const CallContext& call, const ArchivePlace& place, const ArchivePutOptions& options,
                       const ByteSource& tar) override;
    Status archive_export(const CallContext& call, const ArchivePlace& place, const ByteSink& tar) override;

private:
    Status root_call(const CallContext& call, const char* function, const std::vector<std::string>& layers,
                     uint32_t flags, decltype(slw_mount_ops::root_mount) op);

    std::shared_ptr<PluginInstance> plugin_;
    slw_container* handle_;
};

// The request of `params`, which must outlive it.
slw_attach_request attach_request_of(const AttachParams& params);

// kInternal when what a plugin reported about a process makes no sense.
Result<ProcessInfo> process_info_from(const CallName& name, const slw_process_info& info);
slw_process_info empty_process_info();

// Turns what a plugin reported about a process into the core's terms; kInternal when it makes no sense.
Result<ProcessStatus> process_status_from(const CallName& name, const slw_process_status& status);

// The request of `params`, which must outlive it; kInvalidArgument when a text cannot cross.
Result<slw_mount_request> mount_request_of(const MountParams& params);

// Pointers to `texts` for the C side, after a check that each can cross.
Result<std::vector<const char*>> c_strings(const char* what, const std::vector<std::string>& texts);

}  // namespace slipway::core
