// tests/windows/sweep.hpp - every call of the host in something that is done fails, hangs or comes late, one at a time.
#pragma once

#include "backend_test.hpp"

#include <algorithm>
#include <filesystem>

namespace slipway::windows_backend {

constexpr std::chrono::milliseconds kOperation(250), kUndo(1500);

// The answer is a typed error inside the deadline or success, nothing is left, and the next one goes well.
class Sweep : public WindowsBackend {
protected:
    json config() const override {
        json times = {{"undo", kUndo.count()}, {"stop", 400}};
        for (const char* key : {"system", "process", "network", "storage"}) times[key] = kOperation.count();
        return {{"timeouts_ms", times}};
    }

    // What is done, from nothing to nothing; the first failure.
    virtual Outcome life(const std::string& id) = 0;
    // How many functions it calls at least: fewer would mean that the sweep misses something.
    virtual size_t functions() const = 0;
    virtual bool is_swept(const std::string&) const { return true; }

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
        ASSERT_GE(points.size(), functions());
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
        const auto begin = std::chrono::steady_clock::now();

        const Outcome outcome = life(id);

        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(15'000));
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
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
        while (simulated::late_calls() > 0 && std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        std::vector<std::string> left = what_is_left();
        while (!left.empty() && std::chrono::steady_clock::now() < end) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            left = what_is_left();
        }
        EXPECT_THAT(left, testing::IsEmpty());
    }

    // And folders of imports and exports.
    std::vector<std::string> what_is_left() const {
        std::vector<std::string> left = simulated::leaks();
        for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/data/layers")) {
            const std::string name = entry.path().filename().string();
            if (name.size() < 64) left.push_back(name);
        }
        return left;
    }

    // Calls that are documented to return at once; there is nothing to hang.
    const std::vector<std::string> kImmediate = {"HcsOpenComputeSystem", "HcsSetComputeSystemCallback",
                                                 "HcsSetProcessCallback", "HcsOpenProcess", "HcsGetServiceProperties"};
};

}  // namespace slipway::windows_backend
