# Builds the fuzz targets, or runs one of them for some seconds on its corpus.
#   cmake -DSOURCE=... -DBUILD=... -P run.cmake                             builds
#   cmake -DSOURCE=... -DBUILD=... -DTARGET=NAME -DSECONDS=N -P run.cmake    runs
if(NOT TARGET)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -G Ninja -DCMAKE_CXX_COMPILER=clang++
    -DCMAKE_BUILD_TYPE=None COMMAND_ERROR_IS_FATAL ANY)
  execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} COMMAND_ERROR_IS_FATAL ANY)
  return()
endif()
# New inputs stay in the build tree; the corpus of the source is read only.
file(MAKE_DIRECTORY ${BUILD}/new/${TARGET})
execute_process(COMMAND ${BUILD}/fuzz_${TARGET} -max_total_time=${SECONDS} -timeout=10 -rss_limit_mb=1024
  -artifact_prefix=${BUILD}/${TARGET}- -print_final_stats=1 -verbosity=0 -print_funcs=0
  ${BUILD}/new/${TARGET} ${SOURCE}/corpus/${TARGET} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE text)
message("${text}")
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${TARGET}: the input that failed is ${BUILD}/${TARGET}-*")
endif()
