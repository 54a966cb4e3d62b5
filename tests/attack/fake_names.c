// Preloaded into the gateway: names under .test get the addresses that the file $FAKE_NAMES lists, one answer a line and one
// line a question (the last one stays): `name address[,address]`.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int asked;

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
  int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
  size_t length = node ? strlen(node) : 0;
  if (length < 5 || strcmp(node + length - 5, ".test") != 0) return real(node, service, hints, found);
  char line[512], name[256], addresses[256], wanted[256] = "";
  int seen = 0;
  FILE *file = fopen(getenv("FAKE_NAMES"), "r");
  if (!file) return EAI_FAIL;
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%255s %255s", name, addresses) != 2 || strcmp(name, node) != 0) continue;
    if (seen++ <= asked) strcpy(wanted, addresses);
  }
  fclose(file);
  ++asked;
  // Each address by the real function, which makes the very memory that freeaddrinfo frees.
  *found = NULL;
  struct addrinfo **end = found;
  for (char *next = strtok(wanted, ","); next; next = strtok(NULL, ",")) {
    if (real(next, service, hints, end) != 0) return EAI_NONAME;
    while (*end) end = &(*end)->ai_next;
  }
  return *found ? 0 : EAI_NONAME;
}
