# Every story of corpus/stories, by its own script.
file(GLOB stories CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/corpus/stories/*/run)
if(CRANKCASE_SANITIZE OR CRANKCASE_COVERAGE)
  set(stories "") # thousands of runs; the unit tests have each claim by itself
endif()
foreach(story ${stories})
  cmake_path(GET story PARENT_PATH folder)
  cmake_path(GET folder FILENAME name)
  add_test(NAME stories.${name} COMMAND ${story})
  set_tests_properties(stories.${name} PROPERTIES LABELS stories TIMEOUT 600
    ENVIRONMENT "CRANKCASE=$<TARGET_FILE:crankcase>;CRANKCASE_PLANTED=$<TARGET_FILE:crankcase-planted>;LIBVK=$<TARGET_FILE:vk_shared>")
endforeach()
