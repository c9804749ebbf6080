// The page as `make playground` leaves it, in the Chromium that is installed.

import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const { CHROMIUM, SITE } = process.env;
if (!CHROMIUM || !existsSync(CHROMIUM)) throw new Error('CHROMIUM must name an installed Chromium');
if (!SITE || !existsSync(SITE)) throw new Error('SITE must name the folder that `make playground` fills');

export default defineConfig({
  testDir: '.',
  outputDir: process.env.OUTPUT ?? 'results',
  workers: 1,
  retries: 0,
  forbidOnly: true,
  reporter: [['list']],
  timeout: 180_000,
  expect: { timeout: 15_000 },
  use: {
    viewport: { width: 1440, height: 900 },
    launchOptions: {
      executablePath: CHROMIUM,
      // As root, which containers are, Chromium starts only so.
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    },
  },
});
