// A backend that blocks costs the caller the phase's deadline and no more than a second on top, whatever the phase and
// whether or not it gives up when it is told to; everybody else is served meanwhile.

#include "support/engine_fixture.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace slipway::test {
namespace {

using ::testing::HasSubstr;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kDeadline{60};

struct Blocked {
    const char* call;   // of the backend
    const char* phase;  // in which the start makes it
};

constexpr Blocked kBlocked[] = {{"verify", "verify"},
                                {"root_mount", "mount_root"},
                                {"mount", "mount_volumes"},
                                {"sandbox_create", "create_sandbox"},
                                {"network_create", "attach_networks"},
                                {"endpoint_attach", "attach_networks"},
                                {"build_spec", "build_spec"},
                                {"create", "create"},
                                {"start", "start"}};

class Bounded : public EngineFixture {
protected:
    Bounded() { options.backend_grace = std::chrono::milliseconds(40); }

    // Only this phase: on a loaded machine another one may well take as long.
    void limit(const Blocked& blocked) {
        options.phase_deadlines = {{blocked.phase, kDeadline}};
        reopen();
    }

    // For the same reason a start may need another try.
    void expect_starts(const std::string& id) {
        bool started = false;
        for (int attempt = 0; attempt < 10 && !started; ++attempt) started = engine->start_container(id).has_value();
        EXPECT_TRUE(started);
    }

    void expect_bounded(const Blocked& blocked, bool obedient) {
        SCOPED_TRACE(std::string(blocked.call) + (obedient ? "" : ", ignoring its deadline"));
        limit(blocked);
        const std::string id = create({"sleep"}, {{"Binds", {"/srv/a:/a"}}});
        const std::string other = create({"sleep"}, {{"NetworkMode", "none"}});
        sim->block(blocked.call, obedient);
        const auto begun = Clock::now();

        auto started = engine->start_container(id);

        EXPECT_LT(Clock::now() - begun, kDeadline + std::chrono::seconds(1));
        ASSERT_FALSE(started);
        EXPECT_EQ(started.error().code(), ErrorCode::kDeadlineExceeded);
        EXPECT_THAT(started.error().message(), HasSubstr(std::string("phase ") + blocked.phase));
        EXPECT_EQ(record(id)->state, RunState::kCreated);

        sim->release(blocked.call);
        while (!record(id)->phase.empty()) std::this_thread::yield();  // an abandoned start is undone first
        expect_no_residue();
        expect_starts(id);
        expect_starts(other);
        RemoveOptions force;
        force.force = true;
        EXPECT_TRUE(engine->remove_container(id, force));
        EXPECT_TRUE(engine->remove_container(other, force));
        expect_no_residue();
    }
};

TEST_F(Bounded, ABackendThatBlocksInAnyPhaseCostsItsDeadline) {
    for (const Blocked& blocked : kBlocked) {
        if (blocked.call == std::string("network_create")) continue;  // made once: the next test
        expect_bounded(blocked, true);
    }
}

TEST_F(Bounded, ABackendThatIgnoresItsDeadlineInAnyPhaseCostsNoMore) {
    expect_bounded(kBlocked[4], false);
    for (const Blocked& blocked : kBlocked) {
        if (blocked.call != std::string("network_create")) expect_bounded(blocked, false);
    }
}

TEST_F(Bounded, EverythingElseIsServedWhileAPhaseHangs) {
    for (const Blocked& blocked : kBlocked) {
        SCOPED_TRACE(blocked.call);
        if (blocked.call == std::string("network_create") && sim->count_calls("network_create") > 0) continue;
        limit(blocked);
        const std::string other = create({"sleep"}, {{"NetworkMode", "none"}});
        expect_starts(other);
        const std::string id = create({"sleep"}, {{"Binds", {"/srv/a:/a"}}});
        sim->block(blocked.call, false);
        EXPECT_FALSE(engine->start_container(id));
        sim->wait_until_blocked(blocked.call);

        const RecordPtr seen = record(id);
        EXPECT_EQ(seen->phase, blocked.phase);
        EXPECT_GT(seen->phase_since, 0);
        ListOptions all;
        all.all = true;
        EXPECT_GE(engine->list_containers(all)->size(), 2U);
        EXPECT_FALSE(engine->list_networks().empty());
        EXPECT_TRUE(engine->stop_container(other, std::nullopt, std::nullopt));

        sim->release(blocked.call);
        while (!record(id)->phase.empty()) std::this_thread::yield();
        EXPECT_TRUE(engine->remove_container(id, {}));
    }
    expect_no_residue();
}

}  // namespace
}  // namespace slipway::test
