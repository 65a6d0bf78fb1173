// tests/tree/tree.hpp - where this tree is. In a library of its own and not in every compiler's command line, so that
// the objects of tests are the same in every clone and come out of ccache.
#pragma once

namespace slipway::tree {

extern const char* const kSource;  // the repository
extern const char* const kBuild;   // the build directory

}  // namespace slipway::tree
