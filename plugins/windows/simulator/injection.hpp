// plugins/windows/simulator/injection.hpp - failures by rule.
//
// A rule is {"function": "HcsStartComputeSystem", "nth": 1, "do": "...", "hresult": "0x80370105", "delay_ms": 50}.
// `nth` counts the calls of that function from reset() on, 0 means each. `do` is one of
//
//   fail           the call returns `hresult` and does nothing
//   fail_async     the call is accepted, its operation ends with `hresult`; "message" goes into its ResultError.
//                  Synchronous functions just fail
//   hang           the operation never ends; a synchronous call blocks until release_hangs()
//   late           what was asked happens, `delay_ms` later
//   crash_system   what was asked happens, then the system ends unexpectedly
//   lost_exit      the process of this HcsCreateProcess, or the system of this HcsCreateComputeSystem, ends without an
//                  event
//   double_exit    its event comes twice
//   late_exit      it comes `delay_ms` later, behind events of what ends meanwhile
//   odd_wait       waiting for this HcsCreateProcess gives E_INVALIDARG though the process runs
//   error_record   an HCN call succeeds and returns an error record all the same
#pragma once

#include <raw/types.hpp>

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

namespace slipway::simulated_hcs {

enum class Action {
    kNone,
    kFail,
    kFailAsync,
    kHang,
    kLate,
    kCrashSystem,
    kLostExit,
    kDoubleExit,
    kLateExit,
    kOddWait,
    kErrorRecord
};

struct Rule {
    std::string function;
    int nth = 1;
    Action action = Action::kNone;
    windows_backend::raw::Hresult hresult = 0;
    int delay_ms = 0;
    std::string message;

    // How often, and how much later than it might, the event of an end comes.
    int exit_events() const { return action == Action::kLostExit ? 0 : action == Action::kDoubleExit ? 2 : 1; }
    int exit_delay_ms() const { return action == Action::kLateExit ? delay_ms : 0; }

    // Throws std::invalid_argument for what is no rule: tests that inject nothing would pass for the wrong reason.
    static Rule from(const nlohmann::json& document);
};

class Injection {
public:
    void add(const nlohmann::json& rules);
    // Counts the call and says what to do with it.
    Rule next(const std::string& function);
    const std::map<std::string, int>& counts() const { return counts_; }
    void clear();

private:
    std::vector<Rule> rules_;
    std::map<std::string, int> counts_;
};

}  // namespace slipway::simulated_hcs
