# Run by CPack on the tree that it has installed: what only the Debian package has, and what Debian's policy asks of it.
# Every file gets the same bytes from the same tree; CPack and CMake take their dates from SOURCE_DATE_EPOCH.
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(here ${CMAKE_CURRENT_LIST_DIR})
set(source ${here}/../..)
set(doc ${root}/usr/share/doc/doorward)

find_program(GZIP gzip REQUIRED)
function(pack)
  execute_process(COMMAND ${GZIP} -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(GLOB pages ${root}/usr/share/man/man1/*.1)
pack(${pages})

# Debian's zsh looks there for the completions of packages.
file(MAKE_DIRECTORY ${root}/usr/share/zsh)
file(RENAME ${root}/usr/share/zsh/site-functions ${root}/usr/share/zsh/vendor-completions)

file(COPY ${here}/doorward.service DESTINATION ${root}/usr/lib/systemd/system)
file(COPY ${here}/doorward.yaml DESTINATION ${root}/etc/doorward)

file(COPY ${here}/copyright ${source}/README.md ${source}/llms.txt ${source}/docs ${source}/examples DESTINATION ${doc})
file(COPY ${here}/examples/ DESTINATION ${doc}/examples/systemd)
configure_file(${source}/CHANGELOG.md ${doc}/changelog COPYONLY)
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${doc}/changelog.Debian "doorward (${CPACK_PACKAGE_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}) stable; urgency=medium

  * Built from the sources of this version; changelog.gz says what is new in it.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
pack(${doc}/changelog ${doc}/changelog.Debian)

# Whatever the umask of who builds it.
set(directory OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
file(CHMOD_RECURSE ${root}/usr/share ${root}/usr/lib ${root}/etc
     FILE_PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ DIRECTORY_PERMISSIONS ${directory})
file(CHMOD_RECURSE ${root}/usr/bin FILE_PERMISSIONS ${directory} DIRECTORY_PERMISSIONS ${directory})
