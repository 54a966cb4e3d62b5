# `cmake --install build --prefix DIR`: the binary, its manual pages and what makes shells complete, which it writes itself.
install(TARGETS doorward RUNTIME DESTINATION bin)
install(CODE "
  set(program \"$<TARGET_FILE:doorward>\")
  set(share \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share\")
  execute_process(COMMAND \${program} man --dir \${share}/man/man1 ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  foreach(pair bash=bash-completion/completions/doorward zsh=zsh/site-functions/_doorward
               fish=fish/vendor_completions.d/doorward.fish)
    string(REPLACE \"=\" \";\" pair \${pair})
    list(GET pair 0 shell)
    list(GET pair 1 file)
    get_filename_component(folder \${share}/\${file} DIRECTORY)
    file(MAKE_DIRECTORY \${folder})
    execute_process(COMMAND \${program} completion \${shell} OUTPUT_FILE \${share}/\${file} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()
")
