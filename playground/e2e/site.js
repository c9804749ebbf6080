// A file server for the page, below a path of its own, that keeps what it was asked for.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { test as base } from '@playwright/test';

const TYPES = {
  '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript',
  '.svg': 'image/svg+xml', '.md': 'text/markdown', '.wasm': 'application/wasm',
};
const BELOW = '/some/where/';

async function answer(request, response) {
  const { pathname } = new URL(request.url, 'http://site');
  try {
    if (!pathname.startsWith(BELOW)) throw new Error('not below the path');
    const name = normalize(pathname.slice(BELOW.length) || 'index.html');
    const body = await readFile(join(process.env.SITE, name));
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream' });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}

export const test = base.extend({
  // One server for all tests, at a free port.
  site: [async ({}, use) => {
    const server = createServer(answer);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    await use(`http://127.0.0.1:${server.address().port}${BELOW}`);
    server.closeAllConnections();
    server.close();
  }, { scope: 'worker' }],

  /** The page, opened; fails the test for any error, and for any request elsewhere. */
  playground: async ({ page, site }, use) => {
    const wrong = [];
    page.on('pageerror', (error) => wrong.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
    page.on('requestfailed', (request) => wrong.push(`failed: ${request.url()}`));
    page.on('request', (request) => request.url().startsWith(site) || wrong.push(`elsewhere: ${request.url()}`));
    page.on('response', (response) => response.ok() || wrong.push(`${response.status()}: ${response.url()}`));
    await page.goto(site);
    await page.locator('#verdict strong').first().waitFor();
    await use(page);
    if (wrong.length > 0) throw new Error(wrong.join('\n'));
  },
});

export { expect } from '@playwright/test';
