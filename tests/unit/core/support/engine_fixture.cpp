#include "support/engine_fixture.hpp"

#include <slipway/core/event_queue.hpp>

#include <names/identity.hpp>

#include <mutex>
#include <thread>

namespace slipway::test {

struct EngineFixture::Log {
    std::mutex mutex;
    std::vector<std::string> lines;  // guarded by mutex
};

EngineFixture::~EngineFixture() {
    close();
    std::error_code error;
    if (!root.empty()) std::filesystem::remove_all(root, error);
}

void EngineFixture::open() {
    if (root.empty()) {
        root = std::filesystem::temp_directory_path() / ("slipway-core-" + generate_id().substr(0, 12));
        ASSERT_TRUE(std::filesystem::create_directory(root));
        log_ = std::make_shared<Log>();
    }
    queue = std::make_shared<BackendEventQueue>();
    if (sim == nullptr) {
        sim = std::make_shared<SimBackend>(queue, sim_options);
    } else {
        sim->reconnect(queue);
    }
    std::shared_ptr<Backend> backend = sim;
    if (with_faults) {
        faulty = std::make_shared<FaultyBackend>(sim);
        backend = faulty;
    }
    options.data_root = root / "data";
    options.exec_root = root / "exec";
    options.default_backend = sim->info().name;
    options.log = [log = log_](LogLevel, std::string_view line) {
        const std::lock_guard lock(log->mutex);
        log->lines.emplace_back(line);
    };
    auto opened = Engine::open(options, {backend}, {}, queue);
    ASSERT_TRUE(opened) << opened.error().message();
    engine = std::move(*opened);
}

void EngineFixture::close() {
    if (engine == nullptr) return;
    engine->shut_down();
    engine.reset();
}

void EngineFixture::reopen(const std::function<void()>& meanwhile) {
    close();
    if (meanwhile) meanwhile();
    open();
}

Result<CreatedContainer> EngineFixture::try_create(const std::vector<std::string>& command,
                                                   const nlohmann::json& host_config, const std::string& name) {
    CreateContainer request;
    request.name = name;
    request.config = {{"Cmd", command}, {"Labels", {{"made-by", "test"}}}};
    request.host_config = host_config;
    return engine->create_container(request);
}

std::string EngineFixture::create(const std::vector<std::string>& command, const nlohmann::json& host_config,
                                  const std::string& name) {
    auto created = try_create(command, host_config, name);
    if (!created) {
        ADD_FAILURE() << "create: " << created.error().message();
        return "";
    }
    return created->id;
}

std::string EngineFixture::create_started(const std::vector<std::string>& command, const nlohmann::json& host_config,
                                          const std::string& name) {
    const std::string id = create(command, host_config, name);
    auto started = engine->start_container(id);
    EXPECT_TRUE(started) << started.error().message();
    return id;
}

WaitResult EngineFixture::wait_exit(const std::string& id) {
    auto result = engine->wait_container(id, WaitCondition::kNotRunning, {}, {});
    EXPECT_TRUE(result) << result.error().message();
    return result ? *result : WaitResult{};
}

bool EngineFixture::eventually(const std::function<bool()>& condition) {
    for (int i = 0; i < 10'000; ++i) {
        if (condition()) return true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return condition();
}

RecordPtr EngineFixture::record(const std::string& id) const {
    auto found = engine->find_container(id);
    EXPECT_TRUE(found) << found.error().message();
    return found ? *found : std::make_shared<const ContainerRecord>();
}

std::vector<std::string> EngineFixture::log_lines() const {
    const std::lock_guard lock(log_->mutex);
    return log_->lines;
}

std::vector<Event> EngineFixture::all_events() const {
    // Events within one tick of a coarse clock have times that are a little ahead of it.
    constexpr UnixNanos kTick = 1'000'000;
    auto subscription = engine->subscribe(0, unix_now() + kTick, 1, {});
    std::vector<Event> events;
    while (!subscription->closed()) {
        auto next = subscription->next(std::chrono::milliseconds(1000));
        if (!next) break;
        if (next->event) events.push_back(std::move(*next->event));
    }
    return events;
}

std::vector<std::string> EngineFixture::events_of(const std::string& id) const {
    std::vector<std::string> actions;
    for (const Event& event : all_events()) {
        if (event.type == "container" && event.actor_id == id) actions.push_back(event.action);
        const auto container = event.attributes.find("container");
        if (event.type == "network" && container != event.attributes.end() && container->second == id) {
            actions.push_back("network " + event.action);
        }
    }
    return actions;
}

Event EngineFixture::last_event(const std::string& action) const {
    Event last;
    for (Event& event : all_events()) {
        if (event.action == action) last = std::move(event);
    }
    EXPECT_EQ(last.action, action);
    return last;
}

void EngineFixture::expect_no_residue() const {
    EXPECT_EQ(sim->residue(), SimResidue{});
    EXPECT_EQ(sim->violations(), std::vector<std::string>{});
}

}  // namespace slipway::test
