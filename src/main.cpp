#include "cli/app.h"

int main(int argc, char** argv) { return doorward::cli::run(argc, argv); }
