#include "host.hpp"

#include <documents/utf8_text.hpp>
#include <raw/utf16.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace slipway::simulated_hcs {

using std::chrono::milliseconds;

Host& Host::get() {
    static Host* const host = new Host;  // never destroyed: threads of a test that failed may still be inside
    return *host;
}

std::string text_of(raw::Text text) {
    return text == nullptr ? std::string() : windows_backend::to_utf8(text);
}

std::string result_error(Hresult result, const std::string& message) {
    return json{{"Error", result}, {"ErrorMessage", message}}.dump();
}

void Host::connect() {
    const std::lock_guard lock(mutex);
    if (connections_++ > 0) return;
    stopping_ = false;
    thread_ = std::thread([this] { run(); });
}

bool Host::children_alive() const {
    for (const auto& [id, system] : systems) {
        for (const auto& [pid, process] : system->processes) {
            if (!process->exited) return true;
        }
    }
    return false;
}

void Host::disconnect() {
    Lock lock(mutex);
    if (--connections_ > 0) return;
    // Children that were killed a moment ago end through the host's thread.
    changed.wait_for(lock, std::chrono::seconds(10), [this] { return !children_alive(); });
    stopping_ = true;
    work_.notify_all();
    std::thread thread = std::move(thread_);
    lock.unlock();
    thread.join();
}

void Host::run() {
    Lock lock(mutex);
    while (true) {
        // What is due goes first, so that nothing queued is lost at the end.
        if (!tasks_.empty() && tasks_.begin()->first <= Clock::now()) {
            const auto task = std::move(tasks_.begin()->second);
            tasks_.erase(tasks_.begin());
            task(lock);
            continue;
        }
        if (stopping_) return;
        if (at_rest != nullptr) at_rest(*this);
        constexpr milliseconds kRest(50);
        const Clock::time_point longest = at_rest != nullptr ? Clock::now() + kRest : Clock::time_point::max();
        if (tasks_.empty() && at_rest == nullptr) {
            work_.wait(lock);
        } else {
            const Clock::time_point due = tasks_.empty() ? longest : std::min(tasks_.begin()->first, longest);
            work_.wait_until(lock, due);
        }
    }
}

void Host::post(milliseconds delay, std::function<void(Lock&)> task) {
    tasks_.emplace(Clock::now() + delay, std::move(task));
    work_.notify_all();
}

void Host::finish(const std::shared_ptr<Operation>& operation, raw::Handle handle, const Outcome& outcome, Lock& lock) {
    operation->outcome = outcome;
    operation->state = Operation::State::kDone;
    changed.notify_all();
    if (operation->callback == nullptr) return;
    in_callback_ = handle;
    lock.unlock();
    operation->callback(handle, operation->context);
    lock.lock();
    in_callback_ = nullptr;
    changed.notify_all();
}

Hresult Host::submit(const char* function, raw::Handle handle, std::function<Outcome(const Rule&)> apply,
                     bool tells_process) {
    const auto operation = find<Operation>(handle, Kind::kOperation, function);
    const Rule rule = injection.next(function);
    if (!operation) return raw::kInvalidArgument;
    if (service_gone) return raw::kHcsServiceDisconnect;
    if (operation->state != Operation::State::kNew) return raw::kHcsOperationAlreadyStarted;
    if (rule.action == Action::kFail) return rule.hresult;
    operation->state = Operation::State::kPending;
    operation->tells_process = tells_process;
    if (rule.action == Action::kHang) return raw::kOk;
    const milliseconds delay(rule.action == Action::kLate ? rule.delay_ms : 0);
    post(delay, [this, operation, handle, rule, apply = std::move(apply)](Lock& lock) {
        Outcome outcome;
        if (rule.action == Action::kFailAsync) {
            outcome = {rule.hresult, rule.message.empty() ? "" : result_error(rule.hresult, rule.message)};
        } else {
            outcome = apply(rule);
        }
        if (outcome.with == nullptr) {
            finish(operation, handle, outcome, lock);
        } else {
            outcome.with->push_back([this, operation, handle](Lock& held) { finish(operation, handle, {}, held); });
        }
    });
    return raw::kOk;
}

void Host::bind(raw::Handle operation, raw::Handle target, const char* function) {
    if (const auto accepted = find<Operation>(operation, Kind::kOperation, function)) accepted->target = target;
}

void Host::check_unused(raw::Handle target, const char* function) {
    for (const auto& [handle, entry] : handles_) {
        if (entry.kind != Kind::kOperation) continue;
        const auto operation = std::static_pointer_cast<Operation>(entry.object);
        if (operation->target != target || operation->state != Operation::State::kPending) continue;
        violations.push_back(std::string(function) + ": somebody still waits for what he asked by this handle");
    }
}

void Host::run_endings(Endings& endings) {
    for (auto& ending : std::exchange(endings, {})) post(milliseconds(0), std::move(ending));
}

Hresult Host::enter(const char* function, Lock& lock, Rule* out) {
    const Rule rule = injection.next(function);
    if (out != nullptr) *out = rule;
    if (rule.action == Action::kFail || rule.action == Action::kFailAsync) return rule.hresult;
    if (rule.action == Action::kHang) {
        const int epoch = hang_epoch;
        changed.wait(lock, [this, epoch] { return hang_epoch != epoch; });
        return raw::hresult(0x80004005);
    }
    if (rule.action == Action::kLate) {
        ++late_calls;
        lock.unlock();
        std::this_thread::sleep_for(milliseconds(rule.delay_ms));
        lock.lock();
        --late_calls;
    }
    return raw::kOk;
}

template <class Object>
void Host::notify(raw::Handle handle, Kind kind, uint32_t type, const json& data, milliseconds delay) {
    post(delay, [this, handle, kind, type, text = data.dump()](Lock& lock) {
        const auto at = handles_.find(handle);
        if (at == handles_.end() || at->second.kind != kind) return;  // closed in the meantime: silence
        const auto opened = std::static_pointer_cast<Opened<Object>>(at->second.object);
        if (opened->callback == nullptr) return;
        const std::u16string wide = windows_backend::to_utf16(text);
        const raw::Event event{type, wide.c_str(), nullptr};
        in_callback_ = handle;
        lock.unlock();
        opened->callback(&event, opened->context);
        lock.lock();
        in_callback_ = nullptr;
        changed.notify_all();
    });
}
template void Host::notify<System>(raw::Handle, Kind, uint32_t, const json&, milliseconds);
template void Host::notify<Process>(raw::Handle, Kind, uint32_t, const json&, milliseconds);

template <class Object>
Hresult Host::set_callback(const char* function, raw::Handle handle, Kind kind, uint32_t options, void* context,
                           raw::EventCallback callback) {
    Lock lock(mutex);
    const Hresult entered = enter(function, lock);
    if (entered != raw::kOk) return entered;
    const auto opened = find<Opened<Object>>(handle, kind, function);
    if (!opened) return raw::kInvalidHandle;
    if (options != 0) return raw::kInvalidArgument;
    if (opened->callback != nullptr) return raw::kHcsCallbackAlreadySet;
    opened->callback = callback;
    opened->context = context;
    return raw::kOk;
}
template Hresult Host::set_callback<System>(const char*, raw::Handle, Kind, uint32_t, void*, raw::EventCallback);
template Hresult Host::set_callback<Process>(const char*, raw::Handle, Kind, uint32_t, void*, raw::EventCallback);

void Host::wait_for_callback(raw::Handle handle, Lock& lock) {
    if (in_callback_ != handle) return;
    if (std::this_thread::get_id() == thread_.get_id()) {
        violations.push_back("a handle was closed from inside its own callback: a deadlock");
        return;
    }
    changed.wait(lock, [&] { return in_callback_ != handle; });
}

char16_t* Host::give_text(const std::string& utf8, TextOwner owner) {
    const std::u16string wide = windows_backend::to_utf16(utf8);
    if (outside_text != nullptr) return outside_text(wide, owner);
    auto* text = new char16_t[wide.size() + 1];
    std::memcpy(text, wide.c_str(), (wide.size() + 1) * sizeof(char16_t));
    texts_[text] = owner;
    return text;
}

void Host::free_text(void* text, TextOwner owner) {
    if (text == nullptr) return;
    const auto given = texts_.find(text);
    if (given == texts_.end()) {
        violations.emplace_back("text was freed that was not given, or twice");
        return;
    }
    if (given->second != owner) violations.emplace_back("text was freed with the other library's function");
    texts_.erase(given);
    delete[] static_cast<char16_t*>(text);
}

void Host::reset() {
    const std::lock_guard lock(mutex);
    tasks_.clear();
    systems.clear();
    handles_.clear();
    networks.clear();
    endpoints.clear();
    name_spaces.clear();
    disks.clear();
    grants.clear();
    for (const auto& [text, owner] : texts_) delete[] static_cast<char16_t*>(text);
    texts_.clear();
    injection.clear();
    violations.clear();
    service_gone = false;
}

std::vector<std::string> Host::leaks() {
    static const std::map<Kind, const char*> kNames = {{Kind::kOperation, "operation"},
                                                       {Kind::kSystem, "system"},
                                                       {Kind::kProcess, "process"},
                                                       {Kind::kNetwork, "network"},
                                                       {Kind::kEndpoint, "endpoint"},
                                                       {Kind::kNamespace, "name space"},
                                                       {Kind::kDisk, "disk"}};
    std::vector<std::string> found;
    for (const auto& [handle, entry] : handles_)
        found.push_back(std::string("an open handle of a ") + kNames.at(entry.kind));
    for (const auto& [id, system] : systems) found.push_back("system " + id);
    for (const auto& [id, endpoint] : endpoints) found.push_back("endpoint " + id.text());
    for (const auto& [id, name_space] : name_spaces) found.push_back("name space " + id.text());
    for (const auto& [path, disk] : disks) {
        if (disk.attached) found.push_back("attached disk " + windows_backend::utf8_of_path(path));
        if (!disk.filter.is_null()) found.push_back("storage filter on " + windows_backend::utf8_of_path(path));
    }
    for (const auto& [machine, file] : grants) {
        if (!std::filesystem::exists(file)) continue;
        found.push_back("access of " + machine + " to " + windows_backend::utf8_of_path(file));
    }
    if (!texts_.empty()) found.push_back(std::to_string(texts_.size()) + " texts that were not freed");
    return found;
}

}  // namespace slipway::simulated_hcs
