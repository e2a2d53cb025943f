// Global setup of vitest: makes the packed product for all test files when the first file asks (through
// test/program.ts). It stays the same for the whole run, whatever is edited or built meanwhile.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorText } from '../../core/fault.js';
import { makeProduct, PRODUCT_VARIABLE, type Product } from './product.js';

export default async function setup(): Promise<() => void> {
  let making: Promise<Product> | undefined;
  const server = createServer((_request, response) => {
    making ??= makeProduct();
    making.then(
      (product) => response.end(JSON.stringify(product)),
      (error: unknown) => response.writeHead(500).end(errorText(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.env[PRODUCT_VARIABLE] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return () => {
    server.close();
    server.closeAllConnections();
  };
}
