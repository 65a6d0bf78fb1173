// core/src/start/undo_stack.hpp - gives back what an operation acquired, newest first, unless it is kept.
#pragma once

#include <functional>
#include <utility>
#include <vector>

namespace slipway::core {

// Used by one thread. Undo functions do not throw; they log what they could not do.
class UndoStack {
public:
    UndoStack() = default;
    UndoStack(const UndoStack&) = delete;
    UndoStack& operator=(const UndoStack&) = delete;
    ~UndoStack() { run(); }

    void push(std::function<void()> undo) { undos_.push_back(std::move(undo)); }
    // Everything stays as it is.
    void keep() { undos_.clear(); }
    void run() {
        while (!undos_.empty()) {
            const std::function<void()> undo = std::move(undos_.back());
            undos_.pop_back();
            undo();
        }
    }

private:
    std::vector<std::function<void()>> undos_;
};

}  // namespace slipway::core
