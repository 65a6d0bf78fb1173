// network_ops.cpp - slw.network/1: one address after the other, and a set of ports that are taken.
#include <algorithm>

#include "backend.hpp"

namespace example {
namespace {

using nlohmann::json;

slw_status SLW_CALL network_create(slw_backend*, const slw_call*, slw_text network, slw_sink* out,
                                   slw_error* err) noexcept {
    return slipway::guarded(err, [&]() -> Status {
        const slipway::Result<json> document = object_from(network);
        if (!document) return document.error();
        const std::string driver = document->value("Driver", "");
        if (driver != "bridge" && driver != "host" && driver != "null") {
            return Error(ErrorCode::kUnimplemented, "the example backend has no network driver '" + driver + "'");
        }
        return slipway::write_to(out, document->dump());
    });
}

slw_status SLW_CALL network_remove(slw_backend* b, const slw_call*, slw_text network, slw_error* err) noexcept {
    return locked(b, err, [&]() -> Status {
        const slipway::Result<json> document = object_from(network);
        if (!document) return document.error();
        const std::string id = document->value("Id", "");
        for (const auto& entry : b->containers) {
            if (entry.second.endpoints.count(id) != 0) {
                return Error(ErrorCode::kConflict, "network " + id + " has endpoints").with_resource(entry.first);
            }
        }
        return ok();
    });
}

void detach(slw_container& c, const std::string& network_id) {
    for (const std::string& port : c.endpoints[network_id]) c.backend->ports.erase(port);
    c.endpoints.erase(network_id);
}

// Picks the first free host port of the range `port` asks for, and writes it there and into `wanted`.
Status choose_port(const std::set<std::string>& taken, std::set<std::string>& wanted, json& port) {
    const std::string proto = port.value("Proto", "tcp") + "/";
    const int asked = port.value("HostPort", 0);
    const int last = asked == 0 ? 65535 : std::max(asked, port.value("HostPortEnd", asked));
    for (int number = asked == 0 ? 49153 : asked; number <= last; ++number) {
        const std::string key = proto + std::to_string(number);
        if (taken.count(key) != 0 || !wanted.insert(key).second) continue;
        port["HostPort"] = number;
        return ok();
    }
    const std::string key = proto + std::to_string(asked);
    return Error(ErrorCode::kConflict, key + ": port is already allocated").with_resource(key);
}

slw_status SLW_CALL sandbox_create(slw_container* c, const slw_call*, slw_text sandbox, slw_sink* out,
                                   slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        if (const auto document = object_from(sandbox); !document) return document.error();
        if (Status s = slipway::write_to(out, json{{"SandboxKey", "example:" + c->id}}.dump()); !s) return s;
        c->has_sandbox = true;
        return ok();
    });
}

slw_status SLW_CALL sandbox_destroy(slw_container* c, const slw_call*, slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        while (!c->endpoints.empty()) detach(*c, std::string(c->endpoints.begin()->first));
        c->has_sandbox = false;
        return ok();
    });
}

slw_status SLW_CALL endpoint_attach(slw_container* c, const slw_call*, slw_text endpoint, slw_sink* out,
                                    slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        const slipway::Result<json> document = object_from(endpoint);
        if (!document) return document.error();
        const std::string network_id = document->value("Network", json::object()).value("Id", "");
        if (c->endpoints.count(network_id) != 0) return Error(ErrorCode::kConflict, "attached to " + network_id);

        json ports = document->value("Ports", json::array());
        std::set<std::string> wanted;
        for (json& port : ports) {
            if (Status s = choose_port(c->backend->ports, wanted, port); !s) return s;
        }
        const json answer = {{"IPAddress", "10.88.0." + std::to_string(c->backend->last_address + 1)},
                             {"IPPrefixLen", 24},
                             {"Gateway", "10.88.0.1"},
                             {"Ports", ports}};
        if (Status s = slipway::write_to(out, answer.dump()); !s) return s;
        // All or nothing: from here on nothing fails.
        c->backend->last_address = c->backend->last_address % 253 + 1;
        c->backend->ports.insert(wanted.begin(), wanted.end());
        c->endpoints[network_id] = std::move(wanted);
        return ok();
    });
}

slw_status SLW_CALL endpoint_detach(slw_container* c, const slw_call*, const char* network_id,
                                    slw_error* err) noexcept {
    return locked(c->backend, err, [&]() -> Status {
        detach(*c, network_id);
        return ok();
    });
}

}  // namespace

const slw_network_ops kNetworkOps = {
    sizeof(slw_network_ops), 0, &network_create, &network_remove, &sandbox_create, &sandbox_destroy, &endpoint_attach,
    &endpoint_detach};

}  // namespace example
