#include "handlers/handlers.hpp"
#include "handlers/upgrade.hpp"
#include "http/detach_keys.hpp"

namespace slipway::api {
namespace {

Status check_attachable(const core::ContainerRecord& record) {
    if (record.state == core::RunState::kPaused) {
        return Error(ErrorCode::kConflict,
                     "container " + record.id + " is paused, unpause the container before attach");
    }
    if (record.state == core::RunState::kRestarting) {
        return Error(ErrorCode::kConflict,
                     "container " + record.id + " is restarting, wait until the container is running");
    }
    return ok();
}

}  // namespace

Status handle_container_attach(Exchange& exchange) {
    Result<std::string> keys = parse_detach_keys(exchange.query.get("detachKeys"));
    if (!keys) return std::move(keys).error();
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    if (!record) return record.error();
    if (Status attachable = check_attachable(**record); !attachable) return attachable;

    const bool tty = (*record)->config.value("Tty", false);
    core::AttachOptions options;
    options.logs = exchange.query.flag("logs");
    options.stream = exchange.query.flag("stream");
    options.want_stdin = exchange.query.flag("stdin");
    options.want_stdout = exchange.query.flag("stdout");
    options.want_stderr = exchange.query.flag("stderr");
    options.multiplexed = !tty;
    // Only a terminal has keys; in a pipe the bytes are data.
    if (tty) options.detach_keys = std::move(*keys);
    options.stream_handle = exchange.client.descriptor();
    options.preamble = upgrade_head(exchange, tty);
    // What the client sent right behind its request is input for the container.
    options.early_input = std::string(exchange.client.buffered());

    if (Status attached = exchange.engine().attach_container((*record)->id, options); !attached) return attached;
    exchange.client.consume(options.early_input.size());
    exchange.response.hand_over();
    return ok();
}

}  // namespace slipway::api
