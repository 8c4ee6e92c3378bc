# The whole set of recordings of the real kernel, through the command as a user would run it: every
# recording is met in every crank, and the auditor finds nothing in what is left.
file(GLOB_RECURSE recordings CONFIGURE_DEPENDS
  RELATIVE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/corpus/recordings/*.xz)
if(recordings)
  add_test(NAME recordings.replay COMMAND crankcase replay --jobs 2 ${recordings}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(recordings.replay PROPERTIES
    LABELS recordings TIMEOUT 900 PROCESSORS 2)
endif()
