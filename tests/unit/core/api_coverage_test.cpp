// docs/api-coverage.md against the fields the engine knows and the tests there are.
#include <slipway/core/schema.hpp>
#include <tree/tree.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace slipway::core {
namespace {

namespace fs = std::filesystem;

struct Entry {
    std::string here, text;
};

std::string read(const fs::path& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::map<std::string, Entry> table() {
    std::map<std::string, Entry> rows;
    const std::regex row(R"(^\| ((?:Host)?Config\.[A-Za-z.]+) \| ([A-Za-z ]+) \| (.+) \|$)");
    std::istringstream lines(read(fs::path(tree::kSource) / "docs/api-coverage.md"));
    for (std::string line; std::getline(lines, line);) {
        std::smatch match;
        if (!std::regex_match(line, match, row)) continue;
        EXPECT_TRUE(rows.try_emplace(match[1], Entry{match[2], match[3]}).second) << match[1] << " has two rows";
    }
    return rows;
}

// "HostConfig.Mounts.BindOptions.Propagation": the innermost fields of a schema.
void collect(std::span<const Field> schema, const std::string& prefix, std::set<std::string>& out) {
    for (const Field& field : schema) {
        const std::string path = prefix + "." + std::string(field.key);
        if (field.nested.empty()) {
            out.insert(path);
        } else {
            collect(field.nested, path, out);
        }
    }
}

// "Suite.Test" of every test in the tree.
std::set<std::string> all_tests() {
    std::set<std::string> names;
    const std::regex test(R"(TEST(?:_F|_P)?\((\w+),\s*(\w+)\))");
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(tree::kSource) / "tests")) {
        if (entry.path().extension() != ".cpp") continue;
        const std::string text = read(entry.path());
        for (std::sregex_iterator at(text.begin(), text.end(), test), end; at != end; ++at) {
            names.insert((*at)[1].str() + "." + (*at)[2].str());
        }
    }
    return names;
}

TEST(ApiCoverage, EveryFieldHasARow) {
    std::set<std::string> known;
    collect(config_schema(), "Config", known);
    collect(host_config_schema(), "HostConfig", known);
    const auto rows = table();
    for (const std::string& field : known) EXPECT_TRUE(rows.contains(field)) << field << " has no row";
    for (const auto& [field, entry] : rows) EXPECT_TRUE(known.contains(field)) << field << " is not a field";
}

TEST(ApiCoverage, WhatIsDoneNamesATestThatIsThere) {
    const std::set<std::string> tests = all_tests();
    for (const auto& [field, entry] : table()) {
        if (entry.here == "done") {
            std::istringstream names(entry.text);
            for (std::string name; std::getline(names >> std::ws, name, ',');) {
                EXPECT_TRUE(tests.contains(name)) << field << " names " << name;
            }
        } else {
            EXPECT_TRUE(entry.here == "refused" || entry.here == "not for Linux") << field << ": " << entry.here;
        }
    }
}

TEST(ApiCoverage, WhatIsRefusedIsRefusedWithThatText) {
    // Where the texts are written; a text that changed there must change in the table.
    std::string source;
    for (const char* part : {"core/src", "plugins/linux/src"}) {
        for (const auto& entry : fs::recursive_directory_iterator(fs::path(tree::kSource) / part)) {
            if (entry.path().extension() == ".cpp") source += read(entry.path());
        }
    }
    for (const auto& [field, entry] : table()) {
        if (entry.here != "refused") continue;
        ASSERT_EQ(entry.text.front(), '`') << field;
        EXPECT_NE(source.find(entry.text.substr(1, entry.text.size() - 2)), std::string::npos) << field;
    }
}

}  // namespace
}  // namespace slipway::core
