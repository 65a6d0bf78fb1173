#include <hcs/process.hpp>

#include <documents/json_access.hpp>
#include <hcs/errors.hpp>
#include <hcs/operation.hpp>

#include <utility>

namespace slipway::windows_backend {
namespace {

using nlohmann::json;

std::unique_ptr<Stream> stream_of(raw::Handle handle) {
    if (handle == nullptr || handle == raw::kNoHandle) return nullptr;
    return Stream::adopt(handle);
}

// In the words of the engine: the command is what is wrong.
Error command_error(Error error, const json& parameters) {
    const std::string line = read_text(parameters, "CommandLine");
    const int32_t code = error.os().code;
    if (code == raw::kFileNotFound || code == raw::kPathNotFound) {
        return std::move(error)
            .context("exec: \"" + line + "\": executable file not found in %PATH%")
            .with_code(ErrorCode::kExecNotFound)
            .with_resource(line);
    }
    if (code == raw::kAccessDenied) {
        return std::move(error)
            .context("exec: \"" + line + "\": permission denied")
            .with_code(ErrorCode::kExecDenied)
            .with_resource(line);
    }
    if (code == raw::kDirectory) {
        const std::string directory = read_text(parameters, "WorkingDirectory");
        return std::move(error)
            .context("working directory '" + directory + "'")
            .with_code(ErrorCode::kExecDenied)
            .with_resource(directory);
    }
    return error;
}

}  // namespace

Result<Process::Started> Process::start(const System& system, const json& parameters, const Limits& limits) {
    const Api& api = system.api();
    const std::string name = "HcsCreateProcess";
    if (Status allowed = limits.check(name + " '" + system.id() + "'"); !allowed) return std::move(allowed).error();
    const std::u16string text = to_utf16(parameters.dump());
    raw::Handle handle = nullptr;
    Result<raw::ProcessInformation> info = Error(ErrorCode::kInternal, "not asked");
    {
        Operation operation(api);
        const raw::Hresult accepted =
            api->HcsCreateProcess(system.get(), text.c_str(), operation.get(), nullptr, &handle);
        if (raw::failed(accepted)) return command_error(error_of(accepted, name, system.id()), parameters);
        info = operation.wait_process(limits, name, system.id());
    }
    Process process(api, system.id(), handle);
    // Server 2022 sometimes says so of a process that runs: then, and only then, it is asked once more, and when that
    // fails, too, the first answer counts.
    if (!info && info.error().os().code == raw::kInvalidArgument && handle != nullptr) {
        Operation again(api);
        if (!raw::failed(api->HcsGetProcessInfo(handle, again.get()))) {
            Result<raw::ProcessInformation> recovered = again.wait_process(limits, "HcsGetProcessInfo", system.id());
            if (recovered) info = *recovered;
        }
        if (!info) (void)process.terminate(limits);
    }
    if (!info) return command_error(std::move(info).error(), parameters);
    process.id_ = info->process_id;
    ProcessPipes pipes{stream_of(info->std_input), stream_of(info->std_output), stream_of(info->std_error)};
    return Started{std::move(process), std::move(pipes)};
}

Process::Process(Process&& other) noexcept
    : api_(std::move(other.api_)),
      object_(std::move(other.object_)),
      handle_(std::exchange(other.handle_, nullptr)),
      id_(other.id_),
      events_(std::move(other.events_)) {}

Process& Process::operator=(Process&& other) noexcept {
    if (this != &other) {
        close();
        api_ = std::move(other.api_);
        object_ = std::move(other.object_);
        handle_ = std::exchange(other.handle_, nullptr);
        id_ = other.id_;
        events_ = std::move(other.events_);
    }
    return *this;
}

Process::~Process() {
    close();
}

void Process::close() {
    if (handle_ != nullptr) api_->HcsCloseProcess(std::exchange(handle_, nullptr));
}

Status Process::watch(EventHandler handler) {
    events_ = EventSubscription(std::move(handler));
    const raw::Hresult result = api_->HcsSetProcessCallback(handle_, 0, events_.context(), &EventSubscription::deliver);
    if (raw::failed(result)) return error_of(result, "HcsSetProcessCallback", object_);
    return ok();
}

Status Process::terminate(const Limits& limits) const {
    const auto done = run_operation(api_, limits, "HcsTerminateProcess", object_, [&](raw::Handle operation) {
        return api_->HcsTerminateProcess(handle_, operation, nullptr);
    });
    return done ? Status(ok()) : Status(done.error());
}

Status Process::signal(const std::string& name, const Limits& limits) const {
    const std::u16string options = to_utf16(json{{"Signal", name}}.dump());
    const auto done = run_operation(api_, limits, "HcsSignalProcess", object_, [&](raw::Handle operation) {
        return api_->HcsSignalProcess(handle_, operation, options.c_str());
    });
    return done ? Status(ok()) : Status(done.error());
}

Status Process::modify(const json& request, const Limits& limits) const {
    const std::u16string text = to_utf16(request.dump());
    const auto done = run_operation(api_, limits, "HcsModifyProcess", object_, [&](raw::Handle operation) {
        return api_->HcsModifyProcess(handle_, operation, text.c_str());
    });
    return done ? Status(ok()) : Status(done.error());
}

Result<json> Process::status(const Limits& limits) const {
    const auto text = run_operation(api_, limits, "HcsGetProcessProperties", object_, [&](raw::Handle operation) {
        return api_->HcsGetProcessProperties(handle_, operation, nullptr);
    });
    if (!text) return text.error();
    json status = json::parse(*text, nullptr, false);
    if (status.is_object()) return status;
    return Error(ErrorCode::kInternal, "HcsGetProcessProperties '" + object_ + "': the answer is not a JSON object");
}

}  // namespace slipway::windows_backend
