# The crankcase command: sim/ faults/ reports/ over libvk. All but main.c is also a library, for the
# tests. sim/ and faults/ must be deterministic; reports/ only says what happened, and is not banned
# from looking at a clock.
set(crankcase_folders sim faults reports)
set(crankcase_main ${PROJECT_SOURCE_DIR}/sim/main.c)

add_library(crankcase_parts STATIC)
set_target_properties(crankcase_parts PROPERTIES LINKER_LANGUAGE C)
add_library(crankcase_uses INTERFACE)
target_include_directories(crankcase_uses INTERFACE ${PROJECT_SOURCE_DIR})
target_link_libraries(crankcase_uses INTERFACE
  crankcase_posix vk PkgConfig::SQLITE3 PkgConfig::ARCHIVE Threads::Threads)
target_compile_definitions(crankcase_uses INTERFACE CRANKCASE_VERSION="${PROJECT_VERSION}")
target_link_libraries(crankcase_parts PUBLIC crankcase_uses)

foreach(folder ${crankcase_folders})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c)
  list(REMOVE_ITEM sources ${crankcase_main})
  if(NOT sources)
    continue()
  endif()
  add_library(crankcase_${folder} OBJECT ${sources})
  target_link_libraries(crankcase_${folder} PRIVATE crankcase_uses)
  if(NOT folder STREQUAL "reports")
    target_link_libraries(crankcase_${folder} PRIVATE crankcase_deterministic)
  endif()
  target_sources(crankcase_parts PRIVATE $<TARGET_OBJECTS:crankcase_${folder}>)
endforeach()

# The HTML page of reports/page and the schema of results are part of the command: it needs no file but itself.
foreach(file page/page.html page/page.css page/page.js page/timeline.js results.sql)
  get_filename_component(part ${file} NAME)
  string(REPLACE "." "_" name report_${part})
  set(embedded ${PROJECT_BINARY_DIR}/${name}.c)
  set(source ${PROJECT_SOURCE_DIR}/reports/${file})
  add_custom_command(OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} -DSOURCE=${source} -DOUTPUT=${embedded} -DNAME=${name}
      -P ${PROJECT_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${source} ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
  target_sources(crankcase_reports PRIVATE ${embedded})
endforeach()
target_include_directories(crankcase_reports PRIVATE ${PROJECT_SOURCE_DIR}/reports)

add_executable(crankcase ${crankcase_main})
target_link_libraries(crankcase PRIVATE crankcase_parts crankcase_deterministic)
