# Target header_check: compiles every header alone, included twice, so that each carries its own includes.
file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR} CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/vfs/*.h ${PROJECT_SOURCE_DIR}/faults/*.h ${PROJECT_SOURCE_DIR}/engine/*.h
  ${PROJECT_SOURCE_DIR}/sim/*.h ${PROJECT_SOURCE_DIR}/tests/*.h)
set(units)
foreach(header IN LISTS headers)
  string(REPLACE "/" "__" unit ${header})
  set(unit ${CMAKE_BINARY_DIR}/header_check/${unit}.cc)
  file(CONFIGURE OUTPUT ${unit} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
  list(APPEND units ${unit})
endforeach()
add_library(header_check OBJECT EXCLUDE_FROM_ALL ${units})
target_link_libraries(header_check PRIVATE
  permafrost_build permafrost_vfs_rocksdb permafrost_faults GTest::gmock rapidcheck rapidcheck_gtest
  PkgConfig::ISAL PkgConfig::XXHASH CLI11::CLI11 nlohmann_json::nlohmann_json)
