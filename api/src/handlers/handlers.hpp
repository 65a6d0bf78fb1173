// api/src/handlers/handlers.hpp - the handlers the route table names. Shapes: the Docker Engine API v1.51 reference.
#pragma once

#include "exchange.hpp"

namespace slipway::api {

// system.cpp
Status handle_ping(Exchange& exchange);
Status handle_version(Exchange& exchange);
Status handle_info(Exchange& exchange);
Status handle_backends(Exchange& exchange);
Status handle_metrics(Exchange& exchange);
// events.cpp
Status handle_events(Exchange& exchange);
// container_create.cpp, container_read.cpp
Status handle_container_create(Exchange& exchange);
Status handle_container_list(Exchange& exchange);
Status handle_container_inspect(Exchange& exchange);
// container_start.cpp
Status handle_container_start(Exchange& exchange);
// container_update.cpp
Status handle_container_update(Exchange& exchange);
// container_actions.cpp
Status handle_container_stop(Exchange& exchange);
Status handle_container_restart(Exchange& exchange);
Status handle_container_kill(Exchange& exchange);
Status handle_container_pause(Exchange& exchange);
Status handle_container_unpause(Exchange& exchange);
Status handle_container_rename(Exchange& exchange);
Status handle_container_resize(Exchange& exchange);
Status handle_container_remove(Exchange& exchange);
Status handle_container_prune(Exchange& exchange);
// container_streams.cpp
Status handle_container_wait(Exchange& exchange);
Status handle_container_logs(Exchange& exchange);
// container_observe.cpp
Status handle_container_stats(Exchange& exchange);
Status handle_container_top(Exchange& exchange);
// container_archive.cpp
Status handle_archive_get(Exchange& exchange);
Status handle_archive_head(Exchange& exchange);
Status handle_archive_put(Exchange& exchange);
Status handle_container_changes(Exchange& exchange);
Status handle_container_export(Exchange& exchange);
// container_attach.cpp
Status handle_container_attach(Exchange& exchange);
Status handle_container_attach_ws(Exchange& exchange);
// exec.cpp
Status handle_exec_create(Exchange& exchange);
Status handle_exec_start(Exchange& exchange);
Status handle_exec_inspect(Exchange& exchange);
Status handle_exec_resize(Exchange& exchange);
// images.cpp
Status handle_image_list(Exchange& exchange);
Status handle_image_inspect(Exchange& exchange);
Status handle_image_create(Exchange& exchange);
Status handle_image_load(Exchange& exchange);
Status handle_image_tag(Exchange& exchange);
Status handle_image_remove(Exchange& exchange);
// networks.cpp
Status handle_network_list(Exchange& exchange);
Status handle_network_inspect(Exchange& exchange);
// volumes.cpp
Status handle_volume_list(Exchange& exchange);
Status handle_volume_inspect(Exchange& exchange);
Status handle_volume_create(Exchange& exchange);
Status handle_volume_remove(Exchange& exchange);
Status handle_volume_prune(Exchange& exchange);

}  // namespace slipway::api
