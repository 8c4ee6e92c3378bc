# Planted bugs: interposers around functions of the product, in crankcase-planted, which is the crankcase command with one
# of them, and in the tests that are to see them found (criterion.cmake).
set(planted ${PROJECT_SOURCE_DIR}/tests/testing_planted.c)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${planted})
file(STRINGS ${planted} planted_functions REGEX "^INTERPOSED\\(")
set(planted_wraps "")
foreach(line ${planted_functions})
  string(REGEX MATCH ", ((vk|sim)_[a-z0-9_]+)," unused "${line}")
  list(APPEND planted_wraps -Wl,--wrap=${CMAKE_MATCH_1})
endforeach()

add_executable(crankcase-planted
  ${crankcase_main} ${PROJECT_SOURCE_DIR}/tests/planted/planted_main.c ${planted})
target_include_directories(crankcase-planted PRIVATE
  ${PROJECT_SOURCE_DIR}/kernel ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(crankcase-planted PRIVATE crankcase_parts)
target_link_options(crankcase-planted PRIVATE ${planted_wraps} -Wl,--wrap=main)
