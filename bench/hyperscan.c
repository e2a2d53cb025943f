/* How often the literals of a file (one a line) occur in a log: Hyperscan's literal matcher, block mode, pieces of 1 MiB.
   Arguments: ANCHORS LOG. bench/scan.ts builds and measures it. */
#include <hs/hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20, MOST = 4096 };

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *met) {
  (void)id, (void)from, (void)to, (void)flags;
  ++*(unsigned long long *)met;
  return 0;
}

int main(int argc, char **argv) {
  static char lines[MOST][1024];
  const char *anchors[MOST];
  size_t lengths[MOST];
  unsigned flags[MOST], ids[MOST], n = 0;
  FILE *file = argc > 2 ? fopen(argv[1], "r") : NULL;
  while (file && n < MOST && fgets(lines[n], sizeof lines[n], file)) {
    lengths[n] = strcspn(lines[n], "\n");
    anchors[n] = lines[n];
    flags[n] = 0;
    ids[n] = n;
    n++;
  }
  hs_database_t *database;
  hs_compile_error_t *problem;
  hs_scratch_t *scratch = NULL;
  if (n == 0 || hs_compile_lit_multi(anchors, flags, ids, lengths, n, HS_MODE_BLOCK, NULL, &database, &problem) != HS_SUCCESS) return 1;
  if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) return 1;
  unsigned long long met = 0;
  char *piece = malloc(PIECE);
  FILE *log = fopen(argv[2], "rb");
  if (!log || !piece) return 1;
  for (size_t length; (length = fread(piece, 1, PIECE, log)) > 0;) hs_scan(database, piece, (unsigned)length, 0, scratch, count, &met);
  printf("%llu\n", met);
  return 0;
}
