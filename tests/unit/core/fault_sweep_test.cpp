// Sf31: every call into the backend fails once, in every operation: nothing may stay behind, and the container stays
// usable.

#include "support/engine_fixture.hpp"

#include <iostream>
#include <thread>

namespace slipway::test {
namespace {

class FaultSweep : public EngineFixture {
protected:
    FaultSweep() { with_faults = true; }

    // Runs `operation` on a fresh container with call N failing, for every N until none fails. Afterwards the container
    // must end in a state from which it can be removed by force without residue.
    using Step = std::function<void(const std::string& id)>;
    void sweep(const std::function<std::string()>& prepare, const Step& operation, const Step& afterwards = {}) {
        RemoveOptions force;
        force.force = true;
        for (uint64_t n = 1;; ++n) {
            faulty->plan().clear();
            const std::string id = prepare();
            faulty->plan().fail_nth(n);

            operation(id);

            const bool fired = faulty->plan().fired();
            SCOPED_TRACE("call " + std::to_string(n) + ": " + (fired ? faulty->plan().last_failed() : "none"));
            faulty->plan().clear();
            if (afterwards) afterwards(id);
            if (auto found = engine->find_container(id); found) {
                EXPECT_NE((*found)->state, RunState::kRemoving);
                Status removed = engine->remove_container(id, force);
                EXPECT_TRUE(removed) << removed.error().message();
            }
            EXPECT_EQ(sim->residue(), SimResidue{});
            EXPECT_EQ(sim->writable_layers(), 0);
            EXPECT_FALSE(std::filesystem::exists(root / "data/containers" / id));
            if (!fired) {
                EXPECT_GT(n, 1U);
                report(n - 1);
                return;
            }
            ASSERT_LT(n, 100U) << "the sweep does not end";
        }
    }

    static void report(uint64_t tried) {
        const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
        std::cout << "[ SWEEP    ] failing backend calls, " << test->name() << ": " << tried << " points\n";
    }

    nlohmann::json busy_config() const {
        return {{"Binds", {"/srv/a:/a", "/srv/b:/b"}}, {"PortBindings", {{"80/tcp", {{{"HostPort", "8080"}}}}}}};
    }
};

TEST_F(FaultSweep, Start) {
    sweep([&] { return create({"sleep"}, busy_config()); },
          [&](const std::string& id) {
              const bool started = engine->start_container(id).has_value();
              const bool is_clean = sim->residue() == SimResidue{};
              // All or nothing, except that a failed undo is made good for by the next operation.
              EXPECT_EQ(started, !is_clean);
              EXPECT_EQ(record(id)->state, started ? RunState::kRunning : RunState::kCreated);
          });
}

TEST_F(FaultSweep, StartThatFailsAndWhoseUndoFailsToo) {
    sweep([&] { return create({"missing"}, busy_config()); },
          [&](const std::string& id) {
              EXPECT_FALSE(engine->start_container(id));
              EXPECT_EQ(record(id)->state, RunState::kCreated);
          });
}

TEST_F(FaultSweep, AFailedStartNeverStandsInTheWayOfTheNext) {
    sweep([&] { return create({"missing"}, busy_config()); },
          [&](const std::string& id) { EXPECT_FALSE(engine->start_container(id)); },
          [&](const std::string& id) {
              auto again = engine->start_container(id);
              ASSERT_FALSE(again);
              EXPECT_EQ(again.error().message(), "exec: \"missing\": executable file not found in $PATH");
              EXPECT_EQ(sim->residue(), SimResidue{});
          });
}

TEST_F(FaultSweep, Stop) {
    sweep([&] { return create_started({"sleep"}, busy_config()); },
          [&](const std::string& id) {
              Status stopped = engine->stop_container(id, std::nullopt, std::nullopt);
              EXPECT_TRUE(stopped) << stopped.error().message();
              EXPECT_EQ(record(id)->state, RunState::kExited);
          });
}

TEST_F(FaultSweep, Restart) {
    sweep([&] { return create_started({"sleep"}, busy_config()); },
          [&](const std::string& id) {
              Status restarted = engine->restart_container(id, std::nullopt, std::nullopt);
              EXPECT_EQ(record(id)->state, restarted ? RunState::kRunning : RunState::kExited);
              // A configuration that is refused (verify) is no failed start.
              const bool refused = faulty->plan().last_failed() == "verify";
              EXPECT_EQ(record(id)->error.empty(), restarted || refused);
          },
          [&](const std::string& id) {
              auto again = engine->start_container(id);
              EXPECT_TRUE(again) << again.error().message();
          });
}

TEST_F(FaultSweep, StopOfAContainerThatMustBeKilled) {
    sweep([&] { return create_started({"stubborn"}, busy_config()); },
          [&](const std::string& id) {
              Status stopped = engine->stop_container(id, std::nullopt, std::chrono::seconds(0));
              EXPECT_EQ(record(id)->state, stopped ? RunState::kExited : RunState::kRunning);
          });
}

TEST_F(FaultSweep, ExitOfAContainerThatRemovesItself) {
    sweep(
        [&] {
            return create_started({"sleep"}, {{"AutoRemove", true}, {"Binds", {"/srv/a:/a"}}});
        },
        [&](const std::string& id) {
            sim->finish(id, 3);
            // Removed, or dead with the reason and left to whoever looks after it.
            const auto is_done = [&] {
                auto found = engine->find_container(id);
                if (found) return (*found)->state == RunState::kDead;
                return !std::filesystem::exists(root / "data/containers" / id);  // goes last
            };
            while (!is_done()) std::this_thread::yield();
        });
}

TEST_F(FaultSweep, ExitByItself) {
    sweep([&] { return create_started({"sleep"}, busy_config()); },
          [&](const std::string& id) {
              sim->finish(id, 3);
              EXPECT_EQ(wait_exit(id).exit_code, 3);
              EXPECT_EQ(record(id)->exit_code, 3);
          });
}

TEST_F(FaultSweep, Remove) {
    sweep([&] { return create({"sleep"}, busy_config()); },
          [&](const std::string& id) {
              const bool removed = engine->remove_container(id, {}).has_value();
              EXPECT_EQ(removed, !engine->find_container(id));
          });
}

TEST_F(FaultSweep, ForcedRemoveOfARunningContainer) {
    sweep([&] { return create_started({"sleep"}, busy_config()); },
          [&](const std::string& id) {
              RemoveOptions force;
              force.force = true;
              const bool removed = engine->remove_container(id, force).has_value();
              EXPECT_EQ(removed, !engine->find_container(id));
          });
}

TEST_F(FaultSweep, Create) {
    for (uint64_t n = 1;; ++n) {
        faulty->plan().fail_nth(n);
        auto created = try_create({"sleep"}, busy_config(), "web");
        const bool fired = faulty->plan().fired();
        faulty->plan().clear();
        EXPECT_EQ(created.has_value(), !fired);
        if (!fired) {
            report(n - 1);
            break;
        }
        EXPECT_FALSE(engine->find_container("web"));
        EXPECT_EQ(sim->writable_layers(), 0);
        std::error_code missing;
        const std::filesystem::directory_iterator left(root / "data/containers", missing);
        EXPECT_EQ(left, std::filesystem::directory_iterator()) << left->path();
    }
}

}  // namespace
}  // namespace slipway::test
