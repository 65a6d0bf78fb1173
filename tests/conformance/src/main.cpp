// slipway-conformance: runs the kit on one backend, see docs/writing-a-backend.md.
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "kit.hpp"

namespace {

const char* const kUsage =
    "usage: slipway-conformance --plugin FILE [--profile JSON] [--junit FILE] [--case PATTERN] [--list]\n"
    "  --plugin FILE    the backend's shared library\n"
    "  --profile JSON   {\"without\": {\"<extension id>\": \"<why>\"}, \"keeps_descriptors\": {\"<what>\": "
    "\"<why>\"},\n"
    "                    \"keeps_threads\": {\"<what>\": \"<why>\"},\n"
    "                    \"config\": {...}}\n"
    "  --junit FILE     writes the results as JUnit XML; a name ending in .json as JSON\n"
    "  --case PATTERN   only the cases that match, as in Mount.*\n"
    "  --list           names the cases and stops\n";

bool read_profile(const std::string& path) {
    using conformance::json;
    std::ifstream file(path);
    const json profile = json::parse(file, nullptr, false);
    if (!profile.is_object()) {
        std::cerr << "slipway-conformance: '" << path << "' is not a JSON object\n";
        return false;
    }
    const json without = profile.value("without", json::object());  // items() keeps a reference to it
    for (const auto& [id, why] : without.items()) {
        if (!why.is_string() || why.get<std::string>().empty()) {
            std::cerr << "slipway-conformance: the profile gives no reason for lacking " << id << "\n";
            return false;
        }
        conformance::settings.without[id] = why.get<std::string>();
    }
    conformance::settings.config = profile.value("config", json::object());
    conformance::settings.kept_descriptors = profile.value("keeps_descriptors", json::object()).size();
    conformance::settings.kept_threads = profile.value("keeps_threads", json::object()).size();
    return true;
}

bool parse(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string option = argv[i];
        if (option == "--list") {
            testing::GTEST_FLAG(list_tests) = true;
            continue;
        }
        if (i + 1 >= argc) return false;
        const std::string value = argv[++i];
        if (option == "--plugin") {
            conformance::settings.plugin = std::filesystem::absolute(value).string();
        } else if (option == "--profile") {
            if (!read_profile(value)) return false;
        } else if (option == "--junit") {
            const bool as_json = std::filesystem::path(value).extension() == ".json";
            testing::GTEST_FLAG(output) = (as_json ? "json:" : "xml:") + value;
        } else if (option == "--case") {
            testing::GTEST_FLAG(filter) = value;
        } else {
            return false;
        }
    }
    return !conformance::settings.plugin.empty() || testing::GTEST_FLAG(list_tests);
}

}  // namespace

int main(int argc, char** argv) {
    int none = 1;  // the options are ours; gtest is told through its flags
    testing::InitGoogleMock(&none, argv);
    if (!parse(argc, argv)) {
        std::cerr << kUsage;
        return 2;
    }
    return RUN_ALL_TESTS();
}
