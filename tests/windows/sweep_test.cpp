// Every call of the host in a container's life fails, is refused late, hangs or comes late.
#include "sweep.hpp"

namespace slipway::windows_backend {
namespace {

using std::chrono::milliseconds;

const std::string kBase(64, 'a'), kChild(64, 'c');

class WindowsSweep : public Sweep {
protected:
    size_t functions() const override { return 30; }

    // A whole life: layers, a network with a published port, a command, an exec, a graceful end, and all of it removed.
    Outcome life(const std::string& id) override {
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
