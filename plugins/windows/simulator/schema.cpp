#include "schema.hpp"

#include <documents/guid.hpp>

#include <algorithm>

namespace slipway::simulated_hcs {

using nlohmann::json;

Checker::Checker(const json& object, std::string path, Problem& problem)
    : object_(object), path_(std::move(path)), problem_(problem) {
    if (!object_.is_object()) fail("", "is not an object");
}

void Checker::fail(const std::string& name, const std::string& what) const {
    if (problem_) return;
    const std::string where = path_ + (path_.empty() || name.empty() ? "" : ".") + name;
    problem_ = (where.empty() ? "document" : where) + ": " + what;
}

const json* Checker::member(const char* name, bool required) const {
    if (!object_.is_object()) return nullptr;
    const auto found = object_.find(name);
    if (found != object_.end()) return &*found;
    if (required) fail(name, "is missing");
    return nullptr;
}

const json& Checker::value(const char* name) const {
    static const json kNull;
    const json* found = member(name, false);
    return found == nullptr ? kNull : *found;
}

std::string Checker::text_of(const char* name) const {
    const json& found = value(name);
    return found.is_string() ? found.get<std::string>() : std::string();
}

bool Checker::has(const char* name) const {
    return member(name, false) != nullptr;
}

const Checker& Checker::only(std::initializer_list<const char*> names) const {
    if (!object_.is_object()) return *this;
    for (const auto& [key, ignored] : object_.items()) {
        const bool known = std::any_of(names.begin(), names.end(), [&k = key](const char* name) { return k == name; });
        if (!known) fail(key, "is not a member of the schema");
    }
    return *this;
}

const Checker& Checker::text(const char* name, bool required, bool may_be_empty) const {
    const json* found = member(name, required);
    if (found == nullptr) return *this;
    if (!found->is_string()) fail(name, "is not a string");
    if (found->is_string() && !may_be_empty && found->get_ref<const std::string&>().empty()) fail(name, "is empty");
    return *this;
}

const Checker& Checker::one_of(const char* name, std::initializer_list<const char*> values, bool required) const {
    const json* found = member(name, required);
    if (found == nullptr) return *this;
    const bool known = found->is_string() &&
                       std::any_of(values.begin(), values.end(), [&](const char* value) { return *found == value; });
    if (!known) fail(name, "has no such value " + found->dump());
    return *this;
}

const Checker& Checker::number(const char* name, int64_t least, int64_t most, bool required) const {
    const json* found = member(name, required);
    if (found == nullptr) return *this;
    if (!found->is_number_integer()) {
        fail(name, "is not a whole number");
    } else if (const auto number = found->get<int64_t>(); number < least || number > most) {
        fail(name, "is out of range: " + std::to_string(number));
    }
    return *this;
}

const Checker& Checker::flag(const char* name) const {
    const json* found = member(name, false);
    if (found != nullptr && !found->is_boolean()) fail(name, "is not a boolean");
    return *this;
}

const Checker& Checker::guid(const char* name, bool required) const {
    const json* found = member(name, required);
    if (found == nullptr) return *this;
    if (!found->is_string() || !windows_backend::Guid::parse(found->get<std::string>())) fail(name, "is not a GUID");
    return *this;
}

const Checker& Checker::texts(const char* name) const {
    const json* found = member(name, false);
    if (found == nullptr) return *this;
    const bool right = found->is_array() &&
                       std::all_of(found->begin(), found->end(), [](const json& item) { return item.is_string(); });
    if (!right) fail(name, "is not an array of strings");
    return *this;
}

const Checker& Checker::object(const char* name, const std::function<void(const Checker&)>& check,
                               bool required) const {
    const json* found = member(name, required);
    if (found != nullptr) check(Checker(*found, path_ + (path_.empty() ? "" : ".") + name, problem_));
    return *this;
}

const Checker& Checker::objects(const char* name, const std::function<void(const Checker&)>& check,
                                size_t least) const {
    const json* found = member(name, least > 0);
    if (found == nullptr) return *this;
    if (!found->is_array()) {
        fail(name, "is not an array");
        return *this;
    }
    if (found->size() < least) fail(name, "has too few items");
    for (size_t i = 0; i < found->size(); ++i) {
        check(
            Checker((*found)[i], path_ + (path_.empty() ? "" : ".") + name + "[" + std::to_string(i) + "]", problem_));
    }
    return *this;
}

const Checker& Checker::require(bool holds, const std::string& what) const {
    if (!holds) fail("", what);
    return *this;
}

}  // namespace slipway::simulated_hcs
