/* A library with no kernel in it. */
int no_kernel(void);

int no_kernel(void) { return 0; }
