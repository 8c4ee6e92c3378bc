# libvk, the kernel: one set of objects, made into a static and a shared library.
file(GLOB vk_sources CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/kernel/base/*.c
  ${PROJECT_SOURCE_DIR}/kernel/store/*.c
  ${PROJECT_SOURCE_DIR}/kernel/object/*.c
  ${PROJECT_SOURCE_DIR}/kernel/core/*.c)

add_library(vk_objects OBJECT ${vk_sources})
set_target_properties(vk_objects PROPERTIES POSITION_INDEPENDENT_CODE ON)
# Nobody may replace one of the kernel's functions from outside, so calls within it need no PLT and
# can be inlined in the shared library as in the static one.
target_compile_options(vk_objects PRIVATE -fno-semantic-interposition)
set_source_files_properties(${PROJECT_SOURCE_DIR}/kernel/core/module.c
  PROPERTIES COMPILE_DEFINITIONS VK_BUILD="crankcase ${PROJECT_VERSION}")
set_source_files_properties(${PROJECT_SOURCE_DIR}/kernel/base/json_parse.c
  PROPERTIES COMPILE_DEFINITIONS VK_JUMPS_OUT_OF_YAJL) # see kernel/banned.h
target_include_directories(vk_objects
  PUBLIC ${PROJECT_SOURCE_DIR}/kernel/include
  PRIVATE ${PROJECT_SOURCE_DIR}/kernel ${XXHASH_INCLUDE_DIRS})
target_link_libraries(vk_objects PRIVATE
  crankcase_deterministic PkgConfig::SQLITE3 PkgConfig::CRYPTO PkgConfig::ZLIB PkgConfig::YAJL)

add_library(vk STATIC)
add_library(vk_shared SHARED)
foreach(library vk vk_shared)
  target_sources(${library} PRIVATE $<TARGET_OBJECTS:vk_objects>)
  set_target_properties(${library} PROPERTIES OUTPUT_NAME vk LINKER_LANGUAGE C)
  target_include_directories(${library} PUBLIC ${PROJECT_SOURCE_DIR}/kernel/include)
  target_link_libraries(${library} PRIVATE
    PkgConfig::SQLITE3 PkgConfig::CRYPTO PkgConfig::ZLIB PkgConfig::YAJL)
endforeach()

set(vk_exports ${PROJECT_SOURCE_DIR}/cmake/vk.exports)
set_target_properties(vk_shared PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR} LINK_DEPENDS ${vk_exports})
# Whatever else is in a process that loads it as a module (vk/module.h), its calls of itself stay within it.
target_link_options(vk_shared PRIVATE -Wl,--version-script=${vk_exports} -Wl,-Bsymbolic)
if(NOT CRANKCASE_SANITIZE) # clang leaves the sanitizers' own symbols to the executable
  target_link_options(vk_shared PRIVATE -Wl,--no-undefined)
endif()
