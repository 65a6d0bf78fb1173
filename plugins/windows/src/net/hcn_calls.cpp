#include <net/hcn_calls.hpp>

#include <documents/network_documents.hpp>
#include <hcs/errors.hpp>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

constexpr raw::Hresult kAlreadyExists = raw::hresult(0x800700B7);
// For a success that carries an error record without a code.
constexpr raw::Hresult kFailed = raw::hresult(0x80004005);

// The end of a call: frees the record and turns it into an error.
Status judged(const raw::HostApi& api, raw::Hresult result, char16_t* record, const char* name,
              const std::string& object) {
    const std::string text = take_text(record, api.free_hcn);
    if (!raw::failed(result) && text.empty()) return ok();
    if (raw::failed(result)) return error_of(result, name, object, text);
    const json parsed = json::parse(text, nullptr, false);
    const auto code = parsed.is_object() ? static_cast<raw::Hresult>(parsed.value("ErrorCode", 0U)) : 0;
    return error_of(raw::failed(code) ? code : kFailed, name, object, text);
}

using Close = raw::Hresult (*)(raw::Handle);

// Closes a handle when its frame ends.
struct Closer {
    Close close;
    raw::Handle handle = nullptr;
    ~Closer() {
        if (handle != nullptr) (void)close(handle);
    }
};

Result<json> parsed(Result<std::string> text, const char* name) {
    if (!text) return std::move(text).error();
    json document = json::parse(*text, nullptr, false);
    if (!document.is_discarded()) return document;
    return Error(ErrorCode::kInternal, std::string(name) + ": the answer is not JSON");
}

Status without_text(Result<std::string> result) {
    if (result) return ok();
    return std::move(result).error();
}

}  // namespace

bool is_already_there(const Error& error) {
    return error.os().code == kAlreadyExists || error.os().code == raw::kHcnNetworkAlreadyExists;
}

Result<std::string> HcnCalls::call(const std::string& name, const std::string& object, const Limits& limits, Work work,
                                   std::function<void(const raw::HostApi&)> undo_late) const {
    std::function<void(std::string)> undo;
    if (undo_late) undo = [api = api_, undo_late = std::move(undo_late)](std::string) { undo_late(*api); };
    const std::function<Result<std::string>()> body = [api = api_, work = std::move(work)] { return work(*api); };
    return workers_.call<std::string>(limits, name + " '" + object + "'", body, undo);
}

Status HcnCalls::create_network(const Guid& id, const json& document, const Limits& limits) const {
    const std::u16string text = to_utf16(document.dump());
    const auto remove = [id](const raw::HostApi& api) {
        char16_t* record = nullptr;
        (void)api.HcnDeleteNetwork(id, &record);
        (void)take_text(record, api.free_hcn);
    };
    return without_text(call(
        "HcnCreateNetwork", id.text(), limits,
        [id, text, remove](const raw::HostApi& api) -> Result<std::string> {
            Closer network{api.HcnCloseNetwork};
            char16_t* record = nullptr;
            const raw::Hresult result = api.HcnCreateNetwork(id, text.c_str(), &network.handle, &record);
            Status made = judged(api, result, record, "HcnCreateNetwork", id.text());
            if (made) return std::string();
            if (!raw::failed(result)) remove(api);
            return std::move(made).error();
        },
        remove));
}

Result<json> HcnCalls::query_network(const Guid& id, const Limits& limits) const {
    const std::u16string query = to_utf16(hcn_query().dump());
    return parsed(call("HcnQueryNetworkProperties", id.text(), limits,
                       [id, query](const raw::HostApi& api) -> Result<std::string> {
                           Closer network{api.HcnCloseNetwork};
                           char16_t* record = nullptr;
                           const raw::Hresult opened = api.HcnOpenNetwork(id, &network.handle, &record);
                           if (Status open = judged(api, opened, record, "HcnOpenNetwork", id.text()); !open) {
                               return std::move(open).error();
                           }
                           char16_t* properties = nullptr;
                           record = nullptr;
                           const raw::Hresult result =
                               api.HcnQueryNetworkProperties(network.handle, query.c_str(), &properties, &record);
                           std::string text = take_text(properties, api.free_hcn);
                           Status read = judged(api, result, record, "HcnQueryNetworkProperties", id.text());
                           if (!read) return std::move(read).error();
                           return text;
                       }),
                  "HcnQueryNetworkProperties");
}

Status HcnCalls::delete_network(const Guid& id, const Limits& limits) const {
    return without_text(
        call("HcnDeleteNetwork", id.text(), limits, [id](const raw::HostApi& api) -> Result<std::string> {
            char16_t* record = nullptr;
            const raw::Hresult result = api.HcnDeleteNetwork(id, &record);
            Status done = judged(api, result, record, "HcnDeleteNetwork", id.text());
            if (!done) return std::move(done).error();
            return std::string();
        }));
}

Status HcnCalls::create_endpoint(const Guid& network_id, const Guid& id, const json& document,
                                 const Limits& limits) const {
    const std::u16string text = to_utf16(document.dump());
    const auto remove = [id](const raw::HostApi& api) {
        char16_t* record = nullptr;
        (void)api.HcnDeleteEndpoint(id, &record);
        (void)take_text(record, api.free_hcn);
    };
    return without_text(call(
        "HcnCreateEndpoint", id.text(), limits,
        [network_id, id, text, remove](const raw::HostApi& api) -> Result<std::string> {
            Closer network{api.HcnCloseNetwork}, endpoint{api.HcnCloseEndpoint};
            char16_t* record = nullptr;
            const raw::Hresult opened = api.HcnOpenNetwork(network_id, &network.handle, &record);
            if (Status open = judged(api, opened, record, "HcnOpenNetwork", network_id.text()); !open) {
                return std::move(open).error();
            }
            record = nullptr;
            const raw::Hresult result =
                api.HcnCreateEndpoint(network.handle, id, text.c_str(), &endpoint.handle, &record);
            Status made = judged(api, result, record, "HcnCreateEndpoint", id.text());
            if (made) return std::string();
            if (!raw::failed(result)) remove(api);
            return std::move(made).error();
        },
        remove));
}

Result<json> HcnCalls::query_endpoint(const Guid& id, const Limits& limits) const {
    const std::u16string query = to_utf16(hcn_query().dump());
    return parsed(call("HcnQueryEndpointProperties", id.text(), limits,
                       [id, query](const raw::HostApi& api) -> Result<std::string> {
                           Closer endpoint{api.HcnCloseEndpoint};
                           char16_t* record = nullptr;
                           const raw::Hresult opened = api.HcnOpenEndpoint(id, &endpoint.handle, &record);
                           if (Status open = judged(api, opened, record, "HcnOpenEndpoint", id.text()); !open) {
                               return std::move(open).error();
                           }
                           char16_t* properties = nullptr;
                           record = nullptr;
                           const raw::Hresult result =
                               api.HcnQueryEndpointProperties(endpoint.handle, query.c_str(), &properties, &record);
                           std::string text = take_text(properties, api.free_hcn);
                           Status read = judged(api, result, record, "HcnQueryEndpointProperties", id.text());
                           if (!read) return std::move(read).error();
                           return text;
                       }),
                  "HcnQueryEndpointProperties");
}

Status HcnCalls::delete_endpoint(const Guid& id, const Limits& limits) const {
    return without_text(
        call("HcnDeleteEndpoint", id.text(), limits, [id](const raw::HostApi& api) -> Result<std::string> {
            char16_t* record = nullptr;
            const raw::Hresult result = api.HcnDeleteEndpoint(id, &record);
            Status done = judged(api, result, record, "HcnDeleteEndpoint", id.text());
            if (!done) return std::move(done).error();
            return std::string();
        }));
}

Result<std::vector<Guid>> HcnCalls::list_endpoints(const Limits& limits) const {
    const std::u16string query = to_utf16(hcn_query().dump());
    const Result<json> list = parsed(call("HcnEnumerateEndpoints", "all", limits,
                                          [query](const raw::HostApi& api) -> Result<std::string> {
                                              char16_t *endpoints = nullptr, *record = nullptr;
                                              const raw::Hresult result =
                                                  api.HcnEnumerateEndpoints(query.c_str(), &endpoints, &record);
                                              std::string text = take_text(endpoints, api.free_hcn);
                                              Status read = judged(api, result, record, "HcnEnumerateEndpoints", "all");
                                              if (!read) return std::move(read).error();
                                              return text;
                                          }),
                                     "HcnEnumerateEndpoints");
    if (!list) return list.error();
    std::vector<Guid> ids;
    for (const json& entry : *list) {
        if (const auto id = Guid::parse(entry.is_string() ? entry.get<std::string>() : ""); id) ids.push_back(*id);
    }
    return ids;
}

Status HcnCalls::create_namespace(const Guid& id, const json& document, const Limits& limits) const {
    const std::u16string text = to_utf16(document.dump());
    const auto remove = [id](const raw::HostApi& api) {
        char16_t* record = nullptr;
        (void)api.HcnDeleteNamespace(id, &record);
        (void)take_text(record, api.free_hcn);
    };
    return without_text(call(
        "HcnCreateNamespace", id.text(), limits,
        [id, text, remove](const raw::HostApi& api) -> Result<std::string> {
            Closer name_space{api.HcnCloseNamespace};
            char16_t* record = nullptr;
            const raw::Hresult result = api.HcnCreateNamespace(id, text.c_str(), &name_space.handle, &record);
            Status made = judged(api, result, record, "HcnCreateNamespace", id.text());
            if (made) return std::string();
            if (!raw::failed(result)) remove(api);
            return std::move(made).error();
        },
        remove));
}

Result<json> HcnCalls::query_namespace(const Guid& id, const Limits& limits) const {
    const std::u16string query = to_utf16(hcn_query().dump());
    return parsed(call("HcnQueryNamespaceProperties", id.text(), limits,
                       [id, query](const raw::HostApi& api) -> Result<std::string> {
                           Closer name_space{api.HcnCloseNamespace};
                           char16_t* record = nullptr;
                           const raw::Hresult opened = api.HcnOpenNamespace(id, &name_space.handle, &record);
                           if (Status open = judged(api, opened, record, "HcnOpenNamespace", id.text()); !open) {
                               return std::move(open).error();
                           }
                           char16_t* properties = nullptr;
                           record = nullptr;
                           const raw::Hresult result =
                               api.HcnQueryNamespaceProperties(name_space.handle, query.c_str(), &properties, &record);
                           std::string text = take_text(properties, api.free_hcn);
                           Status read = judged(api, result, record, "HcnQueryNamespaceProperties", id.text());
                           if (!read) return std::move(read).error();
                           return text;
                       }),
                  "HcnQueryNamespaceProperties");
}

Status HcnCalls::modify_namespace(const Guid& id, const json& request, const Limits& limits) const {
    const std::u16string text = to_utf16(request.dump());
    return without_text(
        call("HcnModifyNamespace", id.text(), limits, [id, text](const raw::HostApi& api) -> Result<std::string> {
            Closer name_space{api.HcnCloseNamespace};
            char16_t* record = nullptr;
            const raw::Hresult opened = api.HcnOpenNamespace(id, &name_space.handle, &record);
            if (Status open = judged(api, opened, record, "HcnOpenNamespace", id.text()); !open) {
                return std::move(open).error();
            }
            record = nullptr;
            const raw::Hresult result = api.HcnModifyNamespace(name_space.handle, text.c_str(), &record);
            Status done = judged(api, result, record, "HcnModifyNamespace", id.text());
            if (!done) return std::move(done).error();
            return std::string();
        }));
}

Status HcnCalls::delete_namespace(const Guid& id, const Limits& limits) const {
    return without_text(
        call("HcnDeleteNamespace", id.text(), limits, [id](const raw::HostApi& api) -> Result<std::string> {
            char16_t* record = nullptr;
            const raw::Hresult result = api.HcnDeleteNamespace(id, &record);
            Status done = judged(api, result, record, "HcnDeleteNamespace", id.text());
            if (!done) return std::move(done).error();
            return std::string();
        }));
}

}  // namespace slipway::windows_backend
