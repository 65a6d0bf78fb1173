// plugins/windows/src/hcs/gate.hpp - lets a few threads in at a time, for what Windows gets wrong when more do it.
#pragma once

#include <hcs/limits.hpp>

#include <condition_variable>
#include <memory>
#include <mutex>

namespace slipway::windows_backend {

class Gate {
public:
    // Taken until the last copy goes, on whichever thread: a call that is left behind keeps its own. It may outlive the
    // gate.
    using Place = std::shared_ptr<const void>;

    explicit Gate(unsigned places) : state_(std::make_shared<State>(places)) {}

    // Waits within the limits; a failure says what was waited for.
    Result<Place> enter(const Limits& limits, const std::string& what) {
        const std::shared_ptr<State> state = state_;
        std::unique_lock lock(state->mutex);
        while (!state->changed.wait_for(lock, limits.slice(), [&] { return state->places > 0; })) {
            if (Status allowed = limits.check(what); !allowed) return std::move(allowed).error();
        }
        --state->places;
        return Place(state.get(), [state](const void*) {
            const std::lock_guard back(state->mutex);
            ++state->places;
            state->changed.notify_one();
        });
    }

private:
    struct State {
        explicit State(unsigned free) : places(free) {}
        std::mutex mutex;
        std::condition_variable changed;
        unsigned places;  // guarded by mutex
    };

    std::shared_ptr<State> state_;
};

}  // namespace slipway::windows_backend
