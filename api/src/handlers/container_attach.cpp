#include "handlers/container_attach.hpp"

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

Result<AttachTarget> find_attach_target(const Exchange& exchange) {
    Result<std::string> keys = parse_detach_keys(exchange.query.get("detachKeys"));
    if (!keys) return std::move(keys).error();
    const Result<core::RecordPtr> record = exchange.engine().find_container(exchange.part("name"));
    if (!record) return record.error();
    if (Status attachable = check_attachable(**record); !attachable) return std::move(attachable).error();

    AttachTarget target;
    target.record = *record;
    target.tty = (*record)->config.value("Tty", false);
    target.options.logs = exchange.query.flag("logs");
    target.options.stream = exchange.query.flag("stream");
    target.options.want_stdin = exchange.query.flag("stdin");
    target.options.want_stdout = exchange.query.flag("stdout");
    target.options.want_stderr = exchange.query.flag("stderr");
    // Only a terminal has keys; in a pipe the bytes are data.
    if (target.tty) target.options.detach_keys = std::move(*keys);
    return target;
}

Status handle_container_attach(Exchange& exchange) {
    Result<AttachTarget> target = find_attach_target(exchange);
    if (!target) return std::move(target).error();
    core::AttachOptions& options = target->options;
    options.multiplexed = !target->tty;
    options.stream_handle = exchange.client.descriptor();
    options.preamble = upgrade_head(exchange, target->tty);
    // What the client sent right behind its request is input for the container.
    options.early_input = std::string(exchange.client.buffered());

    if (Status attached = exchange.engine().attach_container(target->record->id, options); !attached) return attached;
    exchange.client.consume(options.early_input.size());
    exchange.response.hand_over();
    return ok();
}

}  // namespace slipway::api
