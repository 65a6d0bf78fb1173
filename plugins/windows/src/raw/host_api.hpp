// plugins/windows/src/raw/host_api.hpp - the functions of Windows this backend calls, resolved when it starts. Never
// linked: a machine without the Containers feature lacks the libraries, and then only this backend is unavailable.
//
// Prototypes are those of mingw-w64's computecore.h, computenetwork.h and computestorage.h.
#pragma once

#include <raw/types.hpp>

#include <slipway/cpp/error.hpp>

#include <memory>
#include <string>

namespace slipway::windows_backend::raw {

// X(name, result, parameters). Text that HCS returns is freed with LocalFree, here free_hcs. The two about access are
// synchronous.
#define SLW_COMPUTECORE(X)                                                                                            \
    X(HcsCreateOperation, Handle, (void* context, OperationCallback callback))                                        \
    X(HcsCloseOperation, void, (Handle operation))                                                                    \
    X(HcsWaitForOperationResult, Hresult, (Handle operation, uint32_t timeout_ms, char16_t** document))               \
    X(HcsWaitForOperationResultAndProcessInfo, Hresult,                                                               \
      (Handle operation, uint32_t timeout_ms, ProcessInformation * info, char16_t** document))                        \
    X(HcsEnumerateComputeSystems, Hresult, (Text query, Handle operation))                                            \
    X(HcsCreateComputeSystem, Hresult,                                                                                \
      (Text id, Text document, Handle operation, const void* security, Handle* system))                               \
    X(HcsOpenComputeSystem, Hresult, (Text id, uint32_t access, Handle * system))                                     \
    X(HcsCloseComputeSystem, void, (Handle system))                                                                   \
    X(HcsStartComputeSystem, Hresult, (Handle system, Handle operation, Text options))                                \
    X(HcsShutDownComputeSystem, Hresult, (Handle system, Handle operation, Text options))                             \
    X(HcsTerminateComputeSystem, Hresult, (Handle system, Handle operation, Text options))                            \
    X(HcsPauseComputeSystem, Hresult, (Handle system, Handle operation, Text options))                                \
    X(HcsResumeComputeSystem, Hresult, (Handle system, Handle operation, Text options))                               \
    X(HcsGetComputeSystemProperties, Hresult, (Handle system, Handle operation, Text query))                          \
    X(HcsModifyComputeSystem, Hresult, (Handle system, Handle operation, Text configuration, Handle identity))        \
    X(HcsSetComputeSystemCallback, Hresult, (Handle system, uint32_t options, void* context, EventCallback callback)) \
    X(HcsCreateProcess, Hresult,                                                                                      \
      (Handle system, Text parameters, Handle operation, const void* security, Handle* process))                      \
    X(HcsOpenProcess, Hresult, (Handle system, uint32_t process_id, uint32_t access, Handle * process))               \
    X(HcsCloseProcess, void, (Handle process))                                                                        \
    X(HcsTerminateProcess, Hresult, (Handle process, Handle operation, Text options))                                 \
    X(HcsSignalProcess, Hresult, (Handle process, Handle operation, Text options))                                    \
    X(HcsGetProcessInfo, Hresult, (Handle process, Handle operation))                                                 \
    X(HcsGetProcessProperties, Hresult, (Handle process, Handle operation, Text query))                               \
    X(HcsModifyProcess, Hresult, (Handle process, Handle operation, Text settings))                                   \
    X(HcsSetProcessCallback, Hresult, (Handle process, uint32_t options, void* context, EventCallback callback))      \
    X(HcsGetServiceProperties, Hresult, (Text query, char16_t** document))                                            \
    X(HcsGrantVmAccess, Hresult, (Text vm_id, Text path))                                                             \
    X(HcsRevokeVmAccess, Hresult, (Text vm_id, Text path))

// Text that HCN returns, error records included, is freed with CoTaskMemFree, here free_hcn. All calls are synchronous.
#define SLW_COMPUTENETWORK(X)                                                                                          \
    X(HcnEnumerateNetworks, Hresult, (Text query, char16_t** networks, char16_t** error))                              \
    X(HcnCreateNetwork, Hresult, (const Guid& id, Text settings, Handle* network, char16_t** error))                   \
    X(HcnOpenNetwork, Hresult, (const Guid& id, Handle* network, char16_t** error))                                    \
    X(HcnQueryNetworkProperties, Hresult, (Handle network, Text query, char16_t** properties, char16_t** error))       \
    X(HcnDeleteNetwork, Hresult, (const Guid& id, char16_t** error))                                                   \
    X(HcnCloseNetwork, Hresult, (Handle network))                                                                      \
    X(HcnEnumerateEndpoints, Hresult, (Text query, char16_t** endpoints, char16_t** error))                            \
    X(HcnCreateEndpoint, Hresult, (Handle network, const Guid& id, Text settings, Handle* endpoint, char16_t** error)) \
    X(HcnOpenEndpoint, Hresult, (const Guid& id, Handle* endpoint, char16_t** error))                                  \
    X(HcnQueryEndpointProperties, Hresult, (Handle endpoint, Text query, char16_t** properties, char16_t** error))     \
    X(HcnDeleteEndpoint, Hresult, (const Guid& id, char16_t** error))                                                  \
    X(HcnCloseEndpoint, Hresult, (Handle endpoint))                                                                    \
    X(HcnCreateNamespace, Hresult, (const Guid& id, Text settings, Handle* name_space, char16_t** error))              \
    X(HcnOpenNamespace, Hresult, (const Guid& id, Handle* name_space, char16_t** error))                               \
    X(HcnModifyNamespace, Hresult, (Handle name_space, Text settings, char16_t** error))                               \
    X(HcnQueryNamespaceProperties, Hresult, (Handle name_space, Text query, char16_t** properties, char16_t** error))  \
    X(HcnDeleteNamespace, Hresult, (const Guid& id, char16_t** error))                                                 \
    X(HcnCloseNamespace, Hresult, (Handle name_space))

// Synchronous. HcsGetLayerVhdMountPath's text is freed with LocalFree.
#define SLW_COMPUTESTORAGE(X)                                                                      \
    X(HcsImportLayer, Hresult, (Text layer_path, Text source_path, Text layer_data))               \
    X(HcsExportLayer, Hresult, (Text layer_path, Text export_path, Text layer_data, Text options)) \
    X(HcsDestroyLayer, Hresult, (Text layer_path))                                                 \
    X(HcsSetupBaseOSLayer, Hresult, (Text layer_path, Handle vhd, Text options))                   \
    X(HcsInitializeWritableLayer, Hresult, (Text path, Text layer_data, Text options))             \
    X(HcsAttachLayerStorageFilter, Hresult, (Text path, Text layer_data))                          \
    X(HcsDetachLayerStorageFilter, Hresult, (Text path))                                           \
    X(HcsFormatWritableLayerVhd, Hresult, (Handle vhd))                                            \
    X(HcsGetLayerVhdMountPath, Hresult, (Handle vhd, char16_t** path))

// virtdisk.dll behind four calls of our own, because its parameters are structures of Windows alone. A disk stays
// attached while its handle is open.
#define SLW_DISKS(X)                                                                \
    X(create_disk, Hresult, (Text path, uint64_t bytes, Text parent, Handle * vhd)) \
    X(open_disk, Hresult, (Text path, Handle * vhd))                                \
    X(attach_disk, Hresult, (Handle vhd))                                           \
    X(close_disk, void, (Handle vhd))

#define SLW_MEMORY(X)               \
    X(free_hcs, void, (void* text)) \
    X(free_hcn, void, (void* text))

struct HostApi {
#define X(name, result, parameters) result(*name) parameters = nullptr;
    SLW_COMPUTECORE(X)
    SLW_COMPUTENETWORK(X)
    SLW_COMPUTESTORAGE(X)
    SLW_DISKS(X)
    SLW_MEMORY(X)
#undef X
};

// The functions of this machine. kUnavailable names the library or function that is missing, or the service that does
// not answer. The last copy given back says that no handle is open any more.
Result<std::shared_ptr<const HostApi>> load_host_api();

}  // namespace slipway::windows_backend::raw
