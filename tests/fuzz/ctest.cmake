# The fuzz targets as tests: built once with clang, then a fixed short budget each.
set(SLIPWAY_FUZZ_SECONDS 8 CACHE STRING "Seconds each fuzz target runs in the tests")
find_program(SLIPWAY_CLANG clang++)
if(NOT SLIPWAY_CLANG)
  message(STATUS "No clang++: the fuzz targets will fail to build when they are run")
endif()
set(fuzz_arguments -DSOURCE=${CMAKE_CURRENT_SOURCE_DIR}/fuzz -DBUILD=${CMAKE_BINARY_DIR}/fuzz)
add_test(NAME Fuzz.Build COMMAND ${CMAKE_COMMAND} ${fuzz_arguments} -P ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/run.cmake)
set_tests_properties(Fuzz.Build PROPERTIES LABELS fuzz TIMEOUT 900 FIXTURES_SETUP fuzz_targets)
foreach(target launch_plan seccomp_profile user_database layer_tar archive host_config windows_layer)
  add_test(NAME Fuzz.${target} COMMAND ${CMAKE_COMMAND} ${fuzz_arguments} -DTARGET=${target}
    -DSECONDS=${SLIPWAY_FUZZ_SECONDS} -P ${CMAKE_CURRENT_SOURCE_DIR}/fuzz/run.cmake)
  set_tests_properties(Fuzz.${target} PROPERTIES LABELS fuzz TIMEOUT 120 FIXTURES_REQUIRED fuzz_targets)
endforeach()
