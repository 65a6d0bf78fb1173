// Every call of the host in a container's life fails, is refused late, hangs or comes late, one at a time: the answer
// is a typed error inside the deadline or success, nothing is left, and the next container runs.
#include "backend_test.hpp"

#include <algorithm>

namespace slipway::windows_backend {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds kOperation(250), kUndo(1500);
const std::string kBase(64, 'a'), kChild(64, 'c');

// Calls that are documented to return at once; there is nothing to hang.
const std::vector<std::string> kImmediate = {"HcsOpenComputeSystem", "HcsSetComputeSystemCallback",
                                             "HcsSetProcessCallback", "HcsOpenProcess", "HcsGetServiceProperties"};

class WindowsSweep : public WindowsBackend {
protected:
    json config() const override {
        json times = {{"undo", kUndo.count()}, {"stop", 400}};
        for (const char* key : {"system", "process", "network", "storage"}) times[key] = kOperation.count();
        return {{"timeouts_ms", times}};
    }

    // A whole life: layers, a network with a published port, a command, an exec, a graceful end, and all of it removed.
    Outcome life(const std::string& id) {
        Outcome first = import_base();
        if (first) first = import_layer(kChild, {kBase});
        if (first) first = container(id);
        for (const auto& remove : {+[](WindowsSweep& test) { return test.remove_layer(kChild); },
                                   +[](WindowsSweep& test) { return test.remove_layer(kBase); },
                                   +[](WindowsSweep& test) { return test.remove_network(); }}) {
            const Outcome removed = remove(*this);
            if (removed) continue;
            if (first) first = removed;
            simulated::release_hangs();
            EXPECT_TRUE(remove(*this)) << "the second try";
        }
        return first;
    }

    virtual Outcome import_base() { return import_layer(kBase, {}); }
    virtual RunOptions container_options() const { return {does({"sleep:60000"})}; }
    // Between its exec and its end.
    virtual Outcome further_calls(slw_container*) { return {}; }
    virtual bool is_swept(const std::string&) const { return true; }

    Outcome container(const std::string& id) {
        slw_container* c = open(id);
        RunOptions options = container_options();
        options.ports = json::array({{{"Proto", "tcp"}, {"ContainerPort", 80}, {"HostPort", 8080}}});
        Outcome first = run(c, id, options);
        if (first) {
            Outcome executed = exec(c, test_id('e'), does({}));
            if (executed && host_->wait(SLW_EVENT_EXEC_EXIT, test_id('e'), milliseconds(3000)).kind == 0) {
                ADD_FAILURE() << "the end of an exec was not told";
            }
            if (!executed) first = executed;
            if (const Outcome further = further_calls(c); first && !further) first = further;
            const Outcome asked = signal(c, 15);
            if (first && !asked) first = asked;
            if (asked) host_->wait(SLW_EVENT_EXIT, id, milliseconds(1000));
        }
        Outcome back = give_back(c);
        // What failed while giving back is tried again, as the engine does.
        if (!back) {
            if (first) first = back;
            simulated::release_hangs();
            back = give_back(c);
            EXPECT_TRUE(back);
        }
        close(c);
        return first;
    }

    std::map<std::string, int> calls_of_a_life() {
        const std::map<std::string, int> before = simulated::calls();
        const Outcome undisturbed = life(test_id('1'));
        EXPECT_TRUE(undisturbed) << undisturbed.message();
        std::map<std::string, int> after = simulated::calls();
        for (const auto& [function, count] : before) after[function] -= count;
        return after;
    }

    void sweep(const std::string& action) {
        const std::map<std::string, int> points = calls_of_a_life();
        ASSERT_GE(points.size(), 30U);
        char digit = '2';
        for (const auto& [function, count] : points) {
            const bool immediate = std::find(kImmediate.begin(), kImmediate.end(), function) != kImmediate.end();
            if (!is_swept(function) || (immediate && (action == "hang" || action == "late"))) continue;
            for (int nth = 1; nth <= count; ++nth) {
                digit = digit == '9' ? '2' : static_cast<char>(digit + 1);
                try_point(function, nth, action, test_id(digit));
            }
        }
    }

    // Events of an end are no failure: a life with them is whole.
    void sweep_events() {
        const std::map<std::string, int> points = calls_of_a_life();
        char digit = '2';
        for (const char* action : {"lost_exit", "double_exit", "late_exit"}) {
            for (const char* function : {"HcsCreateComputeSystem", "HcsCreateProcess"}) {
                ASSERT_GE(points.at(function), 1);
                for (int nth = 1; nth <= points.at(function); ++nth) {
                    digit = digit == '9' ? '2' : static_cast<char>(digit + 1);
                    try_point(function, nth, action, test_id(digit));
                }
            }
        }
    }

    void try_point(const std::string& function, int nth, const std::string& action, const std::string& id) {
        SCOPED_TRACE(function + " number " + std::to_string(nth) + ": " + action);
        json rule = {{"function", function}, {"do", action}, {"hresult", "0x80004005"}};
        rule["nth"] = simulated::calls()[function] + nth;
        if (action.starts_with("late")) rule["delay_ms"] = kOperation.count() + 100;
        simulated::inject(json::array({rule}));
        const auto begin = Clock::now();

        const Outcome outcome = life(id);

        EXPECT_LT(Clock::now() - begin, milliseconds(15'000));
        if (action.ends_with("_exit")) {
            EXPECT_TRUE(outcome) << outcome.message();
        }
        if (!outcome) {
            EXPECT_NE(outcome.status, SLW_ERR_INTERNAL) << outcome.message();
            EXPECT_NE(outcome.message(), "");
            if (action == "hang" || action == "late") {
                EXPECT_EQ(outcome.status, SLW_ERR_DEADLINE_EXCEEDED) << outcome.message();
            }
        }
        simulated::release_hangs();
        expect_nothing_left();
        const Outcome next = life(id);
        EXPECT_TRUE(next) << "the next container: " << next.message();
    }

    // What comes late is given back by the threads that were left behind. One of them may begin only after a look that
    // found nothing, so there is no second look. A removal that comes late must not meet the next life: networks and
    // layers have the same ids there.
    void expect_nothing_left() {
        const auto end = Clock::now() + std::chrono::seconds(5);
        while (simulated::late_calls() > 0 && Clock::now() < end) std::this_thread::sleep_for(milliseconds(10));
        std::vector<std::string> left = simulated::leaks();
        while (!left.empty() && Clock::now() < end) {
            std::this_thread::sleep_for(milliseconds(10));
            left = simulated::leaks();
        }
        EXPECT_THAT(left, testing::IsEmpty());
    }
};

TEST_F(WindowsSweep, EveryCallIsRefusedOnce) {
    sweep("fail");
}

TEST_F(WindowsSweep, EveryCallEndsInFailureOnce) {
    sweep("fail_async");
}

TEST_F(WindowsSweep, EveryCallHangsOnce) {
    sweep("hang");
}

TEST_F(WindowsSweep, EveryCallComesTooLateOnce) {
    sweep("late");
}

TEST_F(WindowsSweep, EveryEndIsToldNeverTwiceAndTooLate) {
    sweep_events();
}

// The same with Hyper-V isolation: base layers that machines boot from, a machine, what it is given, a pause. Calls
// that differ in nothing are left to the sweep above.
class WindowsHyperVSweep : public WindowsSweep {
protected:
    Outcome import_base() override { return import_machine_layer(kBase); }
    RunOptions container_options() const override {
        RunOptions options{does({"sleep:60000"})};
        options.host_config["Isolation"] = "hyperv";
        options.layers = {kBase, kChild};
        return options;
    }
    Outcome further_calls(slw_container* c) override {
        const auto* ops = table<slw_pause_ops>(SLW_EXT_PAUSE);
        const slw_call limits = call();
        for (const auto op : {ops->pause, ops->resume}) {
            Outcome outcome;
            outcome.error.struct_size = sizeof(outcome.error);
            outcome.status = op(c, &limits, &outcome.error);
            if (!outcome) return outcome;
        }
        return {};
    }
    bool is_swept(const std::string& function) const override {
        return function.starts_with("Hcs") || function.find("Namespace") != std::string::npos ||
               function == "HcnQueryEndpointProperties" || function == "attach_disk" || function == "create_disk";
    }
};

TEST_F(WindowsHyperVSweep, EveryCallIsRefusedOnce) {
    sweep("fail");
}

TEST_F(WindowsHyperVSweep, EveryCallEndsInFailureOnce) {
    sweep("fail_async");
}

TEST_F(WindowsHyperVSweep, EveryCallHangsOnce) {
    sweep("hang");
}

TEST_F(WindowsHyperVSweep, EveryCallComesTooLateOnce) {
    sweep("late");
}

TEST_F(WindowsHyperVSweep, EveryEndIsToldNeverTwiceAndTooLate) {
    sweep_events();
}

}  // namespace
}  // namespace slipway::windows_backend
