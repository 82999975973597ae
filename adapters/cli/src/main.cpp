#include "cli/run.h"

int main(int argc, char** argv) { return hansard::cli::run(argc, argv); }
