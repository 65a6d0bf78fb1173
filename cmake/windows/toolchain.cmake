# Builds programs for Windows on Debian with mingw-w64. Preset windows-mingw uses it; scripts/windows-deps builds the
# libraries with it too.
set(CMAKE_SYSTEM_NAME Windows)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER x86_64-w64-mingw32-gcc-posix)
set(CMAKE_CXX_COMPILER x86_64-w64-mingw32-g++-posix)  # the other flavour has no std::thread
set(CMAKE_RC_COMPILER x86_64-w64-mingw32-windres)
set(CMAKE_MC_COMPILER /usr/bin/x86_64-w64-mingw32-windmc)

# Where scripts/windows-deps has put the libraries. In the environment, since CMake reads this file again for every
# check it compiles, and knows no cache variables there.
if(NOT DEFINED ENV{SLIPWAY_WINDOWS_DEPS})
  if(DEFINED ENV{XDG_CACHE_HOME})
    set(ENV{SLIPWAY_WINDOWS_DEPS} "$ENV{XDG_CACHE_HOME}/slipway/windows/prefix")
  else()
    set(ENV{SLIPWAY_WINDOWS_DEPS} "$ENV{HOME}/.cache/slipway/windows/prefix")
  endif()
endif()
set(SLIPWAY_WINDOWS_DEPS "$ENV{SLIPWAY_WINDOWS_DEPS}")
list(APPEND CMAKE_FIND_ROOT_PATH /usr/x86_64-w64-mingw32 "${SLIPWAY_WINDOWS_DEPS}")
list(APPEND CMAKE_PREFIX_PATH "${SLIPWAY_WINDOWS_DEPS}")
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}/modules")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# Windows 10 and Server 2016 are the oldest with containers. `compat` has the headers that Poco spells as Windows' own
# file names, which is not how mingw-w64 does.
foreach(language C CXX)
  set(CMAKE_${language}_FLAGS_INIT "-D_WIN32_WINNT=0x0A00 -isystem ${CMAKE_CURRENT_LIST_DIR}/compat")
endforeach()
# The runtime of the compiler goes into every file, so that none of its libraries has to be shipped.
foreach(kind EXE SHARED MODULE)
  set(CMAKE_${kind}_LINKER_FLAGS_INIT "-static")
endforeach()
set(CMAKE_CROSSCOMPILING_EMULATOR "${CMAKE_CURRENT_LIST_DIR}/../../scripts/wine")
