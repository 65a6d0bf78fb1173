// cli/src/format.hpp - how things are shown to people.
#pragma once

#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

namespace slipway::cli {

// Control characters and escape sequences made visible, so that a name or message cannot steer the terminal.
std::string printable(const std::string& text);

// "1.5kB", "2.14MB": powers of 1000 and three digits, as docker shows sizes.
std::string human_size(uint64_t bytes);

// "5 seconds", "About a minute", "3 days": as docker shows ages.
std::string human_duration(int64_t seconds);

// "64m", "1.5g", "512" to bytes. Throws CommandError naming the option.
int64_t parse_size(const std::string& option, const std::string& text);

// Twelve digits of an id, without "sha256:".
std::string short_id(const std::string& id);

// Columns padded to their widest cell, three spaces apart; the first row is the heading.
void print_table(std::ostream& out, const std::vector<std::vector<std::string>>& rows);

// The file of that name, which is UTF-8 on every platform.
std::filesystem::path path_of(const std::string& name);

}  // namespace slipway::cli
