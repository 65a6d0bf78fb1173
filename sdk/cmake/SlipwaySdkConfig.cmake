# find_package(SlipwaySdk) - the headers a Slipway backend is written against. Gives the target slipway::sdk.
#
# Plain C headers for C11 and C++11 or newer; the helpers in slipway/cpp need C++17.
include(${CMAKE_CURRENT_LIST_DIR}/SlipwaySdkTargets.cmake)
