// plugins/windows/src/net/hcn_calls.hpp - computenetwork with deadlines, errors and JSON. Handles never leave a call.
#pragma once

#include <documents/guid.hpp>
#include <hcs/api.hpp>
#include <hcs/workers.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

namespace slipway::windows_backend {

// Every call is on a thread of its own while it lasts. What a call makes after its deadline is removed again. An answer
// with an error record is a failure whatever the HRESULT says.
class HcnCalls {
public:
    HcnCalls(Api api, Workers& workers) : api_(std::move(api)), workers_(workers) {}

    Status create_network(const Guid& id, const nlohmann::json& document, const Limits& limits) const;
    Result<nlohmann::json> query_network(const Guid& id, const Limits& limits) const;
    Status delete_network(const Guid& id, const Limits& limits) const;

    Status create_endpoint(const Guid& network, const Guid& id, const nlohmann::json& document,
                           const Limits& limits) const;
    Result<nlohmann::json> query_endpoint(const Guid& id, const Limits& limits) const;
    Status delete_endpoint(const Guid& id, const Limits& limits) const;
    Result<std::vector<Guid>> list_endpoints(const Limits& limits) const;

    Status create_namespace(const Guid& id, const nlohmann::json& document, const Limits& limits) const;
    Result<nlohmann::json> query_namespace(const Guid& id, const Limits& limits) const;
    Status modify_namespace(const Guid& id, const nlohmann::json& request, const Limits& limits) const;
    Status delete_namespace(const Guid& id, const Limits& limits) const;

private:
    using Work = std::function<Result<std::string>(const raw::HostApi&)>;
    Result<std::string> call(const std::string& name, const std::string& object, const Limits& limits, Work work,
                             std::function<void(const raw::HostApi&)> undo_late = {}) const;

    Api api_;
    Workers& workers_;
};

// ERROR_ALREADY_EXISTS, as HCN answers for endpoints and name spaces.
bool is_already_there(const Error& error);

}  // namespace slipway::windows_backend
