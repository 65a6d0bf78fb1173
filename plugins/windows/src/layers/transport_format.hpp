// plugins/windows/src/layers/transport_format.hpp - the form in which Windows takes and gives layers that lie on
// others: a folder of plain files, which any file system can hold.
//
//   Files\a\b              a file of the layer: its attributes, four bytes, then its backup streams
//   Files\a                a directory, for what is in it; none when it is a link
//   Files\a.$wcidirs$      what the directory itself has, in the form of a file
//   Hives\x_Delta          a part of the registry, as it is
//   tombstones.txt         what the layer removes from those below, if only a heading
//
// Times are those of the files in the folder. A hard link has no form in it.
#pragma once

#include <slipway/cpp/error.hpp>

#include <string>
#include <vector>

namespace slipway::windows_backend {

constexpr const char* kFiles = "Files";
constexpr const char* kHives = "Hives";
constexpr const char* kUtilityVm = "UtilityVM";
constexpr const char* kTombstones = "tombstones.txt";
constexpr const char* kDirectorySuffix = ".$wcidirs$";

// Paths below Files, with backslashes, in this order.
std::string encode_tombstones(const std::vector<std::string>& paths);
// kInvalidArgument: no such list, or a path that is none.
Result<std::vector<std::string>> decode_tombstones(const std::string& text);

}  // namespace slipway::windows_backend
