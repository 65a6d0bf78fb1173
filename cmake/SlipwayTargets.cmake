# Usage requirements every target of the project shares. Link slipway::warnings and slipway::hardening PRIVATE; people
# who embed the SDK get neither.

add_library(slipway_warnings INTERFACE)
add_library(slipway::warnings ALIAS slipway_warnings)
target_compile_options(slipway_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wformat=2 -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # False positives of GCC 12 on "literal" + std::string (GCC bug 105651 and its relatives).
  target_compile_options(slipway_warnings INTERFACE -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds)
endif()
if(SLIPWAY_WERROR)
  target_compile_options(slipway_warnings INTERFACE -Werror)
endif()

add_library(slipway_hardening INTERFACE)
add_library(slipway::hardening ALIAS slipway_hardening)
target_compile_options(slipway_hardening INTERFACE -fstack-protector-strong -fcf-protection=full)
if(WIN32)
  target_link_options(slipway_hardening INTERFACE -Wl,--nxcompat,--dynamicbase,--high-entropy-va)
  target_link_libraries(slipway_hardening INTERFACE ssp)  # the checks themselves are not in Windows' C library
else()
  target_link_options(slipway_hardening INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT SLIPWAY_SANITIZE)
  target_compile_definitions(slipway_hardening INTERFACE _FORTIFY_SOURCE=2)
endif()

if(SLIPWAY_SANITIZE)
  add_compile_options(-fsanitize=${SLIPWAY_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SLIPWAY_SANITIZE})
endif()

# Takes the files of other platforms out of a list: x_windows.cpp is for Windows, x_posix.cpp and x_linux.cpp for the rest.
function(slipway_choose_platform list)
  set(sources ${${list}})
  if(WIN32)
    list(FILTER sources EXCLUDE REGEX "_(posix|linux)\\.cpp$")
  else()
    list(FILTER sources EXCLUDE REGEX "_windows\\.cpp$")
  endif()
  set(${list} ${sources} PARENT_SCOPE)
endfunction()

# nlohmann/json dominates compile times; one precompiled header serves everybody who uses it.
function(slipway_use_json_pch target)
  target_precompile_headers(${target} PRIVATE <nlohmann/json.hpp> <string> <vector> <memory> <optional> <map>)
endfunction()
