#include "plugin_host/abi_call.hpp"

namespace slipway::core {
namespace {

using nlohmann::json;

int32_t SLW_CALL is_cancelled(void* ctx) noexcept {
    return static_cast<const CancelToken*>(ctx)->is_cancelled() ? 1 : 0;
}

}  // namespace

std::string CallName::text() const {
    return "backend '" + backend + "': " + extension + (*extension != '\0' ? " " : "") + function;
}

AbiLimits::AbiLimits(const CallContext& context) {
    call_.struct_size = sizeof(call_);
    call_.deadline_ns = context.deadline;
    if (context.cancel == nullptr) return;
    // The C side has one kind of context pointer; is_cancelled() takes the const back.
    call_.cancel_ctx = const_cast<CancelToken*>(context.cancel);
    call_.cancelled = is_cancelled;
}

Error contract_error(const CallName& name, const std::string& what) {
    return Error(ErrorCode::kInternal, name.text() + " " + what).with_operation(name.function);
}

Error unsupported(const std::string& backend, const std::string& what) {
    return Error(ErrorCode::kUnimplemented, "backend '" + backend + "' does not support " + what)
        .with_resource(backend);
}

std::string valid_utf8(std::string text) {
    // nlohmann/json carries the decoder already: its serializer replaces what is invalid.
    const std::string quoted = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
    const json back = json::parse(quoted, nullptr, false);
    return back.is_string() ? back.get<std::string>() : std::string();
}

Error plugin_error(const CallName& name, slw_status status, const slw_error& err) {
    if (err.message[0] == '\0') {
        return Error(error_code_from(status),
                     name.text() + " failed without saying why (status " + std::to_string(status) + ")")
            .with_os(err.os_domain, err.os_code);
    }
    const Error raw = from_abi(status, err);
    return Error(raw.code(), valid_utf8(raw.message()))
        .with_os(raw.os().domain, raw.os().code)
        .with_operation(valid_utf8(raw.operation()))
        .with_resource(valid_utf8(raw.resource()))
        .with_hint(valid_utf8(raw.hint()));
}

Result<json> parse_reply(const CallName& name, const std::string& text, json::value_t type) {
    json reply = json::parse(text, nullptr, false);
    if (reply.is_discarded()) return contract_error(name, "wrote text that is not JSON");
    if (reply.type() != type) {
        return contract_error(
            name, std::string("wrote a JSON ") + reply.type_name() + " instead of an " + json(type).type_name());
    }
    return reply;
}

Result<std::string> request_text(const json& request) {
    try {
        return request.dump();
    } catch (const json::exception& e) {
        return Error(ErrorCode::kInvalidArgument, std::string("the request is not valid UTF-8: ") + e.what());
    }
}

Status check_c_string(const char* what, std::string_view value) {
    if (value.find('\0') == std::string_view::npos) return ok();
    return Error(ErrorCode::kInvalidArgument, std::string(what) + " has a NUL character inside");
}

}  // namespace slipway::core
