# Installs the SDK, moves the installation, builds the template out of tree with CMake and with make against it, and has
# each result probed. Run by ctest:
#   cmake -DBUILD=... -DPROBE=... -DWORK=... -DCXX=... -P package_test.cmake
cmake_minimum_required(VERSION 3.25)

function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${what} failed (${result}):\n${output}")
  endif()
  message(STATUS "${what}: ok")
endfunction()

file(REMOVE_RECURSE ${WORK})
run("install" ${CMAKE_COMMAND} --install ${BUILD} --component sdk --prefix ${WORK}/installed)
# An installation that only works where it was made is broken.
set(prefix "${WORK}/moved elsewhere")
file(RENAME ${WORK}/installed ${prefix})
# Nothing of the source tree may be needed.
file(COPY "${prefix}/share/slipway-sdk/template/" DESTINATION ${WORK}/template)

run("configure with CMake" ${CMAKE_COMMAND} -S ${WORK}/template -B ${WORK}/cmake -DCMAKE_BUILD_TYPE=Debug
  -DCMAKE_CXX_COMPILER=${CXX} "-DCMAKE_PREFIX_PATH=${prefix}" -DCMAKE_FIND_PACKAGE_NO_PACKAGE_REGISTRY=ON)
run("build with CMake" ${CMAKE_COMMAND} --build ${WORK}/cmake)
run("install with CMake" ${CMAKE_COMMAND} --install ${WORK}/cmake --prefix ${WORK}/backend)
run("probe the CMake build" ${PROBE} ${WORK}/backend/lib/slipway/backends/libslipway-example.so)

# make splits words at blanks, so it gets a path without one.
file(RENAME ${prefix} ${WORK}/moved)
run("build with make" ${CMAKE_COMMAND} -E env PKG_CONFIG_PATH=${WORK}/moved/share/pkgconfig
  make -C ${WORK}/template OUT=${WORK}/make CXX=${CXX})
run("probe the make build" ${PROBE} ${WORK}/make/libslipway-example.so)

# Another major must be refused by the package already.
file(WRITE ${WORK}/next/CMakeLists.txt
  "cmake_minimum_required(VERSION 3.16)\nproject(next NONE)\nfind_package(SlipwaySdk 2.0 REQUIRED)\n")
execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK}/next -B ${WORK}/next/build "-DCMAKE_PREFIX_PATH=${WORK}/moved"
  RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
file(READ ${WORK}/moved/include/slipway/base.h header)
string(REGEX REPLACE ".*SLW_ABI_MAJOR UINT32_C\\(([0-9]+)\\).*SLW_ABI_MINOR UINT32_C\\(([0-9]+)\\).*" "\\1[.]\\2" version "${header}")
if(result EQUAL 0 OR NOT output MATCHES "SlipwaySdkConfig.cmake, version: ${version}[^0-9]")
  message(FATAL_ERROR "find_package(SlipwaySdk 2.0) was not refused with the version found:\n${output}")
endif()
message(STATUS "another major is refused: ok")
