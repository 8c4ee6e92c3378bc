# Fuzz targets: each tests/fuzz/NAME_fuzz.c defines LLVMFuzzerTestOneInput. On libFuzzer under the
# fuzz preset; elsewhere a plain driver runs the target over its seeds, so that ctest keeps them true.
set(fuzz ${PROJECT_SOURCE_DIR}/tests/fuzz)
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${fuzz}/*_fuzz.c)
set(fuzz_driver ${fuzz}/plain_driver.c)

# An engine that brings its own main(), as OSS-Fuzz has them, is written in C++.
if(CRANKCASE_FUZZ_ENGINE)
  enable_language(CXX)
endif()

foreach(source ${fuzz_sources})
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/kernel)
  target_link_libraries(${name} PRIVATE crankcase_parts)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/fuzz)
  if(CRANKCASE_FUZZ)
    # What changes inputs: plans by what they say, texts by lines and words, and bytes by libFuzzer itself.
    if(NOT CRANKCASE_FUZZ_MUTATORS)
      # another engine's own
    elseif(name MATCHES "^(plan|run)_fuzz$")
      target_sources(${name} PRIVATE ${fuzz}/plan_mutator.c ${fuzz}/text_mutator.c)
    elseif(NOT name MATCHES "^(store|frame)_fuzz$")
      target_sources(${name} PRIVATE ${fuzz}/text_hooks.c ${fuzz}/text_mutator.c)
    endif()
    if(CRANKCASE_FUZZ_ENGINE)
      target_link_libraries(${name} PRIVATE ${CRANKCASE_FUZZ_ENGINE})
      set_target_properties(${name} PROPERTIES LINKER_LANGUAGE CXX)
    else()
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    endif()
  else()
    target_sources(${name} PRIVATE ${fuzz_driver})
    add_test(NAME fuzz_seeds.${name}
      COMMAND ${name} ${PROJECT_SOURCE_DIR}/corpus/fuzz/${name})
    set_tests_properties(fuzz_seeds.${name} PROPERTIES LABELS fuzz TIMEOUT 300)
  endif()
endforeach()
