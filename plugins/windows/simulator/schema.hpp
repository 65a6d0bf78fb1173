// plugins/windows/simulator/schema.hpp - checks of the documents that reach the host. Nothing is repaired: each answers
// with what is wrong and where ("Container.Storage.Path: ..."), or with nothing.
#pragma once

#include <nlohmann/json.hpp>

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>

namespace slipway::simulated_hcs {

using Problem = std::optional<std::string>;

Problem check_system(const nlohmann::json& document);
Problem check_process(const nlohmann::json& parameters);
Problem check_process_change(const nlohmann::json& request);
Problem check_signal(const nlohmann::json& options);
Problem check_system_change(const nlohmann::json& request);
Problem check_machine_change(const nlohmann::json& request);
Problem check_property_query(const nlohmann::json& query);
Problem check_layer_data(const nlohmann::json& document);
Problem check_network(const nlohmann::json& document);
Problem check_endpoint(const nlohmann::json& document);
Problem check_namespace(const nlohmann::json& document);
Problem check_namespace_change(const nlohmann::json& request);

// One object of a document. The first problem found below the root stays.
class Checker {
public:
    Checker(const nlohmann::json& object, std::string path, Problem& problem);

    // Members beyond these are refused.
    const Checker& only(std::initializer_list<const char*> names) const;
    const Checker& text(const char* name, bool required = false, bool may_be_empty = false) const;
    const Checker& one_of(const char* name, std::initializer_list<const char*> values, bool required = false) const;
    const Checker& number(const char* name, int64_t least, int64_t most, bool required = false) const;
    const Checker& flag(const char* name) const;
    const Checker& guid(const char* name, bool required = false) const;
    const Checker& texts(const char* name) const;
    const Checker& object(const char* name, const std::function<void(const Checker&)>& check,
                          bool required = false) const;
    const Checker& objects(const char* name, const std::function<void(const Checker&)>& check, size_t least = 0) const;
    // A condition beyond types.
    const Checker& require(bool holds, const std::string& what) const;

    const nlohmann::json& value(const char* name) const;
    std::string text_of(const char* name) const;
    bool has(const char* name) const;

private:
    const nlohmann::json* member(const char* name, bool required) const;
    void fail(const std::string& name, const std::string& what) const;

    const nlohmann::json& object_;
    std::string path_;
    Problem& problem_;
};

// Sections of check_system's document, by file: schema_compute, schema_machine. A hosted container's paths are those of
// its machine's guest.
void check_version(const Checker& version, int64_t least_minor, int64_t most_minor);
void check_layers(const Checker& owner);
void check_container(const Checker& container, bool hosted);
void check_virtual_machine(const Checker& machine);
void check_hosted_system(const Checker& hosted);
// Of a storage filter's or a machine's limits of input and output.
void check_quality_of_service(const Checker& limits);

}  // namespace slipway::simulated_hcs
