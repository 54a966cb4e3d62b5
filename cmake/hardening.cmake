# Warnings and hardening for every target; the flags follow the OpenSSF compiler options guide.
add_compile_options(-Wall -Wextra -Wformat=2 -Wconversion -Wimplicit-fallthrough -Wshadow
                    -Werror -fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks
                    -fstack-protector-strong -fPIE)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # std::stable_sort of libstdc++ 12 calls a function that C++17 deprecates.
  add_compile_options(-Wno-deprecated-declarations)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wtrampolines -Wbidi-chars=any -ftrivial-auto-var-init=zero
                      -fstack-clash-protection)
endif()
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options(-fcf-protection=full)
endif()
if(DOORWARD_SANITIZE)
  add_compile_options(-fsanitize=${DOORWARD_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DOORWARD_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # g++ 12 sees uninitialised members in std::regex and fmt once they are instrumented; plain builds keep the warning.
    add_compile_options(-Wno-maybe-uninitialized -Wno-uninitialized)
  endif()
else()
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=3>)
endif()
if(DOORWARD_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(DOORWARD_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
add_compile_definitions(_GLIBCXX_ASSERTIONS)
add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack,-z,separate-code -Wl,--as-needed)
