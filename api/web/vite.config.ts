// Builds the page into dist/web, where the API serves it. It also writes the compressed form of each file, so that
// nothing is compressed during a request. `npx vite api/web` serves the page with a running `jobtrace up`.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { parse } from 'yaml';

const OUT = join(import.meta.dirname, '..', '..', 'dist', 'web');

/** Plugin that writes the files for `preCompressed` of @fastify/static. */
const compress: Plugin = {
  name: 'compress',
  apply: 'build',
  closeBundle() {
    for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
      if (!/\.(?:js|css|html|svg)$/.test(name)) continue;
      const bytes = readFileSync(join(OUT, name));
      writeFileSync(join(OUT, `${name}.gz`), gzipSync(bytes, { level: 9 }));
      writeFileSync(join(OUT, `${name}.br`), brotliCompressSync(bytes));
    }
  },
};

/** Plugin that makes a module of a table in YAML, so that the page needs no parser. */
const tables: Plugin = {
  name: 'tables',
  transform: (text, id) => (id.endsWith('.yaml') ? `export default ${JSON.stringify(parse(text))}` : undefined),
};

export default defineConfig({
  plugins: [react(), tables, compress],
  // The files that load first may take 300 KB compressed (test/page.test.ts); the uncompressed size does not matter.
  build: { outDir: OUT, emptyOutDir: true, chunkSizeWarningLimit: 1000 },
  server: { proxy: { '/api': 'http://127.0.0.1:8321' } },
});
