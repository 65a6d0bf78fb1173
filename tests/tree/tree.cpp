#include <tree/tree.hpp>

namespace slipway::tree {

const char* const kSource = SLIPWAY_SOURCE_DIR;
const char* const kBuild = SLIPWAY_BUILD_DIR;

}  // namespace slipway::tree
