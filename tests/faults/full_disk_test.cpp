// The disk fills up: at every write, below the data root and below the exec root. Nothing is left half made, the error
// names a file, and everything works again once there is room.
#include "sweep.hpp"

#include <gmock/gmock.h>

#include <cerrno>

namespace slipway::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class FullDisk : public Sweep {
protected:
    // `life` ran on a disk that was full from some write on; now there is room again.
    void check(const Life& life) {
        for (const HttpReply* reply : {&life.create, &life.start, &life.remove}) {
            if (reply->status < 400) continue;
            EXPECT_THAT(reply->body, AnyOf(HasSubstr("o space left"), HasSubstr("is full")));
            EXPECT_THAT(reply->body, AnyOf(HasSubstr(daemon->root()), HasSubstr("-json.log"))) << "names no file";
        }
        if (life.create.status != 201) {
            EXPECT_EQ(http("GET", "/containers/victim/json").status, 404);
            ASSERT_EQ(create("victim").status, 201);
            expect_usable("victim");
            return;
        }
        if (life.start.status != 204) {
            EXPECT_EQ(inspect("victim", "/State/Status"), "created");
            expect_usable("victim");
            return;
        }
        EXPECT_THAT(life.wait.body, HasSubstr("\"StatusCode\":7"));
        if (life.remove.status == 204) {
            EXPECT_EQ(http("GET", "/containers/victim/json").status, 404);
            return;
        }
        EXPECT_EQ(http("DELETE", "/containers/victim?force=1").status, 204);
    }

    void sweep(const std::string& directory, uint64_t at_most) {
        Fault fault;
        fault.writes_below = directory + "/";
        fault.error = ENOSPC;
        fault.from_then_on = true;
        injector->arm(fault);
        const Life counted = live("counted");
        const uint64_t count = injector->disarm().seen;
        ASSERT_TRUE(counted.remove.ok());
        uint64_t tried = 0;
        for (const uint64_t n : points(count, at_most)) {
            fault.nth = n;
            injector->arm(fault);
            const Life life = live("victim");
            const FaultReport seen = injector->disarm();
            SCOPED_TRACE("full from write " + std::to_string(n) + ": " + seen.where + "; create " + life.create.body +
                         "; start " + life.start.body + "; wait " + life.wait.body + "; remove " + life.remove.body);
            tried += seen.fired ? 1 : 0;
            check(life);
        }
        EXPECT_EQ(leaks(), "");
        report("disk full below " + directory.substr(daemon->root().size()), tried);
    }
};

TEST_F(FullDisk, AtEveryWriteBelowTheDataRoot) {
    sweep(daemon->data_root(), 30);
}

TEST_F(FullDisk, AtEveryWriteBelowTheExecRoot) {
    sweep(daemon->exec_root(), 30);
}

}  // namespace
}  // namespace slipway::testing
