#include "plugin_host/tables.hpp"

#include <initializer_list>

namespace slipway::core {
namespace {

struct Slot {
    const char* name;
    bool filled;
};

const char* first_empty(std::initializer_list<Slot> slots) {
    for (const Slot& slot : slots) {
        if (!slot.filled) return slot.name;
    }
    return nullptr;
}

}  // namespace

const char* missing_function(const slw_create_ops& ops) {
    return first_empty({{"verify", ops.verify != nullptr},
                        {"container_open", ops.container_open != nullptr},
                        {"container_close", ops.container_close != nullptr},
                        {"build_spec", ops.build_spec != nullptr},
                        {"create", ops.create != nullptr},
                        {"start", ops.start != nullptr},
                        {"signal", ops.signal != nullptr},
                        {"status", ops.status != nullptr},
                        {"destroy", ops.destroy != nullptr}});
}

const char* missing_function(const slw_mount_ops& ops) {
    return first_empty({{"layer_import", ops.layer_import != nullptr},
                        {"layer_stat", ops.layer_stat != nullptr},
                        {"layer_remove", ops.layer_remove != nullptr},
                        {"layer_list", ops.layer_list != nullptr},
                        {"root_create", ops.root_create != nullptr},
                        {"root_remove", ops.root_remove != nullptr},
                        {"root_mount", ops.root_mount != nullptr},
                        {"root_unmount", ops.root_unmount != nullptr},
                        {"mount", ops.mount != nullptr},
                        {"unmount", ops.unmount != nullptr},
                        {"root_size", ops.root_size != nullptr}});
}

const char* missing_function(const slw_network_ops& ops) {
    return first_empty({{"network_create", ops.network_create != nullptr},
                        {"network_remove", ops.network_remove != nullptr},
                        {"sandbox_create", ops.sandbox_create != nullptr},
                        {"sandbox_destroy", ops.sandbox_destroy != nullptr},
                        {"endpoint_attach", ops.endpoint_attach != nullptr},
                        {"endpoint_detach", ops.endpoint_detach != nullptr}});
}

const char* missing_function(const slw_stdio_ops& ops) {
    return first_empty({{"attach", ops.attach != nullptr}, {"resize", ops.resize != nullptr}});
}

const char* missing_function(const slw_reconcile_ops& ops) {
    return first_empty(
        {{"list", ops.list != nullptr}, {"adopt", ops.adopt != nullptr}, {"remove", ops.remove != nullptr}});
}

const char* missing_function(const slw_pause_ops& ops) {
    return first_empty({{"pause", ops.pause != nullptr}, {"resume", ops.resume != nullptr}});
}

const char* missing_function(const slw_exec_ops& ops) {
    return first_empty({{"start", ops.start != nullptr},
                        {"signal", ops.signal != nullptr},
                        {"resize", ops.resize != nullptr},
                        {"output", ops.output != nullptr},
                        {"release", ops.release != nullptr}});
}

const char* missing_function(const slw_update_ops& ops) {
    return first_empty({{"update", ops.update != nullptr}});
}

const char* missing_function(const slw_stats_ops& ops) {
    return first_empty({{"read", ops.read != nullptr}});
}

const char* missing_function(const slw_top_ops& ops) {
    return first_empty({{"list", ops.list != nullptr}});
}

const char* missing_function(const slw_archive_ops& ops) {
    return first_empty({{"stat", ops.stat != nullptr},
                        {"get", ops.get != nullptr},
                        {"put", ops.put != nullptr},
                        {"export_root", ops.export_root != nullptr}});
}

}  // namespace slipway::core
