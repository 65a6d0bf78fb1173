#include "handlers/handlers.hpp"
#include "router.hpp"

#include <array>

namespace slipway::api {
namespace {

constexpr Route here(std::string_view method, std::string_view pattern, Handler handler, ApiVersion since = {1, 0}) {
    return Route{method, pattern, handler, since, {}};
}

// A route of Docker's that this version answers with 501, naming the feature.
constexpr Route later(std::string_view method, std::string_view pattern, std::string_view feature) {
    return Route{method, pattern, nullptr, {1, 0}, feature};
}

constexpr std::string_view kNetworks = "user-defined networks";
constexpr std::string_view kSwarm = "swarm mode";
constexpr std::string_view kPlugins = "Docker's managed plugins";
constexpr std::string_view kBuild = "building images";
constexpr std::string_view kSave = "saving images";

constexpr auto kRoutes = std::to_array<Route>({
    here("GET", "/_ping", handle_ping),
    here("HEAD", "/_ping", handle_ping),
    here("GET", "/version", handle_version),
    here("GET", "/info", handle_info),
    here("GET", "/events", handle_events),
    here("GET", "/slipway/backends", handle_backends),
    here("GET", "/metrics", handle_metrics),

    here("POST", "/containers/create", handle_container_create),
    here("GET", "/containers/json", handle_container_list),
    here("GET", "/containers/{name:.*}/json", handle_container_inspect),
    here("POST", "/containers/prune", handle_container_prune, {1, 25}),
    here("POST", "/containers/{name:.*}/start", handle_container_start),
    here("POST", "/containers/{name:.*}/update", handle_container_update),
    here("POST", "/containers/{name:.*}/stop", handle_container_stop),
    here("POST", "/containers/{name:.*}/restart", handle_container_restart),
    here("POST", "/containers/{name:.*}/kill", handle_container_kill),
    here("POST", "/containers/{name:.*}/pause", handle_container_pause),
    here("POST", "/containers/{name:.*}/unpause", handle_container_unpause),
    here("POST", "/containers/{name:.*}/wait", handle_container_wait),
    here("POST", "/containers/{name:.*}/resize", handle_container_resize),
    here("POST", "/containers/{name:.*}/attach", handle_container_attach),
    here("GET", "/containers/{name:.*}/attach/ws", handle_container_attach_ws),
    here("POST", "/containers/{name:.*}/exec", handle_exec_create),
    here("POST", "/exec/{id}/start", handle_exec_start),
    here("POST", "/exec/{id}/resize", handle_exec_resize),
    here("GET", "/exec/{id}/json", handle_exec_inspect),
    here("POST", "/containers/{name:.*}/rename", handle_container_rename),
    here("GET", "/containers/{name:.*}/logs", handle_container_logs),
    here("GET", "/containers/{name:.*}/stats", handle_container_stats),
    here("GET", "/containers/{name:.*}/top", handle_container_top),
    here("GET", "/containers/{name:.*}/changes", handle_container_changes),
    here("GET", "/containers/{name:.*}/export", handle_container_export),
    here("GET", "/containers/{name:.*}/archive", handle_archive_get, {1, 20}),
    here("HEAD", "/containers/{name:.*}/archive", handle_archive_head, {1, 20}),
    here("PUT", "/containers/{name:.*}/archive", handle_archive_put, {1, 20}),
    here("DELETE", "/containers/{name:.*}", handle_container_remove),

    here("GET", "/images/json", handle_image_list),
    here("POST", "/images/create", handle_image_create),
    here("POST", "/images/load", handle_image_load),
    here("GET", "/images/{name:.*}/json", handle_image_inspect),
    here("POST", "/images/{name:.*}/tag", handle_image_tag),
    here("DELETE", "/images/{name:.*}", handle_image_remove),

    here("GET", "/networks", handle_network_list),
    here("GET", "/networks/", handle_network_list),
    here("GET", "/networks/{id:.*}", handle_network_inspect),

    here("GET", "/volumes", handle_volume_list),
    here("GET", "/volumes/{name:.*}", handle_volume_inspect),
    here("POST", "/volumes/create", handle_volume_create),
    here("POST", "/volumes/prune", handle_volume_prune, {1, 25}),
    here("DELETE", "/volumes/{name:.*}", handle_volume_remove),

    later("POST", "/containers/{name:.*}/copy", "the copy route of API versions before 1.24; use archive"),
    later("GET", "/containers/{name:.*}/checkpoints", "checkpoints"),
    later("POST", "/containers/{name:.*}/checkpoints", "checkpoints"),
    later("DELETE", "/containers/{name:.*}/checkpoints/{checkpoint}", "checkpoints"),

    later("GET", "/images/search", "searching a registry"),
    later("GET", "/images/get", kSave),
    later("GET", "/images/{name:.*}/get", kSave),
    later("GET", "/images/{name:.*}/history", "image history"),
    later("POST", "/images/{name:.*}/push", "pushing images"),
    later("POST", "/images/prune", "pruning images"),
    later("POST", "/build", kBuild),
    later("POST", "/build/prune", kBuild),
    later("POST", "/build/cancel", kBuild),
    later("POST", "/commit", "making an image from a container (commit)"),
    later("POST", "/auth", "logging in to a registry"),
    later("GET", "/distribution/{name:.*}/json", "asking a registry about an image"),
    later("POST", "/session", "build sessions"),
    later("POST", "/grpc", "build sessions"),
    later("GET", "/system/df", "disk usage (system df)"),

    later("PUT", "/volumes/{name:.*}", "cluster volumes"),
    later("POST", "/networks/create", kNetworks),
    later("POST", "/networks/prune", kNetworks),
    later("POST", "/networks/{id:.*}/connect", kNetworks),
    later("POST", "/networks/{id:.*}/disconnect", kNetworks),
    later("DELETE", "/networks/{id:.*}", kNetworks),

    later("GET", "/plugins", kPlugins),
    later("GET", "/plugins/{rest:.*}", kPlugins),
    later("POST", "/plugins/{rest:.*}", kPlugins),
    later("DELETE", "/plugins/{rest:.*}", kPlugins),
    later("GET", "/swarm", kSwarm),
    later("GET", "/swarm/{rest:.*}", kSwarm),
    later("POST", "/swarm/{rest:.*}", kSwarm),
    later("GET", "/nodes", kSwarm),
    later("GET", "/nodes/{rest:.*}", kSwarm),
    later("POST", "/nodes/{rest:.*}", kSwarm),
    later("DELETE", "/nodes/{rest:.*}", kSwarm),
    later("GET", "/services", kSwarm),
    later("GET", "/services/{rest:.*}", kSwarm),
    later("POST", "/services/{rest:.*}", kSwarm),
    later("DELETE", "/services/{rest:.*}", kSwarm),
    later("GET", "/tasks", kSwarm),
    later("GET", "/tasks/{rest:.*}", kSwarm),
    later("GET", "/secrets", kSwarm),
    later("GET", "/secrets/{rest:.*}", kSwarm),
    later("POST", "/secrets/{rest:.*}", kSwarm),
    later("DELETE", "/secrets/{rest:.*}", kSwarm),
    later("GET", "/configs", kSwarm),
    later("GET", "/configs/{rest:.*}", kSwarm),
    later("POST", "/configs/{rest:.*}", kSwarm),
    later("DELETE", "/configs/{rest:.*}", kSwarm),
});

}  // namespace

std::span<const Route> all_routes() {
    return kRoutes;
}

}  // namespace slipway::api
