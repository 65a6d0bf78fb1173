// Pins the ABI: what the headers say now must be what was recorded, and the record must be complete.
#include <gtest/gtest.h>
#include <slipway/base.h>
#include <tree/tree.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "layout.h"

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

std::string current_layout() {
    const std::unique_ptr<FILE, int (*)(FILE*)> file(std::tmpfile(), &std::fclose);
    slw_layout_write(file.get());
    std::string text(static_cast<size_t>(std::ftell(file.get())), '\0');
    std::rewind(file.get());
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    return text;
}

fs::path recorded_file() {
    return fs::path(slipway::tree::kSource) / "sdk/abi" /
           ("layout-" + std::to_string(SLW_ABI_MAJOR) + "." + std::to_string(SLW_ABI_MINOR) + ".txt");
}

// The headers' text without comments.
std::string headers() {
    std::string all;
    for (const auto& entry : fs::directory_iterator(fs::path(slipway::tree::kSource) / "sdk/include/slipway")) {
        if (entry.path().extension() == ".h") all += read_file(entry.path());
    }
    return std::regex_replace(all, std::regex(R"(/\*[^*]*\*+([^/*][^*]*\*+)*/)"), "");
}

// The names that stand first in lines beginning with `keyword`.
std::set<std::string> names_after(const std::string& text, const std::string& keyword) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string first;
        std::string name;
        if (words >> first >> name && first == keyword) names.insert(name);
    }
    return names;
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
    std::set<std::string> names;
    for (std::sregex_iterator it(text.begin(), text.end(), pattern), end; it != end; ++it) names.insert((*it)[1]);
    return names;
}

}  // namespace

TEST(AbiLayout, IsWhatWasRecordedForThisVersion) {
    ASSERT_TRUE(fs::exists(recorded_file())) << recorded_file() << ": build the target record-abi-layout";

    EXPECT_EQ(current_layout(), read_file(recorded_file()))
        << "the ABI changed: undo it, or raise SLW_ABI_MINOR (fields at the end) or SLW_ABI_MAJOR and record anew";
}

TEST(AbiLayout, NamesEveryStructureOfTheHeaders) {
    const auto declared = matches(headers(), std::regex(R"(typedef struct (\w+) \{)"));

    ASSERT_GT(declared.size(), 20U);
    EXPECT_EQ(names_after(current_layout(), "struct"), declared);
}

TEST(AbiLayout, NamesEveryConstantOfTheHeaders) {
    auto declared = matches(headers(), std::regex(R"(#define (SLW_[A-Z0-9_]+) )"));
    for (const char* not_a_value : {"SLW_BEGIN_C", "SLW_END_C", "SLW_CALL", "SLW_EXPORT"}) declared.erase(not_a_value);

    ASSERT_GT(declared.size(), 60U);
    EXPECT_EQ(names_after(current_layout(), "constant"), declared);
}

TEST(AbiLayout, LeavesNoUnnamedHolesInStructures) {
    std::istringstream lines(current_layout());
    std::string type;
    size_t type_size = 0;
    size_t type_align = 1;
    size_t end = 0;
    // A gap of a whole alignment unit is a field somebody forgot to list.
    const auto finish = [&] { EXPECT_LT(type_size - end, type_align) << type << " has unlisted fields at its end"; };
    for (std::string line; std::getline(lines, line);) {
        std::smatch m;
        if (std::regex_match(line, m, std::regex(R"(struct (\w+) size (\d+) align (\d+))"))) {
            if (!type.empty()) finish();
            type = m[1];
            type_size = std::stoul(m[2]);
            type_align = std::stoul(m[3]);
            end = 0;
        } else if (std::regex_match(line, m, std::regex(R"(  (\w+) offset (\d+) size (\d+))"))) {
            const size_t offset = std::stoul(m[2]);
            const size_t size = std::stoul(m[3]);
            EXPECT_TRUE(offset >= end && offset - end < std::min(type_align, size))
                << type << ": a hole before " << m[1];
            end = offset + size;
        }
    }
    finish();
}

TEST(AbiLayout, StartsEveryGrowingStructureWithItsSize) {
    std::istringstream lines(current_layout());
    std::string type;
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind("struct ", 0) == 0) {
            std::istringstream words(line);
            words >> type >> type;
            std::getline(lines, line);
            if (type == "slw_text") continue;  // fixed for good
            EXPECT_EQ(line, "  struct_size offset 0 size 4") << type;
        }
    }
}
