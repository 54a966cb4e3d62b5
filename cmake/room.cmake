# doorward_room(NAME [DEPENDS room...] [LIBS lib...] [FUZZ_LIBS lib...] [FUZZ_PARTS glob...])
#
# Every .cpp of src/NAME becomes part of the library dw_NAME; *_test.cpp of NAME_test, *_bench.cpp of
# NAME_bench, and each *_fuzz.cpp a fuzz target of its own, linked with the oracles in FUZZ_LIBS. A room without
# sources is an interface. FUZZ_PARTS: the sources, and FUZZ_LIBS the rooms, that the fuzz targets of a large room are
# made of in place of the room, so that not all of it has to be built for them.
function(doorward_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS;LIBS;FUZZ_LIBS;FUZZ_PARTS" ${ARGN})
  set(dir ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  file(GLOB all CONFIGURE_DEPENDS ${dir}/*.cpp)
  set(sources ${all})
  list(FILTER sources EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
  set(tests ${all})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(benches ${all})
  list(FILTER benches INCLUDE REGEX "_bench\\.cpp$")
  set(fuzzers ${all})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cpp$")

  set(links ${ROOM_LIBS})
  foreach(dep ${ROOM_DEPENDS})
    list(APPEND links dw_${dep})
  endforeach()
  if(sources)
    add_library(dw_${name} STATIC ${sources})
    set(visibility PUBLIC)
  else()
    add_library(dw_${name} INTERFACE)
    set(visibility INTERFACE)
  endif()
  target_include_directories(dw_${name} ${visibility} ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(dw_${name} ${visibility} ${links})

  if(tests AND DOORWARD_TESTS)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE dw_${name} GTest::gtest_main GTest::gmock rapidcheck)
    # Templates of the test libraries take most of the time of a build; only the code under test is worth optimizing.
    target_compile_options(${name}_test PRIVATE -Wno-conversion -Wno-shadow
                           $<$<CONFIG:Release>:-O0> $<$<CONFIG:Release>:-U_FORTIFY_SOURCE>)
    doorward_test(${name} COMMAND ${name}_test --gtest_brief=1 LABELS unit)
  endif()
  if(benches AND DOORWARD_TESTS)
    add_executable(${name}_bench EXCLUDE_FROM_ALL ${benches})
    target_link_libraries(${name}_bench PRIVATE dw_${name} benchmark::benchmark_main)
  endif()
  if(DOORWARD_FUZZ)
    foreach(file ${fuzzers})
      get_filename_component(target ${file} NAME_WE)
      add_executable(${name}_${target} ${file})
      if(ROOM_FUZZ_PARTS)
        file(GLOB parts CONFIGURE_DEPENDS ${ROOM_FUZZ_PARTS})
        list(FILTER parts EXCLUDE REGEX "_(test|bench|fuzz)\\.cpp$")
        target_sources(${name}_${target} PRIVATE ${parts})
        target_include_directories(${name}_${target} PRIVATE ${CMAKE_SOURCE_DIR}/src)
      else()
        target_link_libraries(${name}_${target} PRIVATE dw_${name})
      endif()
      target_link_libraries(${name}_${target} PRIVATE ${ROOM_FUZZ_LIBS})
      target_link_options(${name}_${target} PRIVATE -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY DOORWARD_FUZZ_TARGETS ${name}_${target})
    endforeach()
  endif()
endfunction()

# doorward_test(NAME COMMAND ... [TIMEOUT seconds] [LABELS ...] [ENVIRONMENT ...] [CONFIGURATION name] [SERIAL])
#
# Runs COMMAND under scripts/contain, which ends whatever the test leaves running. SERIAL: nothing runs beside it.
# A test with a CONFIGURATION runs only under `ctest -C name`. The exit status 77 means skipped.
function(doorward_test name)
  cmake_parse_arguments(T "SERIAL" "TIMEOUT;CONFIGURATION" "COMMAND;LABELS;ENVIRONMENT" ${ARGN})
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  list(POP_FRONT T_COMMAND exe)
  if(TARGET ${exe})
    set(exe $<TARGET_FILE:${exe}>)
  endif()
  add_test(NAME ${name} COMMAND ${CMAKE_SOURCE_DIR}/scripts/contain ${exe} ${T_COMMAND}
           CONFIGURATIONS ${T_CONFIGURATION} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${T_LABELS}" SKIP_RETURN_CODE 77
                       RUN_SERIAL ${T_SERIAL}
                       ENVIRONMENT "DOORWARD_BUILD=${CMAKE_BINARY_DIR};${T_ENVIRONMENT}")
endfunction()
