// Processes in compute systems.
#include "host.hpp"
#include "schema.hpp"

namespace slipway::simulated_hcs {
namespace {

using State = System::State;

ChildSpec child_spec(const json& parameters) {
    ChildSpec spec;
    spec.command_line = parameters["CommandLine"];
    const json environment = parameters.value("Environment", json::object());  // items() keeps a reference to it
    for (const auto& [name, value] : environment.items()) {
        spec.environment[name] = value.get<std::string>();
    }
    spec.in = parameters.value("CreateStdInPipe", false);
    spec.out = parameters.value("CreateStdOutPipe", false);
    spec.err = parameters.value("CreateStdErrPipe", false);
    spec.console = parameters.value("EmulateConsole", false);
    return spec;
}

json process_status(const Process& process) {
    json status = {{"ProcessId", process.id}};
    if (process.exited) {
        status["Exited"] = true;
        if (process.exit_code != 0) status["ExitCode"] = process.exit_code;  // zeros are left out
    }
    return status;
}

// Starts the process of a CreateProcess that was accepted.
Outcome launch(Host& host, const std::shared_ptr<System>& system, const std::shared_ptr<Process>& process,
               const std::shared_ptr<Operation>& operation, const std::string& text, const Rule& rule) {
    const json parameters = json::parse(text, nullptr, false);
    const Problem problem = parameters.is_discarded() ? Problem("document: is not JSON") : check_process(parameters);
    if (problem) return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
    if (system->state == State::kStopped) return {raw::kHcsSystemAlreadyStopped, ""};
    if (system->state != State::kRunning || system->stands_still()) return {raw::kHcsInvalidState, ""};
    process->console = parameters.value("EmulateConsole", false);
    process->exit_rule = rule;
    Hresult result = raw::kOk;
    const std::weak_ptr<Process> weak = process;
    process->child = Child::start(
        child_spec(parameters),
        [&host, weak](uint32_t code) {
            const std::lock_guard lock(host.mutex);
            host.post(std::chrono::milliseconds(0), [&host, weak, code](Lock&) {
                if (const auto ended = weak.lock()) host.process_ended(ended, code);
            });
        },
        result);
    if (!process->child) {
        return {result, result_error(result, "The system cannot find the file specified.")};
    }
    process->id = process->child->id();
    system->processes[process->id] = process;
    if (rule.action == Action::kOddWait) return {raw::kInvalidArgument, ""};
    process->pipes_taken = true;
    operation->process = process->child->take_pipes();
    if (rule.action == Action::kCrashSystem) host.end_system(system, "UnexpectedExit", raw::kHcsUnexpectedExit);
    return {};
}

Hresult create_process(raw::Handle handle, raw::Text parameters, raw::Handle operation, const void* security,
                       raw::Handle* out) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    const auto opened = host.find<OpenSystem>(handle, Kind::kSystem, "HcsCreateProcess");
    if (!opened) return raw::kInvalidHandle;
    if (security != nullptr) return raw::kInvalidArgument;
    auto process = std::make_shared<Process>();
    process->system = opened->object;
    const auto state = host.find<Operation>(operation, Kind::kOperation, "HcsCreateProcess");
    if (!state) return raw::kInvalidArgument;
    const Hresult accepted = host.submit(
        "HcsCreateProcess", operation,
        [&host, system = opened->object, process, state, text = text_of(parameters)](const Rule& rule) {
            return launch(host, system, process, state, text, rule);
        },
        true);
    if (accepted != raw::kOk) return accepted;
    host.bind(operation, handle, "HcsCreateProcess");
    auto open = std::make_shared<OpenProcess>();
    open->object = process;
    *out = host.add_handle(Kind::kProcess, std::move(open));
    return raw::kOk;
}

Hresult open_process(raw::Handle handle, uint32_t id, uint32_t access, raw::Handle* out) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    const Hresult entered = host.enter("HcsOpenProcess", lock);
    if (entered != raw::kOk) return entered;
    const auto opened = host.find<OpenSystem>(handle, Kind::kSystem, "HcsOpenProcess");
    if (!opened) return raw::kInvalidHandle;
    if (access != raw::kGenericAll) return raw::kInvalidArgument;
    if (opened->object->state == State::kStopped) return raw::kHcsSystemAlreadyStopped;
    if (opened->object->state != State::kRunning) return raw::kHcsInvalidState;
    const auto found = opened->object->processes.find(id);
    if (found == opened->object->processes.end() || found->second->exited) return raw::kElementNotFound;
    auto open = std::make_shared<OpenProcess>();
    open->object = found->second;
    *out = host.add_handle(Kind::kProcess, std::move(open));
    return raw::kOk;
}

void close_process(raw::Handle handle) {
    Host& host = Host::get();
    Lock lock(host.mutex);
    host.wait_for_callback(handle, lock);
    host.check_unused(handle, "HcsCloseProcess");
    host.take<OpenProcess>(handle, Kind::kProcess, "HcsCloseProcess");
}

Hresult on_process(const char* function, raw::Handle handle, raw::Handle operation,
                   std::function<Outcome(const std::shared_ptr<Process>&)> apply, bool tells_process = false) {
    Host& host = Host::get();
    const std::lock_guard lock(host.mutex);
    const auto opened = host.find<OpenProcess>(handle, Kind::kProcess, function);
    if (!opened) return raw::kInvalidHandle;
    const Hresult accepted = host.submit(
        function, operation,
        [process = opened->object, apply = std::move(apply)](const Rule&) -> Outcome {
            if (!process->child) return {raw::kElementNotFound, ""};
            const auto system = process->system.lock();
            if (system && system->stands_still()) return {raw::kHcsInvalidState, ""};
            return apply(process);
        },
        tells_process);
    if (accepted == raw::kOk) host.bind(operation, handle, function);
    return accepted;
}

Hresult terminate_process(raw::Handle handle, raw::Handle operation, raw::Text options) {
    if (options != nullptr) return raw::kInvalidArgument;
    return on_process("HcsTerminateProcess", handle, operation, [](const auto& process) -> Outcome {
        if (process->exited) return {raw::kHcsProcessAlreadyStopped, ""};
        process->child->terminate();
        return {};
    });
}

Hresult signal_process(raw::Handle handle, raw::Handle operation, raw::Text options) {
    return on_process("HcsSignalProcess", handle, operation, [text = text_of(options)](const auto& process) -> Outcome {
        if (const Problem problem = check_signal(json::parse(text, nullptr, false))) {
            return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
        }
        if (process->exited) return {raw::kHcsProcessAlreadyStopped, ""};
        process->child->interrupt();
        return {raw::kOk, "", &process->endings};  // as images of Server Core do
    });
}

Hresult process_info(raw::Handle handle, raw::Handle operation) {
    Host& host = Host::get();
    std::shared_ptr<Operation> state;
    {
        const std::lock_guard lock(host.mutex);
        state = host.find<Operation>(operation, Kind::kOperation, "HcsGetProcessInfo");
    }
    if (!state) return raw::kInvalidArgument;
    return on_process(
        "HcsGetProcessInfo", handle, operation,
        [state](const auto& process) -> Outcome {
            if (process->pipes_taken && process->exited) return {raw::kHcsProcessInfoMissing, ""};
            process->pipes_taken = true;
            state->process = process->child->take_pipes();
            return {};
        },
        true);
}

Hresult process_properties(raw::Handle handle, raw::Handle operation, raw::Text) {
    return on_process("HcsGetProcessProperties", handle, operation, [](const auto& process) -> Outcome {
        return {raw::kOk, process_status(*process).dump()};
    });
}

Hresult modify_process(raw::Handle handle, raw::Handle operation, raw::Text settings) {
    return on_process("HcsModifyProcess", handle, operation,
                      [text = text_of(settings)](const auto& process) -> Outcome {
                          const json request = json::parse(text, nullptr, false);
                          if (const Problem problem = check_process_change(request)) {
                              return {raw::kHcsInvalidJson, result_error(raw::kHcsInvalidJson, *problem)};
                          }
                          if (process->exited) return {raw::kHcsProcessAlreadyStopped, ""};
                          if (request["Operation"] == "ConsoleSize") {
                              if (!process->console) return {raw::kInvalidArgument, ""};
                              process->console_size = request["ConsoleSize"];
                          } else if (request["CloseHandle"]["Handle"] == "StdIn") {
                              process->child->close_stdin();
                          }
                          return {};
                      });
}

Hresult set_process_callback(raw::Handle handle, uint32_t options, void* context, raw::EventCallback callback) {
    return Host::get().set_callback<Process>("HcsSetProcessCallback", handle, Kind::kProcess, options, context,
                                             callback);
}

}  // namespace

void Host::process_ended(const std::shared_ptr<Process>& process, uint32_t exit_code) {
    process->exited = true;
    process->exit_code = exit_code;
    tell_end(process, Kind::kProcess, raw::kEventProcessExited, process_status(*process));
    run_endings(process->endings);
    if (const auto system = process->system.lock()) finish_if_empty(system);
    changed.notify_all();
}

void add_process_functions(raw::HostApi& api) {
    api.HcsCreateProcess = create_process;
    api.HcsOpenProcess = open_process;
    api.HcsCloseProcess = close_process;
    api.HcsTerminateProcess = terminate_process;
    api.HcsSignalProcess = signal_process;
    api.HcsGetProcessInfo = process_info;
    api.HcsGetProcessProperties = process_properties;
    api.HcsModifyProcess = modify_process;
    api.HcsSetProcessCallback = set_process_callback;
}

}  // namespace slipway::simulated_hcs
