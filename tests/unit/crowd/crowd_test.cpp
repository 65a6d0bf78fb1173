// A crowd on one engine: writers that change containers, their own and shared ones, and readers that look at everything
// meanwhile. Nothing is lost, nothing hangs, and ThreadSanitizer has nothing to say:
//   cmake --preset tsan && ninja -C build/tsan slipway_crowd_test && build/tsan/bin/slipway_crowd_test
// With it, or with SLIPWAY_CROWD=full, there are 64 writers and 256 readers; fewer in the normal run.

#include <sim/sim_backend.hpp>

#include <slipway/core/engine.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <thread>

namespace slipway::test {
namespace {

using namespace slipway::core;
using fixtures::SimBackend;
using fixtures::SimResidue;

struct Size {
    int writers, readers, rounds;
};

Size size_of_crowd() {
    const char* wanted = std::getenv("SLIPWAY_CROWD");
    bool is_full = wanted != nullptr && std::string(wanted) == "full";
#ifdef __SANITIZE_THREAD__
    is_full = true;
#endif
    return is_full ? Size{64, 256, 12} : Size{16, 32, 6};
}

class Crowd : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "slipway-crowd-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        root = pattern;
        queue = std::make_shared<BackendEventQueue>();
        sim = std::make_shared<SimBackend>(queue);
        EngineOptions options;
        options.data_root = root / "data";
        options.exec_root = root / "exec";
        options.default_backend = sim->info().name;
        // A crowd on a small machine under a sanitizer is slow, which is not what is tested.
        options.default_phase_deadline = std::chrono::minutes(5);
        auto opened = Engine::open(options, {sim}, {}, queue);
        ASSERT_TRUE(opened) << opened.error().message();
        engine = std::move(*opened);
    }
    void TearDown() override {
        if (engine != nullptr) engine->shut_down();
        engine.reset();
        std::error_code ignored;
        std::filesystem::remove_all(root, ignored);
    }

    std::string create(const std::vector<std::string>& command, const std::string& name) {
        CreateContainer request;
        request.name = name;
        request.config = {{"Cmd", command}};
        auto created = engine->create_container(request);
        EXPECT_TRUE(created) << created.error().message();
        return created ? created->id : "";
    }

    // A life of a container of one's own, whose results nobody else can change.
    void live(int writer, int round) {
        const std::string name = "own-" + std::to_string(writer);
        const std::string id = create({"exit", std::to_string(round)}, name);
        auto started = engine->start_container(id);
        EXPECT_TRUE(started) << started.error().message();
        auto ended = engine->wait_container(id, WaitCondition::kNotRunning, {}, {});
        ASSERT_TRUE(ended) << ended.error().message();
        EXPECT_EQ(ended->exit_code, round);
        EXPECT_TRUE(engine->rename_container(id, name + "-renamed"));
        EXPECT_EQ((*engine->find_container(name + "-renamed"))->state, RunState::kExited);
        Status removed = engine->remove_container(id, {});
        EXPECT_TRUE(removed) << removed.error().message();
        EXPECT_FALSE(engine->find_container(id));
    }

    // Everybody starts, stops and restarts the same few; any of the documented answers will do.
    void disturb(int writer, int round) {
        const std::string ref = "shared-" + std::to_string(round % 4);
        switch ((writer + round) % 3) {
            case 0:
                EXPECT_TRUE(engine->start_container(ref));
                break;
            case 1: {
                Status stopped = engine->stop_container(ref, std::nullopt, std::nullopt);
                EXPECT_TRUE(stopped || stopped.error().code() == ErrorCode::kNotModified) << stopped.error().message();
                break;
            }
            default: {
                Status restarted = engine->restart_container(ref, std::nullopt, std::nullopt);
                EXPECT_TRUE(restarted) << restarted.error().message();
            }
        }
    }

    void read() {
        ListOptions all;
        all.all = true;
        const auto list = engine->list_containers(all);
        ASSERT_TRUE(list);
        for (const RecordPtr& record : *list) {
            EXPECT_EQ(record->id.size(), 64U);
            (void)engine->find_container(record->name);  // may have gone
        }
        for (int i = 0; i < 4; ++i) EXPECT_TRUE(engine->find_container("shared-" + std::to_string(i)));
        EXPECT_FALSE(engine->list_networks().empty());
        auto events = engine->subscribe(0, 0, 0, {});
        (void)events->next(std::chrono::milliseconds(1));
    }

    std::filesystem::path root;
    std::shared_ptr<BackendEventQueue> queue;
    std::shared_ptr<SimBackend> sim;
    std::unique_ptr<Engine> engine;
};

TEST_F(Crowd, WritersAndReadersAtOnce) {
    const Size size = size_of_crowd();
    for (int i = 0; i < 4; ++i) create({"sleep"}, "shared-" + std::to_string(i));
    std::atomic<int> busy{size.writers};
    std::atomic<uint64_t> reads{0};
    std::vector<std::thread> crowd;
    for (int writer = 0; writer < size.writers; ++writer) {
        crowd.emplace_back([&, writer] {
            for (int round = 0; round < size.rounds; ++round) {
                live(writer, round);
                disturb(writer, round);
            }
            --busy;
        });
    }
    for (int reader = 0; reader < size.readers; ++reader) {
        crowd.emplace_back([&] {
            do {
                read();
                ++reads;
                std::this_thread::sleep_for(std::chrono::milliseconds(5));  // leave the writers a turn
            } while (busy > 0);
        });
    }
    for (std::thread& one : crowd) one.join();

    RemoveOptions force;
    force.force = true;
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(engine->remove_container("shared-" + std::to_string(i), force));
    EXPECT_EQ(sim->residue(), SimResidue{});
    EXPECT_EQ(sim->violations(), std::vector<std::string>{});
    EXPECT_EQ(sim->writable_layers(), 0);
    std::cout << "[ CROWD    ] " << size.writers << " writers, " << size.readers
              << " readers: " << size.writers * size.rounds << " lives, " << reads << " reads\n";
}

}  // namespace
}  // namespace slipway::test
