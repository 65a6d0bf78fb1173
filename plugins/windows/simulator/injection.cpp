#include "injection.hpp"

#include <stdexcept>

namespace slipway::simulated_hcs {
namespace {

using windows_backend::raw::Hresult;

Action action_of(const std::string& text) {
    static const std::map<std::string, Action> kActions = {{"fail", Action::kFail},
                                                           {"fail_async", Action::kFailAsync},
                                                           {"hang", Action::kHang},
                                                           {"late", Action::kLate},
                                                           {"crash_system", Action::kCrashSystem},
                                                           {"lost_exit", Action::kLostExit},
                                                           {"double_exit", Action::kDoubleExit},
                                                           {"late_exit", Action::kLateExit},
                                                           {"odd_wait", Action::kOddWait},
                                                           {"error_record", Action::kErrorRecord}};
    const auto found = kActions.find(text);
    if (found == kActions.end()) throw std::invalid_argument("no action '" + text + "'");
    return found->second;
}

}  // namespace

Rule Rule::from(const nlohmann::json& document) {
    Rule rule;
    rule.function = document.at("function").get<std::string>();
    rule.nth = document.value("nth", 1);
    rule.action = action_of(document.at("do").get<std::string>());
    rule.delay_ms = document.value("delay_ms", 0);
    rule.message = document.value("message", "");
    const std::string code = document.value("hresult", "0x80004005");
    rule.hresult = static_cast<Hresult>(static_cast<uint32_t>(std::stoul(code, nullptr, 16)));
    return rule;
}

void Injection::add(const nlohmann::json& rules) {
    for (const nlohmann::json& rule : rules) rules_.push_back(Rule::from(rule));
}

Rule Injection::next(const std::string& function) {
    const int count = ++counts_[function];
    for (const Rule& rule : rules_) {
        if (rule.function == function && (rule.nth == 0 || rule.nth == count)) return rule;
    }
    return {};
}

void Injection::clear() {
    rules_.clear();
    counts_.clear();
}

}  // namespace slipway::simulated_hcs
