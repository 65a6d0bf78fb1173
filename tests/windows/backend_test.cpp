#include "backend_test.hpp"

#include <simulator/layer_tar.hpp>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace slipway::windows_backend {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

const std::string kLayer(64, 'b');
const std::string kNetwork(64, 'd');

json network_document() {
    return {{"Id", kNetwork},
            {"Name", "nat"},
            {"Driver", "nat"},
            {"IPAM", {{"Config", {{{"Subnet", "172.30.0.0/24"}, {"Gateway", "172.30.0.1"}}}}}},
            {"Options", json::object()}};
}

bool is_hyperv(const RunOptions& options) {
    return options.host_config.value("Isolation", "") == "hyperv";
}

}  // namespace

uint64_t SLW_CALL TestHost::now(void*) noexcept {
    return static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
}

const void* SLW_CALL TestHost::service(void*, const char* id) noexcept {
    static constexpr slw_host_log kLog = {sizeof(slw_host_log), 0, &log};
    static constexpr slw_host_events kEvents = {sizeof(slw_host_events), 0, &post};
    static constexpr slw_host_config kConfig = {sizeof(slw_host_config), 0, &config};
    if (std::strcmp(id, SLW_HOST_LOG) == 0) return &kLog;
    if (std::strcmp(id, SLW_HOST_EVENTS) == 0) return &kEvents;
    if (std::strcmp(id, SLW_HOST_CONFIG) == 0) return &kConfig;
    return nullptr;
}

void SLW_CALL TestHost::log(void* ctx, int32_t, slw_text line) noexcept {
    auto* self = static_cast<TestHost*>(ctx);
    const std::lock_guard lock(self->mutex_);
    self->log_.append(view_of(line)).append("\n");
}

std::string TestHost::logged() {
    const std::lock_guard lock(mutex_);
    return log_;
}

void SLW_CALL TestHost::post(void* ctx, const slw_event* event) noexcept {
    auto* self = static_cast<TestHost*>(ctx);
    const std::lock_guard lock(self->mutex_);
    self->events_.push_back({event->kind, event->container_id, std::string(view_of(event->text)), event->exit_code});
    self->changed_.notify_all();
}

slw_status SLW_CALL TestHost::config(void* ctx, slw_sink* out, slw_error*) noexcept {
    const std::string& text = static_cast<TestHost*>(ctx)->config_;
    return out->write(out->ctx, text.data(), text.size()) == 0 ? SLW_OK : SLW_ERR_CANCELLED;
}

SeenEvent TestHost::wait(int32_t kind, const std::string& id, milliseconds limit) {
    std::unique_lock lock(mutex_);
    SeenEvent found;
    changed_.wait_for(lock, limit, [&] {
        for (const SeenEvent& event : events_) {
            if (event.kind == kind && (event.container == id || event.text == id)) found = event;
        }
        return found.kind != 0;
    });
    return found;
}

size_t TestHost::count(int32_t kind, const std::string& id) {
    const std::lock_guard lock(mutex_);
    size_t count = 0;
    for (const SeenEvent& event : events_) count += event.kind == kind && event.container == id ? 1 : 0;
    return count;
}

void PrintTo(const Outcome& outcome, std::ostream* out) {
    *out << "status " << outcome.status << ": " << outcome.message();
}

slw_attach_request attach_request(const Connection& connection, uint32_t flags) {
    slw_attach_request request{};
    request.struct_size = sizeof(request);
    request.flags = flags;
    request.stream = connection.there();
    return request;
}

std::string framed(int stream, const std::string& text) {
    std::string head(8, '\0');
    head[0] = static_cast<char>(stream);
    head[7] = static_cast<char>(text.size());
    return head + text;
}

template <class Call>
Outcome WindowsBackend::outcome(Call body) const {
    Outcome outcome;
    outcome.error.struct_size = sizeof(outcome.error);
    StringSink sink;
    const slw_call limits = call();
    outcome.status = body(&limits, sink.get(), &outcome.error);
    outcome.text = sink.take();
    return outcome;
}

slw_call WindowsBackend::call() const {
    slw_call limits{};
    limits.struct_size = sizeof(limits);
    if (deadline_.count() > 0) {
        limits.deadline_ns = TestHost::now(nullptr) + static_cast<uint64_t>(deadline_.count()) * 1'000'000;
    }
    return limits;
}

void WindowsBackend::SetUp() {
    simulated::reset();
    directory_ = new_directory();
    ASSERT_NE(directory_, "");
    json all = {{"data_root", directory_ + "/data"}, {"exec_root", directory_ + "/exec"}, {"instance", "c0ffee00"}};
    all.update(config());
    host_ = std::make_unique<TestHost>(all);
    slw_error err{};
    err.struct_size = sizeof(err);
    ASSERT_EQ(slw_plugin_entry.init(host_->get(), &backend_, &err), SLW_OK) << err.message;
    ASSERT_TRUE(import_layer());
}

void WindowsBackend::TearDown() {
    simulated::release_hangs();
    while (!open_.empty()) close(open_.back());
    if (backend_ != nullptr) slw_plugin_entry.deinit(backend_);
    EXPECT_THAT(simulated::leaks(), testing::IsEmpty());
    EXPECT_THAT(simulated::violations(), testing::IsEmpty());
    fs::remove_all(directory_);
}

slw_container* WindowsBackend::open(const std::string& id) {
    const std::string state = directory_ + "/state-" + id.substr(0, 8), data = directory_ + "/data-" + id.substr(0, 8);
    fs::create_directories(state);
    fs::create_directories(data);
    slw_container_desc desc{sizeof(slw_container_desc), 0, id.c_str(), "test", state.c_str(), data.c_str()};
    slw_container* c = nullptr;
    slw_error err{};
    err.struct_size = sizeof(err);
    EXPECT_EQ(table<slw_create_ops>(SLW_EXT_CREATE)->container_open(backend_, &desc, &c, &err), SLW_OK) << err.message;
    open_.push_back(c);
    return c;
}

void WindowsBackend::close(slw_container* c) {
    open_.erase(std::find(open_.begin(), open_.end(), c));
    table<slw_create_ops>(SLW_EXT_CREATE)->container_close(c);
}

Outcome WindowsBackend::import_layer() {
    return import_layer(kLayer, {});
}

Outcome WindowsBackend::remove_layer(const std::string& id) {
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_mount_ops>(SLW_EXT_MOUNT)->layer_remove(backend_, limits, id.c_str(), err);
    });
}

Outcome WindowsBackend::remove_network() {
    const std::string document = network_document().dump();
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_network_ops>(SLW_EXT_NETWORK)->network_remove(backend_, limits, text_of(document), err);
    });
}

Outcome WindowsBackend::import_layer(const std::string& id, const std::vector<std::string>& parents) {
    return import_layer(id, parents, simulated_hcs::tar_of({{"Files/hello.txt", "slip\n"}}));
}

Outcome WindowsBackend::import_machine_layer(const std::string& id) {
    return import_layer(id, {},
                        simulated_hcs::tar_of({{"Files/hello.txt", "slip\n"},
                                               {"UtilityVM/Files/EFI/Microsoft/Boot/bootmgfw.efi", "MZ"}}));
}

Outcome WindowsBackend::root_diff(slw_container* c) {
    return outcome([&](const slw_call* limits, slw_sink* out, slw_error* err) {
        return table<slw_mount_ops>(SLW_EXT_MOUNT)->root_diff(c, limits, out, err);
    });
}

Outcome WindowsBackend::root_export(slw_container* c) {
    return outcome([&](const slw_call* limits, slw_sink* out, slw_error* err) {
        return table<slw_mount_ops>(SLW_EXT_MOUNT)->root_export(c, limits, out, err);
    });
}

Outcome WindowsBackend::import_layer(const std::string& id, const std::vector<std::string>& parents,
                                     const std::string& tar) {
    std::vector<const char*> parent_ids;
    for (const std::string& parent : parents) parent_ids.push_back(parent.c_str());
    size_t at = 0;
    const FunctionSource source([&](void* buffer, uint64_t capacity) -> int64_t {
        const size_t size = std::min<size_t>(tar.size() - at, static_cast<size_t>(capacity));
        std::memcpy(buffer, tar.data() + at, size);
        at += size;
        return static_cast<int64_t>(size);
    });
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_mount_ops>(SLW_EXT_MOUNT)
            ->layer_import(backend_, limits, id.c_str(), parent_ids.data(), parent_ids.size(), source.get(), nullptr,
                           err);
    });
}

Outcome WindowsBackend::create_network() {
    const std::string document = network_document().dump();
    return outcome([&](const slw_call* limits, slw_sink* out, slw_error* err) {
        return table<slw_network_ops>(SLW_EXT_NETWORK)->network_create(backend_, limits, text_of(document), out, err);
    });
}

Outcome WindowsBackend::create_root(slw_container* c, const std::vector<std::string>& layers) {
    std::vector<const char*> ids;
    for (const std::string& layer : layers) ids.push_back(layer.c_str());
    const slw_root_request request{sizeof(slw_root_request), 0, ids.data(), ids.size()};
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_mount_ops>(SLW_EXT_MOUNT)->root_create(c, limits, &request, err);
    });
}

Outcome WindowsBackend::mount_root(slw_container* c) {
    if (const Outcome made = create_root(c, {kLayer}); !made) return made;
    const char* const ids[] = {kLayer.c_str()};
    const slw_root_request request{sizeof(slw_root_request), 0, ids, 1};
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_mount_ops>(SLW_EXT_MOUNT)->root_mount(c, limits, &request, err);
    });
}

Outcome WindowsBackend::join_network(slw_container* c, const std::string& id, const RunOptions& options) {
    const auto* ops = table<slw_network_ops>(SLW_EXT_NETWORK);
    if (options.network) {
        if (const Outcome made = create_network(); !made) return made;
    }
    const std::string sandbox = R"({"Mode":"private","DnsSearch":["a.example"]})";
    const Outcome made = outcome([&](const slw_call* limits, slw_sink* out, slw_error* err) {
        return ops->sandbox_create(c, limits, text_of(sandbox), out, err);
    });
    if (!made || !options.network) return made;
    std::string endpoint_id = id;
    endpoint_id.back() = 'e';
    const std::string endpoint =
        json{{"Network", network_document()}, {"EndpointId", endpoint_id}, {"Ports", options.ports}}.dump();
    return outcome([&](const slw_call* limits, slw_sink* out, slw_error* err) {
        return ops->endpoint_attach(c, limits, text_of(endpoint), out, err);
    });
}

Outcome WindowsBackend::create(slw_container* c, const std::string& id, const RunOptions& options) {
    const auto* ops = table<slw_create_ops>(SLW_EXT_CREATE);
    json request = {{"Id", id},
                    {"Hostname", "box"},
                    {"Config", options.config},
                    {"HostConfig", options.host_config},
                    {"Path", options.command[0]},
                    {"Args", std::vector<std::string>(options.command.begin() + 1, options.command.end())},
                    {"Env", {"GREETING=hello"}}};
    if ((options.flags & SLW_CREATE_TTY) != 0) request["Config"]["Tty"] = true;
    const std::string text = request.dump();
    const Outcome spec = outcome([&](const slw_call* limits, slw_sink* out, slw_error* err) {
        return ops->build_spec(c, limits, text_of(text), out, err);
    });
    if (!spec) return spec;
    const std::string path = log_path(id);
    const slw_log_target log{sizeof(slw_log_target), 1, path.c_str(), 0, options.log_attributes};
    slw_create_request create{};
    create.struct_size = sizeof(create);
    create.flags = options.flags;
    create.spec = text_of(spec.text);
    create.log = &log;
    slw_process_info info{};
    info.struct_size = sizeof(info);
    return outcome(
        [&](const slw_call* limits, slw_sink*, slw_error* err) { return ops->create(c, limits, &create, &info, err); });
}

Outcome WindowsBackend::start(slw_container* c) {
    slw_process_info info{};
    info.struct_size = sizeof(info);
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_create_ops>(SLW_EXT_CREATE)->start(c, limits, &info, err);
    });
}

Outcome WindowsBackend::run(slw_container* c, const std::string& id, const RunOptions& options) {
    const std::vector<std::string> layers = options.layers.empty() ? std::vector{kLayer} : options.layers;
    const Outcome rooted = is_hyperv(options) ? create_root(c, layers) : mount_root(c);
    if (!rooted) return rooted;
    if (const Outcome joined = join_network(c, id, options); !joined) return joined;
    if (const Outcome created = create(c, id, options); !created) return created;
    return start(c);
}

Outcome WindowsBackend::destroy(slw_container* c) {
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_create_ops>(SLW_EXT_CREATE)->destroy(c, limits, err);
    });
}

Outcome WindowsBackend::leave(slw_container* c) {
    const auto* network = table<slw_network_ops>(SLW_EXT_NETWORK);
    Outcome first = destroy(c);
    for (const Outcome& next : {outcome([&](const slw_call*limits, slw_sink*, slw_error*err) {
                                    return network->sandbox_destroy(c, limits, err);
                                }),
                                outcome([&](const slw_call*limits, slw_sink*, slw_error*err) {
                                    return table<slw_mount_ops>(SLW_EXT_MOUNT)->root_unmount(c, limits, err);
                                })}) {
        if (first && !next) first = next;
    }
    return first;
}

Outcome WindowsBackend::remove_root(slw_container* c) {
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_mount_ops>(SLW_EXT_MOUNT)->root_remove(c, limits, err);
    });
}

Outcome WindowsBackend::give_back(slw_container* c) {
    const Outcome left = leave(c), removed = remove_root(c);
    return left ? removed : left;
}

Outcome WindowsBackend::exec(slw_container* c, const std::string& exec_id, const std::vector<std::string>& command,
                             const slw_attach_request* client, uint64_t capture, uint32_t flags) {
    const std::string process = json{
        {"Path", command[0]},
        {"Args", std::vector<std::string>(command.begin() + 1, command.end())},
        {"Env", json::array()},
        {"Config", json::object()}}.dump();
    slw_exec_request request{};
    request.struct_size = sizeof(request);
    request.flags = flags;
    request.exec_id = exec_id.c_str();
    request.process = text_of(process);
    request.client = client;
    request.capture_bytes = capture;
    slw_process_info info{};
    info.struct_size = sizeof(info);
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_exec_ops>(SLW_EXT_EXEC)->start(c, limits, &request, &info, err);
    });
}

Outcome WindowsBackend::signal(slw_container* c, int32_t number) {
    return outcome([&](const slw_call*, slw_sink*, slw_error* err) {
        return table<slw_create_ops>(SLW_EXT_CREATE)->signal(c, number, err);
    });
}

Outcome WindowsBackend::reconcile_list() {
    return outcome([&](const slw_call* limits, slw_sink* out, slw_error* err) {
        return table<slw_reconcile_ops>(SLW_EXT_RECONCILE)->list(backend_, limits, out, err);
    });
}

Outcome WindowsBackend::reconcile_remove(const std::string& id) {
    return outcome([&](const slw_call* limits, slw_sink*, slw_error* err) {
        return table<slw_reconcile_ops>(SLW_EXT_RECONCILE)->remove(backend_, limits, id.c_str(), err);
    });
}

slw_process_status WindowsBackend::status(slw_container* c) {
    slw_process_status known{};
    known.struct_size = sizeof(known);
    EXPECT_EQ(table<slw_create_ops>(SLW_EXT_CREATE)->status(c, &known, nullptr), SLW_OK);
    return known;
}

std::string WindowsBackend::log_of(const std::string& id) const {
    std::ifstream file(log_path(id));
    std::string all, line;
    while (std::getline(file, line)) {
        const json record = json::parse(line, nullptr, false);
        if (record.is_discarded()) break;  // the end of a record that is being written
        all += record.value("stream", "") + ":" + record.value("log", "");
    }
    return all;
}

bool WindowsBackend::says(const std::string& id, const std::string& text) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (log_of(id) != text) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return true;
}

}  // namespace slipway::windows_backend
