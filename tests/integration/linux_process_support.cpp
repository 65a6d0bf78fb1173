#include "linux_process_support.hpp"
#include <tree/tree.hpp>

#include <slipway/cpp/error.hpp>
#include <slipway/cpp/text.hpp>

#include <dlfcn.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace slipway::linux_backend::testing {
namespace {

uint64_t monotonic_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<uint64_t>(now.tv_nsec);
}

// Runs an ABI call with an error object and a deadline.
template <class Call>
Outcome call_abi(Call&& body, std::chrono::seconds limit = std::chrono::seconds(20)) {
    slw_error err{};
    err.struct_size = sizeof(err);
    slw_call call{};
    call.struct_size = sizeof(call);
    call.deadline_ns = monotonic_ns() + static_cast<uint64_t>(limit.count()) * 1'000'000'000U;
    Outcome outcome;
    outcome.status = body(&call, &err);
    outcome.message = err.message;
    return outcome;
}

std::string slurp(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string busybox_tar() {
    TarBuilder tar;
    for (const char* name : {"bin", "etc", "tmp", "proc", "sys", "dev", "root", "data"}) tar.dir(name);
    tar.file("bin/busybox", slurp("/bin/busybox"), 0755);
    for (const char* tool : {"sh",   "echo", "cat",    "ls",       "sleep",    "id",   "stty",  "head", "mount",
                             "kill", "true", "false",  "hostname", "readlink", "stat", "touch", "grep", "sed",
                             "dd",   "wc",   "ulimit", "mkdir",    "seq",      "pwd",  "env",   "tr",   "tail"}) {
        tar.symlink(std::string("bin/") + tool, "busybox");
    }
    tar.file("etc/passwd", "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n");
    tar.file("etc/group", "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n");
    tar.file("bin/plain", "not executable", 0644);
    tar.file("bin/garbage", "\x01\x02 no format", 0755);
    tar.file("bin/orphan", "#!/no/such/interpreter -x\n", 0755);
    return tar.finish();
}

json merged(json base, const json& over) {
    base.merge_patch(over);
    return base;
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
    const auto end = Clock::now() + patience;
    while (!condition()) {
        if (Clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

struct TestHostCalls {
    static const void* SLW_CALL get_service(void*, const char* id) noexcept {
        static const slw_host_log kLog = {sizeof(slw_host_log), 0, write_log};
        static const slw_host_events kEvents = {sizeof(slw_host_events), 0, post};
        static const slw_host_config kConfig = {sizeof(slw_host_config), 0, read_config};
        const std::string_view wanted = id;
        if (wanted == SLW_HOST_LOG) return &kLog;
        if (wanted == SLW_HOST_EVENTS) return &kEvents;
        if (wanted == SLW_HOST_CONFIG) return &kConfig;
        return nullptr;
    }
    static uint64_t SLW_CALL now(void*) noexcept { return monotonic_ns(); }
    static void SLW_CALL write_log(void* ctx, int32_t, slw_text line) noexcept {
        auto* self = static_cast<TestHost*>(ctx);
        const std::lock_guard lock(self->mutex_);
        self->log_.append(view_of(line)).append("\n");
    }
    static void SLW_CALL post(void* ctx, const slw_event* event) noexcept {
        auto* self = static_cast<TestHost*>(ctx);
        const std::lock_guard lock(self->mutex_);
        self->events_.push_back({event->kind, event->container_id, event->exit_code, event->oom_killed != 0});
        self->changed_.notify_all();
    }
    static slw_status SLW_CALL read_config(void* ctx, slw_sink* out, slw_error*) noexcept {
        const std::string text = static_cast<TestHost*>(ctx)->config_.dump();
        return out->write(out->ctx, text.data(), text.size()) == 0 ? SLW_OK : SLW_ERR_INTERNAL;
    }
};

TestHost::TestHost(json config) : config_(std::move(config)) {
    host_ = {sizeof(slw_host), SLW_ABI_MINOR, this, TestHostCalls::get_service, TestHostCalls::now};
}

std::vector<PostedEvent> TestHost::events() const {
    const std::lock_guard lock(mutex_);
    return events_;
}

void TestHost::forget(const std::string& id) {
    const std::lock_guard lock(mutex_);
    std::erase_if(events_, [&](const PostedEvent& event) { return event.id == id; });
}

std::string TestHost::log() const {
    const std::lock_guard lock(mutex_);
    return log_;
}

std::optional<PostedEvent> TestHost::wait_for(int32_t kind, const std::string& id,
                                              std::chrono::milliseconds patience) const {
    std::unique_lock lock(mutex_);
    std::optional<PostedEvent> found;
    changed_.wait_for(lock, patience, [&] {
        for (const PostedEvent& event : events_) {
            if (event.kind == kind && event.id == id) found = event;
        }
        return found.has_value();
    });
    return found;
}

TestBackend::TestBackend(const std::string& directory, json extra)
    : directory_(directory),
      host_(merged({{"data_root", directory + "/data"},
                    {"exec_root", directory + "/exec"},
                    {"instance", "00c0ffee"},
                    {"bridge", "none"},
                    {"cgroup_parent", "/slipway-test-" + std::to_string(getpid())}},
                   extra)) {
    std::filesystem::create_directories(directory + "/data");
    std::filesystem::create_directories(directory + "/exec");
    const std::string path = std::string(tree::kBuild) + "/lib/slipway/backends/libslipway-linux.so";
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // never unloaded, as the daemon does
    if (library == nullptr) throw std::runtime_error(dlerror());
    plugin_ = static_cast<const slw_plugin*>(dlsym(library, SLW_PLUGIN_SYMBOL));
    slw_error err{};
    err.struct_size = sizeof(err);
    if (plugin_->init(host_.get(), &backend_, &err) != SLW_OK) throw std::runtime_error(err.message);
}

TestBackend::~TestBackend() {
    plugin_->deinit(backend_);
}

Outcome TestBackend::import_busybox(const std::string& layer) {
    size_t at = 0;
    const std::string tar = busybox_tar();
    FunctionSource source([&](void* buffer, uint64_t capacity) -> int64_t {
        const size_t part = std::min<size_t>(tar.size() - at, capacity);
        std::memcpy(buffer, tar.data() + at, part);
        at += part;
        return static_cast<int64_t>(part);
    });
    slw_layer_info info{};
    info.struct_size = sizeof(info);
    return call_abi([&](const slw_call* call, slw_error* err) {
        return mount_ops().layer_import(backend_, call, layer.c_str(), nullptr, 0, source.get(), &info, err);
    });
}

json TestBackend::list() {
    StringSink sink;
    const Outcome outcome = call_abi(
        [&](const slw_call* call, slw_error* err) { return reconcile_ops().list(backend_, call, sink.get(), err); });
    EXPECT_TRUE(outcome) << outcome.message;
    return json::parse(sink.take());
}

Outcome TestBackend::remove(const std::string& id) {
    return call_abi(
        [&](const slw_call* call, slw_error* err) { return reconcile_ops().remove(backend_, call, id.c_str(), err); });
}

TestContainer::TestContainer(TestBackend& backend, const std::string& layer, std::string id)
    : backend_(backend),
      layer_(layer),
      id_(std::move(id)),
      directory_(backend.directory() + "/c-" + id_.substr(0, 12)) {
    for (const char* part : {"/state", "/data"}) std::filesystem::create_directories(directory_ + part);
    const std::string state = directory_ + "/state", data = directory_ + "/data";
    const slw_container_desc desc{sizeof(desc), 0, id_.c_str(), "test", state.c_str(), data.c_str()};
    const Outcome opened = call_abi([&](const slw_call*, slw_error* err) {
        return backend_.create_ops().container_open(backend_.get(), &desc, &container_, err);
    });
    if (!opened) throw std::runtime_error(opened.message);
}

TestContainer::~TestContainer() {
    if (container_ == nullptr) return;
    EXPECT_TRUE(destroy());
    call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.network_ops().sandbox_destroy(container_, call, err);
    });
    call_abi(
        [&](const slw_call* call, slw_error* err) { return backend_.mount_ops().root_unmount(container_, call, err); });
    call_abi(
        [&](const slw_call* call, slw_error* err) { return backend_.mount_ops().root_remove(container_, call, err); });
    backend_.create_ops().container_close(container_);
    std::filesystem::remove_all(directory_);
    backend_.host().forget(id_);
}

void TestContainer::abandon() {
    backend_.create_ops().container_close(container_);
    container_ = nullptr;
}

Outcome TestContainer::prepare(const ContainerWish& wish) {
    const char* layers[] = {layer_.c_str()};
    const slw_root_request root{sizeof(root), wish.read_only ? SLW_ROOT_READ_ONLY : 0, layers, 1};
    Outcome outcome = call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.mount_ops().root_create(container_, call, &root, err);
    });
    if (!outcome) return outcome;
    outcome = call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.mount_ops().root_mount(container_, call, &root, err);
    });
    for (const auto& [source, target] : wish.binds) {
        if (!outcome) return outcome;
        const slw_mount_request mount{sizeof(mount), 0, source.c_str(), target.c_str(), nullptr, 0, 0, 0};
        uint64_t mount_id = 0;
        outcome = call_abi([&](const slw_call* call, slw_error* err) {
            return backend_.mount_ops().mount(container_, call, &mount, &mount_id, err);
        });
    }
    if (!outcome || !wish.sandbox) return outcome;
    StringSink sink;
    return call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.network_ops().sandbox_create(container_, call, text_of(R"({"Mode":"private"})"), sink.get(),
                                                     err);
    });
}

Outcome TestContainer::make_spec(const ContainerWish& wish, std::string& spec) {
    const std::vector<std::string> arguments(wish.command.begin() + 1, wish.command.end());
    const bool tty = (wish.flags & SLW_CREATE_TTY) != 0;
    const json config = merged({{"User", ""}, {"Tty", tty}, {"WorkingDir", ""}, {"Env", json::array()}}, wish.config);
    const json request = {{"Id", id_},
                          {"Name", "test"},
                          {"Hostname", "testhost"},
                          {"Domainname", ""},
                          {"Path", wish.command[0]},
                          {"Args", arguments},
                          {"Env", config["Env"]},
                          {"Config", config},
                          {"HostConfig", merged({{"NetworkMode", "none"}, {"ShmSize", 67108864}}, wish.host_config)}};
    StringSink sink;
    const std::string text = request.dump();
    const Outcome outcome = call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.create_ops().build_spec(container_, call, text_of(text), sink.get(), err);
    });
    spec = sink.take();
    return outcome;
}

Outcome TestContainer::create(const ContainerWish& wish) {
    Outcome outcome = prepare(wish);
    std::string spec;
    if (outcome) outcome = make_spec(wish, spec);
    if (!outcome) return outcome;
    const std::string path = log_path();
    const slw_log_target log{sizeof(log), wish.log_max_files, path.c_str(), wish.log_max_bytes,
                             wish.log_attributes.empty() ? nullptr : wish.log_attributes.c_str()};
    const slw_create_request request{sizeof(request), wish.flags, text_of(spec), &log, 0, 0, 0};
    slw_process_info info{};
    info.struct_size = sizeof(info);
    return call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.create_ops().create(container_, call, &request, &info, err);
    });
}

Outcome TestContainer::start() {
    slw_process_info info{};
    info.struct_size = sizeof(info);
    return call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.create_ops().start(container_, call, &info, err);
    });
}

Outcome TestContainer::signal(int signum) {
    return call_abi(
        [&](const slw_call*, slw_error* err) { return backend_.create_ops().signal(container_, signum, err); });
}

Outcome TestContainer::destroy() {
    return call_abi(
        [&](const slw_call* call, slw_error* err) { return backend_.create_ops().destroy(container_, call, err); });
}

Outcome TestContainer::adopt() {
    slw_process_status status{};
    status.struct_size = sizeof(status);
    return call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.reconcile_ops().adopt(container_, call, &status, err);
    });
}

Outcome TestContainer::resize(uint16_t rows, uint16_t cols) {
    return call_abi(
        [&](const slw_call*, slw_error* err) { return backend_.stdio_ops().resize(container_, rows, cols, err); });
}

slw_process_status TestContainer::status() {
    slw_process_status status{};
    status.struct_size = sizeof(status);
    EXPECT_TRUE(call_abi(
        [&](const slw_call*, slw_error* err) { return backend_.create_ops().status(container_, &status, err); }));
    return status;
}

UniqueFd TestContainer::attach(uint32_t flags, const std::string& early, const std::string& keys) {
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    UniqueFd ours{pair[0]};
    const UniqueFd theirs{pair[1]};
    attach_stream(theirs.get(), flags, early, keys);
    return ours;
}

void TestContainer::attach_stream(int stream, uint32_t flags, const std::string& early, const std::string& keys) {
    const slw_attach_request request{sizeof(request), flags, stream, text_of("HEAD\n"), text_of(early), text_of(keys)};
    const Outcome attached = call_abi([&](const slw_call* call, slw_error* err) {
        return backend_.stdio_ops().attach(container_, call, &request, err);
    });
    EXPECT_TRUE(attached) << attached.message;
}

std::vector<json> TestContainer::log_records() const {
    std::vector<json> records;
    for (int number = 20; number >= 0; --number) {
        std::ifstream file(number == 0 ? log_path() : log_path() + "." + std::to_string(number));
        for (std::string line; std::getline(file, line);) records.push_back(json::parse(line));
    }
    return records;
}

std::string TestContainer::output(const std::string& stream) const {
    std::string text;
    for (const json& record : log_records()) {
        if (record["stream"] == stream) text += record["log"].get<std::string>();
    }
    return text;
}

int TestContainer::run() {
    const Outcome started = start();
    EXPECT_TRUE(started) << started.message;
    if (!started) return -1;
    // An emulated machine takes its time.
    exit_ = backend_.host().wait_for(SLW_EVENT_EXIT, id_, std::chrono::seconds(60));
    EXPECT_TRUE(exit_.has_value()) << "no exit event";
    return exit_ ? exit_->exit_code : -1;
}

std::string read_until(int fd, const std::string& mark, std::chrono::milliseconds patience) {
    std::string text;
    const auto end = Clock::now() + patience;
    while (Clock::now() < end && (mark.empty() || text.find(mark) == std::string::npos)) {
        pollfd wait{fd, POLLIN, 0};
        if (poll(&wait, 1, 100) != 1) continue;
        char buffer[65536];
        const ssize_t got = read(fd, buffer, sizeof(buffer));
        if (got <= 0) break;
        text.append(buffer, static_cast<size_t>(got));
    }
    return text;
}

std::string read_all(int fd, std::chrono::milliseconds patience) {
    return read_until(fd, "", patience);
}

std::pair<std::string, std::string> split_frames(const std::string& bytes) {
    std::pair<std::string, std::string> streams;
    size_t at = 0;
    while (at + 8 <= bytes.size()) {
        size_t length = 0;
        for (size_t i = 4; i < 8; ++i) length = length << 8 | static_cast<unsigned char>(bytes[at + i]);
        (bytes[at] == 2 ? streams.second : streams.first) += bytes.substr(at + 8, length);
        at += 8 + length;
    }
    EXPECT_EQ(at, bytes.size()) << "a frame is cut off";
    return streams;
}

void ProcessFixture::SetUp() {
    ASSERT_EQ(geteuid(), 0U) << "these tests need root";
    char name[] = "/tmp/slipway-process-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    directory_ = name;
    backend_ = std::make_unique<TestBackend>(directory_, extra_);
    const Outcome imported = backend_->import_busybox(layer_);
    ASSERT_TRUE(imported) << imported.message;
}

void ProcessFixture::TearDown() {
    backend_.reset();
    std::filesystem::remove_all(directory_);
}

std::unique_ptr<TestContainer> ProcessFixture::run(const ContainerWish& wish, int* exit_code) {
    auto container = make();
    const Outcome created = container->create(wish);
    EXPECT_TRUE(created) << created.message << "\n" << backend_->host().log();
    *exit_code = created ? container->run() : -1;
    return container;
}

std::string ProcessFixture::shell_output(const std::string& script, ContainerWish wish) {
    wish.command = {"/bin/sh", "-c", script};
    int exit_code = 0;
    const auto container = run(wish, &exit_code);
    EXPECT_EQ(exit_code, 0) << container->output("stderr");
    return container->output();
}

}  // namespace slipway::linux_backend::testing
