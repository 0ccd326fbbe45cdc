import { createServer } from 'node:http';

const HEADERS = {
  // Shared memory is for pages that are isolated from other origins.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  // WebAssembly may be compiled; JavaScript may not be made from text.
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
};
const RESULT_LIMIT = 1 << 20;

/** A page that runs a script. */
export function pageOf(script) {
  return `<!doctype html><meta charset="utf-8"><title>qvm</title><script type="module" src="${script}"></script>`;
}

/**
 * Serves a page and its scripts on a free port of the loopback interface.
 *
 * @returns where it is, what the page posts (a promise), and how to stop it
 */
export async function serve(scripts, { page = pageOf('page.js'), headers = HEADERS } = {}) {
  let settle;
  const result = new Promise((resolve, reject) => (settle = { resolve, reject }));
  const server = createServer((request, response) => {
    const name = request.url.slice(1);
    if (request.method === 'POST' && name === 'result') {
      readBody(request).then(settle.resolve, settle.reject);
      response.writeHead(204, headers).end();
    } else if (name === '') {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end(page);
    } else if (scripts.has(name)) {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/javascript' }).end(scripts.get(name));
    } else {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, result, close };
}

async function readBody(request) {
  let text = '';
  request.setEncoding('utf8');
  for await (const chunk of request) {
    text += chunk;
    if (text.length > RESULT_LIMIT) throw new Error('The page posted too much.');
  }
  return JSON.parse(text);
}
