// core/src/plugin_host/abi_call.hpp - one call across the C ABI: limits in, error and text out, nothing thrown.
#pragma once

#include <slipway/core/backend.hpp>

#include <slipway/cpp/text.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace slipway::core {

// Names a call in messages: "backend 'linux': slw.mount/1 layer_list".
struct CallName {
    const std::string& backend;
    const char* extension;
    const char* function;

    std::string text() const;
};

// The slw_call for `context`, which must outlive it.
class AbiLimits {
public:
    explicit AbiLimits(const CallContext& context);
    const slw_call* get() const { return &call_; }

private:
    slw_call call_{};
};

// kInternal naming backend, call and `what` it did wrong.
Error contract_error(const CallName& name, const std::string& what);

// kUnimplemented: "backend 'x' does not support <what>".
Error unsupported(const std::string& backend, const std::string& what);

// The Error for a failed call: code, texts and OS number from the plugin, texts made valid UTF-8 because they end up in
// JSON documents.
Error plugin_error(const CallName& name, slw_status status, const slw_error& err);

// Replaces bytes that are not UTF-8 by U+FFFD.
std::string valid_utf8(std::string text);

// Calls `function(err)`. A plugin that throws in spite of the contract is reported, not propagated.
template <class Function>
Status invoke(const CallName& name, Function&& function) {
    slw_error err{};
    err.struct_size = sizeof(err);
    slw_status status = SLW_ERR_INTERNAL;
    try {
        status = function(&err);
    } catch (...) {
        return contract_error(name, "threw an exception across the ABI");
    }
    if (status == SLW_OK) return ok();
    return plugin_error(name, status, err);
}

// Calls `function(sink, err)` and returns the text it wrote; more than 16 MiB is a broken contract.
template <class Function>
Result<std::string> invoke_for_text(const CallName& name, Function&& function) {
    StringSink sink;
    Status status = invoke(name, [&](slw_error* err) { return function(sink.get(), err); });
    if (sink.overflowed()) return contract_error(name, "wrote more than 16 MiB");
    if (!status) return std::move(status).error();
    return sink.take();
}

// Parses what a call wrote, which must be a JSON value of `type`.
Result<nlohmann::json> parse_reply(const CallName& name, const std::string& text, nlohmann::json::value_t type);

// As invoke_for_text(), parsed.
template <class Function>
Result<nlohmann::json> invoke_for_json(const CallName& name, nlohmann::json::value_t type, Function&& function) {
    Result<std::string> text = invoke_for_text(name, std::forward<Function>(function));
    if (!text) return std::move(text).error();
    return parse_reply(name, *text, type);
}

// The JSON text of a request; kInvalidArgument when a string in it is not UTF-8.
Result<std::string> request_text(const nlohmann::json& request);

// kInvalidArgument when `value` could not cross as a C string because it has a NUL inside.
Status check_c_string(const char* what, std::string_view value);

}  // namespace slipway::core
