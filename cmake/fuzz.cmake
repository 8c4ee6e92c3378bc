# Fuzz targets: each tests/fuzz/NAME_fuzz.c defines LLVMFuzzerTestOneInput. On libFuzzer under the
# fuzz preset; elsewhere a plain driver runs the target over its seeds, so that ctest keeps them true.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*_fuzz.c)
set(fuzz_driver ${PROJECT_SOURCE_DIR}/tests/fuzz/plain_driver.c)

foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/kernel)
  target_link_libraries(${name} PRIVATE crankcase_parts)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  if(CRANKCASE_FUZZ)
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/text_mutator.c)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${fuzz_driver})
    add_test(NAME fuzz_seeds.${name}
      COMMAND ${name} ${PROJECT_SOURCE_DIR}/corpus/fuzz/${name})
    set_tests_properties(fuzz_seeds.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endforeach()
