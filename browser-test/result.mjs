import { Failure } from '../scripts/lib/failure.mjs';
import { openPage } from './chromium.mjs';

const TIMEOUT_MS = 120_000;

/** Opens what a server of `serve` serves, waits for what the page posts, and ends both. */
export async function resultOf(command, server) {
  const browser = openPage(command, server.url);
  let timer;
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, TIMEOUT_MS)));
  const lost = Promise.race([timeout, browser.ended]).then(() => {
    throw new Failure(`The page gave no result. Chromium said:\n${browser.messages()}`);
  });
  try {
    return await Promise.race([server.result, lost]);
  } finally {
    clearTimeout(timer);
    lost.catch(() => undefined);
    await browser.close();
    server.close();
  }
}
