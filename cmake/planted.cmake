# Planted bugs: interposers around functions of the product, in the tests that are to see them found and in
# crankcase-planted, which is the crankcase command with one of them.
set(planted ${PROJECT_SOURCE_DIR}/tests/testing_planted.c)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${planted})
file(STRINGS ${planted} planted_functions REGEX "^INTERPOSED\\(")
set(planted_wraps "")
foreach(line ${planted_functions})
  string(REGEX MATCH ", ((vk|sim)_[a-z0-9_]+)," unused "${line}")
  list(APPEND planted_wraps -Wl,--wrap=${CMAKE_MATCH_1})
endforeach()

foreach(test oracle_test shrink_test)
  target_link_options(${test} PRIVATE ${planted_wraps})
endforeach()

add_executable(crankcase-planted
  ${crankcase_main} ${PROJECT_SOURCE_DIR}/tests/planted/planted_main.c ${planted})
target_include_directories(crankcase-planted PRIVATE
  ${PROJECT_SOURCE_DIR}/kernel ${PROJECT_SOURCE_DIR}/tests)
target_link_libraries(crankcase-planted PRIVATE crankcase_parts)
target_link_options(crankcase-planted PRIVATE ${planted_wraps} -Wl,--wrap=main)
# These run it.
add_dependencies(corpus_test crankcase crankcase-planted)
add_dependencies(shrink_command_test crankcase crankcase-planted)
add_dependencies(failure_to_fix_test crankcase crankcase-planted)
# Hundreds of runs, each in a process of its own, which sanitizers make dear.
set_tests_properties(unit.shrink_test unit.failure_to_fix_test PROPERTIES TIMEOUT 900)
